// Backfills: how far they have come.
#include <nlohmann/json.hpp>

#include "engine/actions.h"
#include "server/json_parts.h"
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

}  // namespace

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
  JsonWriter json;
  json.BeginObject().Key("id").Int(id).Key("state").String("canceled").EndObject();
  return JsonResponse(std::move(json));
}

}  // namespace stir::server
