// Pipelines: what they are, when they run next, how they went (the Grid), and what is done to them.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "engine/actions.h"
#include "engine/pipelines.h"
#include "platform/schedules.h"
#include "scheduler/clockwork.h"
#include "server/json_parts.h"
#include "server/kinds.h"
#include "server/resources.h"
#include "server/target.h"

namespace stir::server {
namespace {

using platform::Pipeline;

// What the store knows of schedules and runs, for several pipelines.
struct PipelineFacts {
  std::map<std::string, scheduler::Memory> memories;
  std::map<std::string, store::Run> last;
  std::map<std::string, int64_t> active;
};

Result<PipelineFacts> FactsOf(store::Views& store, const std::vector<std::string>& names) {
  PipelineFacts facts;
  STIR_ASSIGN(std::vector<store::ScheduleMemory> memories, store.Schedules());
  for (store::ScheduleMemory& each : memories) facts.memories.emplace(each.pipeline, std::move(each.memory));
  STIR_ASSIGN(facts.last, store.LastRuns(names));
  STIR_ASSIGN(const std::vector<store::Run> unfinished, store.UnfinishedRuns());
  for (const store::Run& run : unfinished) ++facts.active[run.pipeline];
  return facts;
}

scheduler::Memory MemoryOf(const PipelineFacts& facts, const std::string& pipeline) {
  const auto found = facts.memories.find(pipeline);
  return found == facts.memories.end() ? scheduler::Memory() : found->second;
}

void WriteTick(JsonWriter& json, const scheduler::Tick& tick) {
  using Kind = scheduler::Decision::Kind;
  const scheduler::Decision& decision = tick.decision;
  json.BeginObject();
  WriteTime(json, "due", decision.interval.end);
  WriteTime(json, "interval_start", decision.interval.start);
  WriteTime(json, "interval_end", decision.interval.end);
  json.Key("what").String(decision.kind == Kind::kSkip ? "skip" : decision.kind == Kind::kDrop ? "drop" : "run");
  json.Key("intervals").Int(decision.count);
  WriteText(json, "reason", decision.reason);
  WriteText(json, "note", tick.note);
  json.EndObject();
}

std::vector<scheduler::Tick> TicksOf(const engine::Generation& project, const PipelineFacts& facts,
                                     const std::string& name, Timestamp now, size_t count) {
  const auto schedule = project.schedules().find(name);
  if (schedule == project.schedules().end() || !schedule->second.calendar) return {};
  return scheduler::ComingTicks(schedule->second, MemoryOf(facts, name), now, count);
}

void WriteBody(JsonWriter& json, const Pipeline& pipeline, const engine::Generation& project,
               const PipelineFacts& facts, Timestamp now) {
  json.Key("name").String(pipeline.name).Key("description").String(pipeline.description);
  json.Key("tags").BeginArray();
  for (const std::string& tag : pipeline.tags) json.String(tag);
  json.EndArray();
  WriteText(json, "schedule", platform::ScheduleText(pipeline.schedule));
  json.Key("timezone").String(pipeline.timezone);
  json.Key("paused").Bool(MemoryOf(facts, pipeline.name).paused);
  json.Key("max_active_runs").Int(pipeline.max_active_runs);
  const auto active = facts.active.find(pipeline.name);
  json.Key("active_runs").Int(active == facts.active.end() ? 0 : active->second);
  json.Key("next");
  const auto ticks = TicksOf(project, facts, pipeline.name, now, 1);
  if (ticks.empty())
    json.Null();
  else
    WriteTick(json, ticks.front());
  json.Key("last_run");
  if (const auto last = facts.last.find(pipeline.name); last != facts.last.end())
    WriteRun(json, last->second, now);
  else
    json.Null();
}

Result<Response> SetPaused(Api& api, const Call& call, bool paused) {
  STIR_TRY(call.Body({}));
  STIR_ASSIGN(const auto project, api.Project());
  STIR_TRY(engine::SetPaused(project->workspace(), call.Name("pipeline"), paused, call.caller.who));
  JsonWriter json;
  json.BeginObject().Key("name").String(call.Name("pipeline")).Key("paused").Bool(paused).EndObject();
  return JsonResponse(std::move(json));
}

// The rows of a Grid: every task that one of its runs has, an expanded one before its children.
struct GridRows {
  std::vector<const store::Grid::Cell*> rows;  // the newest run's cell of each
  std::map<std::string_view, size_t> places;   // by name
};

GridRows RowsOf(const store::Grid& grid) {
  std::map<int64_t, std::vector<const store::Grid::Cell*>> by_run;
  for (const store::Grid::Cell& cell : grid.cells) by_run[cell.run].push_back(&cell);
  GridRows found;
  std::map<std::string_view, std::vector<const store::Grid::Cell*>> children;
  std::map<std::string_view, bool> seen;
  for (const store::Run& run : grid.runs)
    for (const store::Grid::Cell* cell : by_run[run.id])
      if (!std::exchange(seen[cell->name], true)) children[cell->parent].push_back(cell);
  std::vector<const store::Grid::Cell*> stack(children[""].rbegin(), children[""].rend());
  while (!stack.empty()) {
    const store::Grid::Cell* cell = stack.back();
    stack.pop_back();
    const auto& inner = children[cell->name];
    stack.insert(stack.end(), inner.rbegin(), inner.rend());
    found.places[cell->name] = found.rows.size();
    found.rows.push_back(cell);
  }
  return found;
}

void WriteGrid(JsonWriter& json, const store::Grid& grid, Timestamp now) {
  const GridRows rows = RowsOf(grid);
  json.Key("tasks").BeginArray();
  for (const store::Grid::Cell* row : rows.rows) {
    json.BeginObject().Key("name").String(row->name);
    WriteText(json, "parent", row->parent);
    json.Key("kind").String(row->kind).EndObject();
  }
  json.EndArray().Key("runs").BeginArray();
  std::map<int64_t, std::vector<const store::Grid::Cell*>> columns;
  for (const store::Grid::Cell& cell : grid.cells) {
    auto& column = columns[cell.run];
    column.resize(rows.rows.size());
    if (const auto place = rows.places.find(cell.name); place != rows.places.end()) column[place->second] = &cell;
  }
  for (const store::Run& run : grid.runs) {
    json.BeginObject().Key("run");
    WriteRun(json, run, now);
    json.Key("cells").BeginArray();
    for (const store::Grid::Cell* cell : columns[run.id]) {
      if (cell == nullptr) {
        json.Null();
        continue;
      }
      json.BeginObject().Key("state").String(ToString(cell->state)).Key("attempts").Int(cell->attempts);
      WriteSeconds(json, "seconds", cell->started_at, cell->ended_at, now);
      json.EndObject();
    }
    json.EndArray().EndObject();
  }
  json.EndArray();
}

}  // namespace

Result<Response> ListPipelines(Api& api, const Call& call) {
  STIR_ASSIGN(const auto project, api.Project());
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const int64_t limit, call.Integer("limit", 100, 1, 1000));
  const std::string after = call.Text("cursor");
  std::vector<const Pipeline*> chosen;
  for (const Pipeline& pipeline : project->workspace().definitions().pipelines)
    if (pipeline.name > after) chosen.push_back(&pipeline);
  std::ranges::sort(chosen, {}, &Pipeline::name);
  const bool is_last = chosen.size() <= static_cast<size_t>(limit);
  if (!is_last) chosen.resize(static_cast<size_t>(limit));
  std::vector<std::string> names;
  for (const Pipeline* pipeline : chosen) names.push_back(pipeline->name);
  STIR_ASSIGN(const PipelineFacts facts, FactsOf(*store, names));
  Page answer;
  for (const Pipeline* pipeline : chosen) {
    answer.json().BeginObject();
    WriteBody(answer.json(), *pipeline, *project, facts, api.host().clock.Now());
    answer.json().EndObject();
  }
  return answer.End(is_last ? "" : names.back());
}

// With its tasks and what they need: what a graph of it draws.
Result<Response> GetPipeline(Api& api, const Call& call) {
  STIR_ASSIGN(const auto project, api.Project());
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const Pipeline* pipeline, project->workspace().definitions().FindPipeline(call.Name("pipeline")));
  STIR_ASSIGN(const PipelineFacts facts, FactsOf(*store, {pipeline->name}));
  STIR_ASSIGN(const std::vector<engine::TaskInfo> tasks, engine::DescribeTasks(*pipeline));
  JsonWriter json;
  json.BeginObject();
  WriteBody(json, *pipeline, *project, facts, api.host().clock.Now());
  json.Key("tasks").BeginArray();
  for (const engine::TaskInfo& task : tasks) {
    json.BeginObject().Key("name").String(task.name).Key("kind").String(task.kind);
    WriteText(json, "subject", task.subject);
    WriteText(json, "group", task.group);
    json.Key("needs").BeginArray();
    for (const std::string& need : task.needs) json.String(need);
    json.EndArray().Key("trigger_rule").String(task.trigger_rule);
    WriteText(json, "pool", task.pool);
    json.Key("retries").Int(task.retries).Key("allow_failure").Bool(task.allow_failure).EndObject();
  }
  json.EndArray().EndObject();
  return JsonResponse(std::move(json));
}

Result<Response> GetNextTimes(Api& api, const Call& call) {
  STIR_ASSIGN(const auto project, api.Project());
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const Pipeline* pipeline, project->workspace().definitions().FindPipeline(call.Name("pipeline")));
  STIR_ASSIGN(const int64_t count, call.Integer("count", 20, 1, 1000));
  STIR_ASSIGN(const PipelineFacts facts, FactsOf(*store, {}));
  JsonWriter json;
  json.BeginObject();
  WriteText(json, "schedule", platform::ScheduleText(pipeline->schedule));
  json.Key("timezone").String(pipeline->timezone);
  json.Key("paused").Bool(MemoryOf(facts, pipeline->name).paused).Key("items").BeginArray();
  for (const scheduler::Tick& tick :
       TicksOf(*project, facts, pipeline->name, api.host().clock.Now(), static_cast<size_t>(count)))
    WriteTick(json, tick);
  json.EndArray().EndObject();
  return JsonResponse(std::move(json));
}

// Everything that a Grid draws: tasks down, the newest runs across, a cell for each.
Result<Response> GetGrid(Api& api, const Call& call) {
  STIR_ASSIGN(const auto project, api.Project());
  STIR_ASSIGN(store::Views * store, api.Store());
  const std::string& name = call.Name("pipeline");
  STIR_ASSIGN(const int64_t limit, call.Integer("limit", 30, 1, 200));
  STIR_ASSIGN(const std::optional<int64_t> before, call.OptionalInteger("cursor"));
  STIR_ASSIGN(const store::Grid grid, store->GridOf(name, before, static_cast<size_t>(limit)));
  // A pipeline whose definition is gone still has its runs.
  if (grid.runs.empty() && !before) STIR_TRY(project->workspace().definitions().FindPipeline(name));
  JsonWriter json;
  json.BeginObject();
  WriteGrid(json, grid, api.host().clock.Now());
  const bool is_last = grid.runs.size() < static_cast<size_t>(limit);
  WriteText(json, "next", is_last ? "" : std::to_string(grid.runs.back().id));
  json.EndObject();
  return JsonResponse(std::move(json));
}

Result<Response> PausePipeline(Api& api, const Call& call) { return SetPaused(api, call, true); }
Result<Response> UnpausePipeline(Api& api, const Call& call) { return SetPaused(api, call, false); }

Result<Response> TriggerPipeline(Api& api, const Call& call) {
  STIR_ASSIGN(const Json body, call.Body({"logical_date", "params"}));
  engine::TriggerRequest request{.pipeline = call.Name("pipeline"), .logical_date = {}};
  if (const auto date = body.find("logical_date"); date != body.end() && !date->is_null()) {
    if (!date->is_string()) return Diagnostic(kBadRequest, "`logical_date` has to be a date or a time");
    request.logical_date = date->get<std::string>();
  }
  Json params = Json::object();
  if (const auto given = body.find("params"); given != body.end() && !given->is_null()) {
    if (!given->is_object()) return Diagnostic(kBadRequest, "`params` has to be an object");
    params = *given;
  }
  STIR_ASSIGN(const auto project, api.Project());
  STIR_ASSIGN(const store::CreatedRun made, engine::TriggerRun(project->workspace(), request, params, call.caller.who));
  JsonWriter json;
  WriteRun(json, made.run, api.host().clock.Now());
  Response response = JsonResponse(std::move(json), made.created ? 201 : 200);
  response.headers.push_back({"Location", fmt::format("/api/v1/runs/{}", made.run.id)});
  return response;
}

}  // namespace stir::server
