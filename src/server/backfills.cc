// Backfills: how far they have come, and those that the service is to carry out.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/actions.h"
#include "engine/bell.h"
#include "server/json_parts.h"
#include "server/kinds.h"
#include "server/resources.h"

namespace stir::server {
namespace {

void WriteBackfill(JsonWriter& json, const store::CountedBackfill& backfill) {
  json.BeginObject().Key("id").Int(backfill.id).Key("pipeline").String(backfill.pipeline);
  WriteTime(json, "from", backfill.first);
  WriteTime(json, "until", backfill.until);
  json.Key("rerun").String(backfill.rerun);
  WriteStored(json, "params", backfill.params);
  json.Key("at_once").Int(backfill.at_once).Key("state").String(backfill.state);
  json.Key("succeeded").Int(static_cast<int64_t>(backfill.succeeded));
  json.Key("failed").Int(static_cast<int64_t>(backfill.failed));
  json.Key("unfinished").Int(static_cast<int64_t>(backfill.unfinished));
  WriteTime(json, "created_at", backfill.created_at);
  WriteTime(json, "ended_at", backfill.ended_at);
  json.EndObject();
}

// What an action has made of one.
Response StateOf(int64_t id, std::string_view state, int status) {
  JsonWriter json;
  json.BeginObject().Key("id").Int(id).Key("state").String(state).EndObject();
  return JsonResponse(std::move(json), status);
}

Result<engine::BackfillRequest> RequestIn(const Json& body, const std::string& pipeline) {
  engine::BackfillRequest request;
  request.pipeline = pipeline;
  const auto text = [&](const char* key) {
    const auto given = body.find(key);
    return given != body.end() && given->is_string() ? given->get<std::string>() : std::string();
  };
  request.from = text("from");
  request.to = text("to");
  if (request.from.empty() || request.to.empty())
    return Diagnostic(kBadRequest, "`from` and `to` have to be dates or times")
        .Hint(R"({"from": "2026-01-01", "to": "2026-01-31"})");
  const auto rerun = engine::ReadBackfillMode(body.contains("rerun") ? text("rerun") : "all");
  if (!rerun) return Diagnostic(kBadRequest, "`rerun` has to be all, failed or missing");
  request.mode = *rerun;
  const auto at_once = body.find("at_once");
  const bool is_count = at_once == body.end() || (at_once->is_number_integer() && *at_once >= 1 && *at_once <= 1000);
  if (!is_count) return Diagnostic(kBadRequest, "`at_once` has to be a number from 1 to 1000");
  if (at_once != body.end()) request.at_once = at_once->get<int>();
  const auto dry_run = body.find("dry_run");
  if (dry_run != body.end() && !dry_run->is_boolean())
    return Diagnostic(kBadRequest, "`dry_run` has to be true or false");
  request.dry_run = dry_run != body.end() && dry_run->get<bool>();
  return request;
}

}  // namespace

Result<Response> BeginBackfill(Api& api, const Call& call) {
  STIR_ASSIGN(const Json body, call.Body({"from", "to", "params", "rerun", "at_once", "dry_run"}));
  STIR_ASSIGN(const engine::BackfillRequest request, RequestIn(body, call.Name("pipeline")));
  Json params = Json::object();
  if (const auto given = body.find("params"); given != body.end() && !given->is_null()) {
    if (!given->is_object()) return Diagnostic(kBadRequest, "`params` has to be an object");
    params = *given;
  }
  STIR_ASSIGN(const auto project, api.Project());
  STIR_ASSIGN(const engine::PlannedBackfill planned,
              engine::BeginBackfill(project->workspace(), request, params, call.caller.who));
  JsonWriter json;
  json.BeginObject();
  WriteInt(json, "id", request.dry_run ? std::nullopt : std::optional(planned.backfill.id));
  json.Key("intervals").Int(static_cast<int64_t>(planned.intervals.size()));
  const auto time = [&](const char* key, bool is_last) {
    std::optional<Timestamp> start;
    if (!planned.intervals.empty()) start = (is_last ? planned.intervals.back() : planned.intervals.front()).start;
    WriteTime(json, key, start);
  };
  time("first", /*is_last=*/false);
  time("last", /*is_last=*/true);
  json.Key("dry_run").Bool(request.dry_run).EndObject();
  return JsonResponse(std::move(json), request.dry_run ? 200 : 201);
}

Result<Response> ResumeBackfill(Api& api, const Call& call) {
  STIR_ASSIGN(const int64_t id, call.Number("backfill"));
  STIR_TRY(call.Body({}));
  STIR_ASSIGN(const auto project, api.Project());
  STIR_TRY(engine::ReviveBackfill(api.host(), project->workspace().store(), id, call.caller.who));
  STIR_TRY(engine::RingBell(api.host().files, api.folder()));
  return StateOf(id, "running", 202);
}

Result<Response> ListBackfills(Api& api, const Call& call) {
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const int64_t limit, call.Integer("limit", 50, 1, 500));
  STIR_ASSIGN(const std::optional<int64_t> before, call.OptionalInteger("cursor"));
  STIR_ASSIGN(const std::vector<store::CountedBackfill> backfills,
              store->Backfills(before, static_cast<size_t>(limit)));
  Page answer;
  for (const store::CountedBackfill& each : backfills) WriteBackfill(answer.json(), each);
  const bool is_last = backfills.size() < static_cast<size_t>(limit);
  return answer.End(is_last ? "" : std::to_string(backfills.back().id));
}

Result<Response> CancelBackfill(Api& api, const Call& call) {
  STIR_ASSIGN(const int64_t id, call.Number("backfill"));
  STIR_TRY(call.Body({}));
  STIR_ASSIGN(const auto project, api.Project());
  STIR_TRY(engine::StopBackfill(api.host(), project->workspace().store(), id, call.caller.who));
  return StateOf(id, "canceled", 200);
}

}  // namespace stir::server
