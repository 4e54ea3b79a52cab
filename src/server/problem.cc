#include "server/problem.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/json.h"
#include "server/kinds.h"

namespace stir::server {
namespace {

// Kinds whose category says something else than their status. By name: they are those of other rooms.
constexpr std::array<std::pair<std::string_view, int>, 14> kStatuses = {{{"not-found", 404},
                                                                         {"no-run", 404},
                                                                         {"no-task", 404},
                                                                         {"no-log", 404},
                                                                         {"no-backfill", 404},
                                                                         {"unknown-pipeline", 404},
                                                                         {"run-ended", 409},
                                                                         {"run-held", 409},
                                                                         {"backfill-ended", 409},
                                                                         {"nothing-to-retry", 409},
                                                                         {"store-conflict", 409},
                                                                         {"bad-interval", 400},
                                                                         {"not-ready", 503},
                                                                         {"store-busy", 503}}};

int StatusOf(const Kind& kind) {
  for (const auto& [name, status] : kStatuses)
    if (kind.name == name) return status;
  switch (kind.category) {
    case Category::kUsage:
    case Category::kParsing:
    case Category::kCompilation:
      return 400;
    case Category::kConfig:
    case Category::kRuntime:
      return 409;
    case Category::kDependency:
    case Category::kDatabase:
    case Category::kIo:
      return 503;
    case Category::kInternal:
      break;
  }
  return 500;
}

void Begin(JsonWriter& json, int status, const Kind& kind, std::string_view detail, std::string_view hint) {
  json.BeginObject().Key("type").String(fmt::format("urn:stir:error:{}", kind.name));
  json.Key("title").String(PhraseOf(status)).Key("status").Int(status);
  json.Key("detail").String(detail).Key("kind").String(kind.name);
  if (!hint.empty()) json.Key("hint").String(hint);
}

}  // namespace

std::string_view PhraseOf(int status) {
  static constexpr std::array<std::pair<int, std::string_view>, 22> kPhrases = {{
      {200, "OK"},
      {201, "Created"},
      {202, "Accepted"},
      {204, "No Content"},
      {304, "Not Modified"},
      {400, "Bad Request"},
      {401, "Unauthorized"},
      {403, "Forbidden"},
      {404, "Not Found"},
      {405, "Method Not Allowed"},
      {406, "Not Acceptable"},
      {408, "Request Timeout"},
      {409, "Conflict"},
      {411, "Length Required"},
      {413, "Content Too Large"},
      {415, "Unsupported Media Type"},
      {421, "Misdirected Request"},
      {431, "Request Header Fields Too Large"},
      {500, "Internal Server Error"},
      {501, "Not Implemented"},
      {503, "Service Unavailable"},
      {505, "HTTP Version Not Supported"},
  }};
  for (const auto& [known, phrase] : kPhrases)
    if (known == status) return phrase;
  return "Error";
}

Response Problem(int status, const Kind& kind, std::string_view detail, std::string_view hint) {
  JsonWriter json;
  Begin(json, status, kind, detail, hint);
  json.EndObject();
  return {
      .status = status, .type = "application/problem+json", .body = std::move(json).Take(), .headers = {}, .feed = {}};
}

Response ProblemOf(const Diagnostics& diagnostics) {
  const Diagnostic& first = diagnostics.front();
  const int status = StatusOf(first.kind);
  JsonWriter json;
  Begin(json, status, first.kind, first.message, first.hint);
  if (diagnostics.size() > 1) {
    json.Key("errors").BeginArray();
    for (const Diagnostic& each : diagnostics) {
      json.BeginObject().Key("kind").String(each.kind.name).Key("detail").String(each.message);
      if (!each.hint.empty()) json.Key("hint").String(each.hint);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return {
      .status = status, .type = "application/problem+json", .body = std::move(json).Take(), .headers = {}, .feed = {}};
}

}  // namespace stir::server
