// The service itself: whether it is well, its numbers, its description, what it says, and who did what by hand.
#include <fmt/format.h>

#include "embedded/embedded.h"
#include "server/json_parts.h"
#include "server/resources.h"

namespace stir::server {
namespace {

// The service looks at everything once a minute at least.
constexpr Duration kLongestSilence = std::chrono::minutes(3);

Response StateResponse(std::string_view state, int status) {
  JsonWriter json;
  json.BeginObject().Key("status").String(state).EndObject();
  return JsonResponse(std::move(json), status);
}

double AsSeconds(Timestamp time) { return std::chrono::duration<double>(time.time_since_epoch()).count(); }

void WriteStates(MetricsText& text, std::string_view name, std::string_view type, std::string_view help,
                 const std::map<std::string, int64_t>& counts, std::initializer_list<std::string_view> always) {
  text.Family(name, type, help);
  std::map<std::string, int64_t> all = counts;
  for (const std::string_view state : always) all.try_emplace(std::string(state), 0);
  for (const auto& [state, count] : all) text.Sample({{"state", state}}, static_cast<double>(count));
}

void WriteProject(MetricsText& text, engine::Generation& project, const std::vector<store::ScheduleMemory>& seen) {
  const platform::Definitions& definitions = project.workspace().definitions();
  int64_t paused = 0;
  for (const platform::Pipeline& pipeline : definitions.pipelines)
    for (const store::ScheduleMemory& each : seen) paused += each.pipeline == pipeline.name && each.memory.paused;
  text.Family("stir_pipelines", "gauge", "Pipelines that are defined.");
  text.Sample({}, static_cast<double>(definitions.pipelines.size()));
  text.Family("stir_pipelines_paused", "gauge", "Pipelines that begin no scheduled runs.");
  text.Sample({}, static_cast<double>(paused));
  text.Family("stir_asset_freshness_limit_seconds", "gauge", "How old a publication may be at most.");
  for (const platform::Publication& each : definitions.publications)
    if (each.freshness > Duration{0})
      text.Sample({{"asset", "publication." + each.name}}, std::chrono::duration<double>(each.freshness).count());
}

}  // namespace

Result<Response> GetHealth(Api&, const Call&) { return StateResponse("ok", 200); }

// Ready: the project is read, the store answers, and the service has looked at its schedules of late.
Result<Response> GetReady(Api& api, const Call&) {
  STIR_TRY(api.Project());
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_TRY(store->GetRun(1));
  const bool looks = api.host().clock.Now() - api.looked_at() < kLongestSilence;
  return looks ? StateResponse("ready", 200) : StateResponse("stuck", 503);
}

Result<Response> GetMetrics(Api& api, const Call&) {
  STIR_ASSIGN(const auto project, api.Project());
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const store::Counts counts, store->Count());
  STIR_ASSIGN(const std::vector<store::AssetVersion> assets, store->Assets());
  STIR_ASSIGN(const std::vector<store::ScheduleMemory> schedules, store->Schedules());
  MetricsText text;
  text.Family("stir_build_info", "gauge", "The version of this program.");
  text.Sample({{"version", embedded::Version()}}, 1);
  text.Family("stir_scheduler_last_tick_timestamp_seconds", "gauge", "When the schedules were last looked at.");
  text.Sample({}, AsSeconds(api.looked_at()));
  WriteProject(text, *project, schedules);
  WriteStates(text, "stir_runs", "gauge", "Runs that have not ended.", counts.runs, {"queued", "running"});
  WriteStates(text, "stir_tasks", "gauge", "Tasks of runs that have not ended.", counts.tasks, {"queued", "running"});
  const EventLog::Ended ended = api.events().ended();
  WriteStates(text, "stir_runs_ended_total", "counter", "Runs that ended since this process began.", ended.runs,
              {"success", "failed", "canceled"});
  WriteStates(text, "stir_tasks_ended_total", "counter", "Tasks that ended since this process began.", ended.tasks,
              {"success", "failed", "skipped"});
  text.Family("stir_notifications_pending", "gauge", "Alerts that are not delivered yet.");
  text.Sample({}, static_cast<double>(counts.pending_messages));
  text.Family("stir_asset_last_success_timestamp_seconds", "gauge", "When data was last renewed.");
  for (const store::AssetVersion& each : assets) text.Sample({{"asset", each.asset}}, AsSeconds(each.at));
  text.Family("stir_event_streams", "gauge", "Readers of the event stream.");
  text.Sample({}, static_cast<double>(api.events().feeds()));
  api.requests().Write(text);
  WriteProcessMetrics(text);
  Response response;
  response.type = "text/plain; version=0.0.4; charset=utf-8";
  response.body = std::move(text).Take();
  return response;
}

Result<Response> GetDescription(Api&, const Call&) {
  Response response;
  response.body = embedded::Api().front().text;
  return response;
}

Result<Response> GetEvents(Api& api, const Call& call) {
  FeedFilter filter;
  STIR_ASSIGN(filter.run, call.OptionalInteger("run"));
  filter.pipeline = call.Text("pipeline");
  Response response;
  response.type = "text/event-stream";
  response.feed = api.events().Follow(std::move(filter), call.request.Find("last-event-id"));
  return response;
}

Result<Response> ListAudit(Api& api, const Call& call) {
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const int64_t limit, call.Integer("limit", 50, 1, 500));
  STIR_ASSIGN(const std::optional<int64_t> before, call.OptionalInteger("cursor"));
  STIR_ASSIGN(const std::vector<store::NumberedEntry> entries, store->Audit(before, static_cast<size_t>(limit)));
  Page answer;
  for (const store::NumberedEntry& entry : entries) {
    answer.json().BeginObject().Key("id").Int(entry.id);
    WriteTime(answer.json(), "at", entry.at);
    answer.json().Key("who").String(entry.who).Key("action").String(entry.action);
    answer.json().Key("subject").String(entry.subject).Key("detail").String(entry.detail).EndObject();
  }
  const bool is_last = entries.size() < static_cast<size_t>(limit);
  return answer.End(is_last ? "" : std::to_string(entries.back().id));
}

}  // namespace stir::server
