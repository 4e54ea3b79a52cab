// Runs, their tasks and attempts.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "engine/actions.h"
#include "server/json_parts.h"
#include "server/kinds.h"
#include "server/resources.h"

namespace stir::server {
namespace {

// "failed,canceled"
Result<std::vector<store::TaskState>> StatesOf(const Call& call) {
  using scheduler::TaskState;
  std::vector<TaskState> states;
  if (!call.query.contains("state")) return states;
  const std::string text = call.Text("state");
  for (const std::string_view word : Split(text, ',')) {
    const auto state = scheduler::ParseTaskState(word);
    const bool of_run =
        state && (*state == TaskState::kQueued || *state == TaskState::kRunning || *state == TaskState::kSuccess ||
                  *state == TaskState::kFailed || *state == TaskState::kCanceled);
    if (!of_run)
      return Diagnostic(kBadRequest, fmt::format("`{}` is no state of a run", word))
          .Hint("queued, running, success, failed, canceled, with commas between several");
    states.push_back(*state);
  }
  return states;
}

Result<std::string> TypeOf(const Call& call) {
  std::string type = call.Text("type");
  if (!call.query.contains("type") || type == "scheduled" || type == "manual" || type == "backfill" ||
      type == "triggered")
    return type;
  return Diagnostic(kBadRequest, fmt::format("`{}` is no type of a run", type))
      .Hint("one of scheduled, manual, backfill, triggered");
}

Result<std::optional<Timestamp>> TimeOf(const Call& call, std::string_view parameter) {
  const std::string text = call.Text(parameter);
  if (!call.query.contains(parameter)) return std::optional<Timestamp>();
  if (auto time = ParseTimestamp(text)) return time;
  return Diagnostic(kBadRequest, fmt::format("`{}` is `{}`, and has to be a date or a time", parameter, text))
      .Hint("2026-01-31 or 2026-01-31T06:00:00Z");
}

void WriteTask(JsonWriter& json, const store::Task& task, Timestamp now) {
  json.BeginObject().Key("name").String(task.name);
  WriteText(json, "parent", task.parent);
  json.Key("kind").String(task.kind);
  WriteText(json, "subject", task.subject);
  json.Key("state").String(ToString(task.state)).Key("attempts").Int(task.attempts);
  json.Key("failures").Int(task.failures).Key("allow_failure").Bool(task.allow_failure);
  WriteTime(json, "retry_at", task.retry_at);
  WriteTime(json, "started_at", task.started_at);
  WriteTime(json, "ended_at", task.ended_at);
  WriteSeconds(json, "seconds", task.started_at, task.ended_at, now);
  WriteText(json, "message", task.message);
  WriteStored(json, "outputs", task.outputs);
  json.EndObject();
}

void WriteAttempt(JsonWriter& json, const store::Attempt& attempt, Timestamp now) {
  json.BeginObject().Key("task").String(attempt.task).Key("number").Int(attempt.number);
  json.Key("state").String(attempt.StateText());
  WriteTime(json, "started_at", attempt.started_at);
  WriteTime(json, "ended_at", attempt.ended_at);
  WriteSeconds(json, "seconds", attempt.started_at, attempt.ended_at, now);
  WriteText(json, "worker", attempt.worker);
  WriteText(json, "message", attempt.message);
  WriteStored(json, "errors", attempt.error, "[]");
  json.EndObject();
}

Result<store::Run> RunOf(store::Views& store, const Call& call) {
  STIR_ASSIGN(const int64_t id, call.Number("run"));
  STIR_ASSIGN(std::optional<store::Run> run, store.GetRun(id));
  if (!run) return engine::NoSuchRun(id);
  return *std::move(run);
}

}  // namespace

Result<Response> ListRuns(Api& api, const Call& call) {
  STIR_ASSIGN(store::Views * store, api.Store());
  store::RunPage page;
  page.pipeline = call.Text("pipeline");
  STIR_ASSIGN(page.run_type, TypeOf(call));
  STIR_ASSIGN(page.states, StatesOf(call));
  STIR_ASSIGN(page.backfill, call.OptionalInteger("backfill"));
  STIR_ASSIGN(page.from, TimeOf(call, "from"));
  STIR_ASSIGN(page.until, TimeOf(call, "until"));
  STIR_ASSIGN(page.before, call.OptionalInteger("cursor"));
  STIR_ASSIGN(const int64_t limit, call.Integer("limit", 50, 1, 500));
  page.limit = static_cast<size_t>(limit);
  STIR_ASSIGN(const std::vector<store::Run> runs, store->Runs(page));
  Page answer;
  for (const store::Run& run : runs) WriteRun(answer.json(), run, api.host().clock.Now());
  return answer.End(runs.size() < page.limit ? "" : std::to_string(runs.back().id));
}

Result<Response> GetRun(Api& api, const Call& call) {
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const store::Run run, RunOf(*store, call));
  JsonWriter json;
  WriteRun(json, run, api.host().clock.Now());
  return JsonResponse(std::move(json));
}

Result<Response> ListTasks(Api& api, const Call& call) {
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const store::Run run, RunOf(*store, call));
  STIR_ASSIGN(const std::vector<store::Task> tasks, store->Tasks(run.id));
  Page answer;
  for (const store::Task& task : tasks) WriteTask(answer.json(), task, api.host().clock.Now());
  return answer.End("");
}

Result<Response> ListAttempts(Api& api, const Call& call) {
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const store::Run run, RunOf(*store, call));
  STIR_ASSIGN(const std::vector<store::Attempt> attempts, store->Attempts(run.id));
  Page answer;
  for (const store::Attempt& attempt : attempts) WriteAttempt(answer.json(), attempt, api.host().clock.Now());
  return answer.End("");
}

Result<Response> GetTask(Api& api, const Call& call) {
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const store::Run run, RunOf(*store, call));
  STIR_ASSIGN(const std::vector<store::Task> tasks, store->Tasks(run.id));
  const auto task = std::ranges::find(tasks, call.Name("task"), &store::Task::name);
  if (task == tasks.end())
    return Diagnostic(kNotFound, fmt::format("run {} has no task `{}`", run.id, call.Name("task")));
  STIR_ASSIGN(const std::vector<store::Attempt> attempts, store->Attempts(run.id));
  const Timestamp now = api.host().clock.Now();
  JsonWriter json;
  json.BeginObject().Key("task");
  WriteTask(json, *task, now);
  json.Key("attempts").BeginArray();
  for (const store::Attempt& attempt : attempts)
    if (attempt.task == task->name) WriteAttempt(json, attempt, now);
  json.EndArray().EndObject();
  return JsonResponse(std::move(json));
}

// Everything that a Gantt chart of one run draws: a row a task, a bar an attempt.
Result<Response> GetGantt(Api& api, const Call& call) {
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const store::Run run, RunOf(*store, call));
  STIR_ASSIGN(const std::vector<store::Task> tasks, store->Tasks(run.id));
  STIR_ASSIGN(const std::vector<store::Attempt> attempts, store->Attempts(run.id));
  std::map<std::string_view, std::vector<const store::Attempt*>> bars;
  for (const store::Attempt& attempt : attempts) bars[attempt.task].push_back(&attempt);
  const Timestamp now = api.host().clock.Now();
  JsonWriter json;
  json.BeginObject().Key("run");
  WriteRun(json, run, now);
  json.Key("rows").BeginArray();
  for (const store::Task& task : tasks) {
    json.BeginObject().Key("name").String(task.name);
    WriteText(json, "parent", task.parent);
    json.Key("kind").String(task.kind).Key("state").String(ToString(task.state));
    WriteText(json, "message", task.message);
    json.Key("bars").BeginArray();
    for (const store::Attempt* bar : bars[task.name]) {
      json.BeginObject().Key("attempt").Int(bar->number).Key("state").String(bar->StateText());
      WriteTime(json, "started_at", bar->started_at);
      WriteTime(json, "ended_at", bar->ended_at);
      json.EndObject();
    }
    json.EndArray().EndObject();
  }
  json.EndArray();
  WriteTime(json, "now", now);
  json.EndObject();
  return JsonResponse(std::move(json));
}

}  // namespace stir::server
