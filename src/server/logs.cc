// The logs of attempts.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "engine/actions.h"
#include "scheduler/state.h"
#include "server/json_parts.h"
#include "server/kinds.h"
#include "server/log_text.h"
#include "server/resources.h"

namespace stir::server {
namespace {

constexpr int64_t kAnyOffset = std::numeric_limits<int64_t>::max();

// The attempt that is asked for, else the last one. Its log's place is what the store says, nothing of the request.
Result<store::Attempt> AttemptOf(Api& api, const Call& call) {
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const int64_t run, call.Number("run"));
  STIR_ASSIGN(const int64_t number, call.Integer("attempt", 0, 0, 1'000'000));
  STIR_ASSIGN(const auto found, store->GetRun(run));
  if (!found) return engine::NoSuchRun(run);
  STIR_ASSIGN(std::vector<store::Attempt> attempts, store->Attempts(run));
  const std::string& task = call.Name("task");
  const store::Attempt* last = nullptr;
  for (const store::Attempt& attempt : attempts)
    if (attempt.task == task && (number == 0 || attempt.number == number)) last = &attempt;
  if (last != nullptr && !last->log_path.empty()) return *last;
  return Diagnostic(kNotFound, number == 0 ? fmt::format("run {} has no log of `{}`", run, task)
                                           : fmt::format("run {} has no log of `{}`, attempt {}", run, task, number));
}

void WriteHead(JsonWriter& json, const store::Attempt& attempt) {
  json.BeginObject().Key("task").String(attempt.task).Key("attempt").Int(attempt.number);
  json.Key("state").String(attempt.StateText());
}

}  // namespace

// `next` is where to go on; a log is whole when its attempt has ended and `next` is its size.
Result<Response> GetLog(Api& api, const Call& call) {
  STIR_ASSIGN(const store::Attempt attempt, AttemptOf(api, call));
  STIR_ASSIGN(const int64_t limit, call.Integer("limit", int64_t{256} << 10, 256, int64_t{1} << 20));
  STIR_ASSIGN(const int64_t offset, call.Integer("offset", 0, 0, kAnyOffset));
  STIR_ASSIGN(const int64_t tail, call.Integer("tail", 0, 0, 100'000));
  if (tail > 0 && offset > 0) return Diagnostic(kBadRequest, "`tail` and `offset` do not go together");
  const auto path = api.folder().logs() / attempt.log_path;
  STIR_ASSIGN(const LogPart part, tail > 0 ? ReadLogTail(path, tail, limit) : ReadLog(path, offset, limit));
  JsonWriter json;
  WriteHead(json, attempt);
  json.Key("ended").Bool(attempt.ended_at.has_value()).Key("size").Int(part.size).Key("offset").Int(part.offset);
  json.Key("next").Int(part.offset + static_cast<int64_t>(part.text.size())).Key("text").String(part.text).EndObject();
  return JsonResponse(std::move(json));
}

Result<Response> SearchLog(Api& api, const Call& call) {
  STIR_ASSIGN(const store::Attempt attempt, AttemptOf(api, call));
  STIR_ASSIGN(const int64_t limit, call.Integer("limit", 100, 1, 1000));
  STIR_ASSIGN(const int64_t offset, call.Integer("offset", 0, 0, kAnyOffset));
  const std::string text = call.Text("text");
  if (text.empty() || text.find('\n') != std::string::npos)
    return Diagnostic(kBadRequest, "what is searched for stands in `text`, and is in one line");
  STIR_ASSIGN(const LogMatches found,
              SearchLogFile(api.folder().logs() / attempt.log_path, text, offset, static_cast<size_t>(limit)));
  JsonWriter json;
  WriteHead(json, attempt);
  json.Key("matches").BeginArray();
  for (const LogMatch& match : found.matches)
    json.BeginObject().Key("offset").Int(match.offset).Key("line").String(match.line).EndObject();
  json.EndArray();
  WriteInt(json, "next", found.next < 0 ? std::nullopt : std::optional(found.next));
  json.EndObject();
  return JsonResponse(std::move(json));
}

}  // namespace stir::server
