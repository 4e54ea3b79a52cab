#include "engine/pipelines.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/pipeline_session.h"
#include "engine/run_executor.h"
#include "engine/run_task.h"
#include "engine/schedules.h"
#include "platform/schedules.h"

namespace stir::engine {
namespace {

using platform::CalendarOf;
using platform::Pipeline;
using scheduler::Calendar;
using scheduler::Interval;
using scheduler::TaskState;

Result<Interval> IntervalOf(const Pipeline& pipeline, const std::string& logical_date, Timestamp now) {
  const Calendar calendar = CalendarOf(pipeline);
  if (logical_date.empty()) return calendar.LastComplete(now);
  STIR_ASSIGN(const scheduler::DateText date, scheduler::ParseDateText(logical_date, calendar.zone()));
  return calendar.Containing(date.time);
}

struct RunWish {
  Interval interval;
  std::string run_type, params;
};

// An unfinished run of the interval, whatever its type, or a new one.
Result<store::Run> FindOrCreate(store::Store& store, const Pipeline& pipeline, const RunWish& wish, Timestamp now) {
  store::RunFilter unfinished;
  unfinished.pipeline = pipeline.name;
  unfinished.states = {TaskState::kQueued, TaskState::kRunning};
  unfinished.logical_date = wish.interval.start;
  STIR_ASSIGN(const std::vector<store::Run> found, store.ListRuns(unfinished));
  if (!found.empty()) return found.front();
  store::NewRun run;
  run.pipeline = pipeline.name;
  run.run_type = wish.run_type;
  run.logical_date = run.data_interval_start = wish.interval.start;
  run.data_interval_end = wish.interval.end;
  run.params = wish.params;
  run.definition_hash = pipeline.hash;
  run.again = true;
  run.created_at = now;
  STIR_ASSIGN(store::CreatedRun created, store.CreateRun(run));
  return created.run;
}

// The interval is held from before its run is looked up until after it has ended.
Result<RunAccount> RunInterval(PipelineSession& session, const Pipeline& pipeline, const RunWish& wish) {
  Workspace& workspace = session.workspace();
  STIR_ASSIGN(const auto held, HoldInterval(workspace, pipeline, wish.interval));
  STIR_ASSIGN(store::Run run, FindOrCreate(workspace.store(), pipeline, wish, workspace.host().clock.Now()));
  RunExecutor executor(workspace, pipeline, std::move(run), session.narrator(), session.alerts());
  return executor.Run();
}

bool Wanted(BackfillMode mode, const std::vector<store::Run>& runs) {
  if (mode == BackfillMode::kAll || runs.empty()) return true;
  const TaskState newest = runs.front().state;
  const bool unfinished = !scheduler::IsFinal(newest);
  if (mode == BackfillMode::kMissing) return unfinished;
  return unfinished || newest == TaskState::kFailed || newest == TaskState::kCanceled;
}

Result<std::vector<Interval>> IntervalsOf(const Pipeline& pipeline, const BackfillRequest& request) {
  const Calendar calendar = CalendarOf(pipeline);
  STIR_ASSIGN(const scheduler::DateText from, scheduler::ParseDateText(request.from, calendar.zone()));
  STIR_ASSIGN(const scheduler::DateText to, scheduler::ParseDateText(request.to, calendar.zone()));
  if (to.time < from.time)
    return Diagnostic(kBadRange, fmt::format("the range ends ({}) before it begins ({})", request.to, request.from));
  // Both ends are included: a date means all of its day, a time the interval that begins at it.
  std::vector<Interval> intervals = calendar.Between(from.time, EndOf(to, calendar.zone()));
  if (intervals.empty())
    return Diagnostic(kBadRange, fmt::format("pipeline `{}` has no interval between {} and {}", pipeline.name,
                                             request.from, request.to));
  return intervals;
}

void TellPlan(const Host& host, const Pipeline& pipeline, const std::vector<Interval>& intervals) {
  const scheduler::Zone zone = CalendarOf(pipeline).zone();
  JsonWriter json;
  json.BeginObject().Key("pipeline").String(pipeline.name).Key("intervals").BeginArray();
  for (const Interval& interval : intervals)
    json.BeginObject()
        .Key("start")
        .String(FormatTimestamp(interval.start))
        .Key("end")
        .String(FormatTimestamp(interval.end))
        .EndObject();
  json.EndArray().EndObject();
  const auto name = [&](const Interval& interval) {
    return FormatTimestamp(zone.ToLocal(interval.start)).substr(0, 16);
  };
  const std::string range =
      intervals.empty() ? "nothing to do" : fmt::format("{} to {}", name(intervals.front()), name(intervals.back()));
  host.events.Emit({"S111", "BackfillPlanned", Level::kInfo,
                    fmt::format("backfill of {}: {} interval{}, {}", pipeline.name, intervals.size(),
                                intervals.size() == 1 ? "" : "s", range),
                    std::move(json).Take()});
}

Result<PipelineInfo> InfoOf(Workspace& workspace, const Pipeline& pipeline) {
  PipelineInfo info;
  info.name = pipeline.name;
  info.description = pipeline.description;
  info.schedule = platform::ScheduleText(pipeline.schedule);
  info.timezone = pipeline.timezone;
  info.tags = pipeline.tags;
  for (const platform::Task& task : pipeline.tasks) info.tasks += task.kind != platform::TaskKind::kGroup;
  info.latest = CalendarOf(pipeline).LastComplete(workspace.host().clock.Now());
  store::RunFilter newest;
  newest.pipeline = pipeline.name;
  newest.limit = 1;
  STIR_ASSIGN(const std::vector<store::Run> runs, workspace.store().ListRuns(newest));
  if (!runs.empty()) {
    info.last_state = scheduler::ToString(runs[0].state);
    info.last_notes = runs[0].notes;
    info.last_logical_date = runs[0].logical_date;
    info.last_ended_at = runs[0].ended_at;
  }
  return info;
}

}  // namespace

Result<CommandResult> RunPipeline(const Host& host, const Options& options, const PipelineRequest& request) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(const Pipeline* pipeline, workspace->definitions().FindPipeline(request.pipeline));
  STIR_ASSIGN(const Interval interval, IntervalOf(*pipeline, request.logical_date, host.clock.Now()));
  STIR_ASSIGN(std::string params, ParamsOf(*pipeline, request.params, host.sources));
  STIR_TRY(RememberPipeline(workspace->store(), *pipeline, host.clock.Now()));
  PipelineSession session(*workspace);
  STIR_ASSIGN(const RunAccount account, RunInterval(session, *pipeline, {interval, "manual", std::move(params)}));
  return CommandResult{account.state == TaskState::kSuccess};
}

Result<CommandResult> BackfillPipeline(const Host& host, const Options& options, const BackfillRequest& request) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(const Pipeline* pipeline, workspace->definitions().FindPipeline(request.pipeline));
  STIR_ASSIGN(const std::string params, ParamsOf(*pipeline, request.params, host.sources));
  STIR_ASSIGN(const std::vector<Interval> all, IntervalsOf(*pipeline, request));
  std::vector<Interval> intervals;
  for (const Interval& interval : all) {
    store::RunFilter filter;
    filter.pipeline = pipeline->name;
    filter.logical_date = interval.start;
    STIR_ASSIGN(const std::vector<store::Run> runs, workspace->store().ListRuns(filter));
    if (Wanted(request.mode, runs)) intervals.push_back(interval);
  }
  TellPlan(host, *pipeline, intervals);
  if (request.dry_run) return CommandResult{};
  STIR_TRY(RememberPipeline(workspace->store(), *pipeline, host.clock.Now()));
  PipelineSession session(*workspace);
  CommandResult result;
  for (const Interval& interval : intervals) {
    if (host.cancel.stop_requested()) return CommandResult{false};
    STIR_ASSIGN(const RunAccount account, RunInterval(session, *pipeline, {interval, "backfill", params}));
    result.success = result.success && account.state == TaskState::kSuccess;
  }
  return result;
}

Result<std::vector<PipelineInfo>> ListPipelines(const Host& host, const Options& options) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  std::vector<PipelineInfo> list;
  for (const Pipeline& pipeline : workspace->definitions().pipelines) {
    STIR_ASSIGN(PipelineInfo info, InfoOf(*workspace, pipeline));
    list.push_back(std::move(info));
  }
  return list;
}

Result<PipelineDetail> ShowPipeline(const Host& host, const Options& options, const std::string& name) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(const Pipeline* pipeline, workspace->definitions().FindPipeline(name));
  PipelineDetail detail;
  STIR_ASSIGN(detail.info, InfoOf(*workspace, *pipeline));
  const TaskList list = TasksOf(*pipeline, {});
  STIR_ASSIGN(const scheduler::Plan plan, scheduler::Plan::Make({list.specs, {}}));
  for (scheduler::TaskId id = 0; id < plan.size(); ++id) {
    const platform::Task& task = *list.tasks[id].definition;
    TaskInfo info{.name = task.name,
                  .kind = list.tasks[id].kind,
                  .subject = list.tasks[id].subject,
                  .group = {},
                  .needs = {},
                  .trigger_rule = std::string(scheduler::ToString(plan.rule(id))),
                  .pool = task.pool,
                  .retries = task.retry.retries,
                  .allow_failure = task.allow_failure};
    if (platform::IsSelection(task.kind)) info.subject = Join(task.select, " ");
    if (task.group >= 0) info.group = pipeline->tasks[static_cast<size_t>(task.group)].name;
    for (scheduler::TaskId need : plan.needs(id)) info.needs.push_back(plan.task(need).name);
    detail.tasks.push_back(std::move(info));
  }
  return detail;
}

}  // namespace stir::engine
