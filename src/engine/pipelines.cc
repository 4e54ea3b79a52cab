#include "engine/pipelines.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/pipeline_session.h"
#include "engine/run_interval.h"
#include "engine/run_task.h"
#include "engine/schedules.h"
#include "platform/schedules.h"

namespace stir::engine {
namespace {

using platform::CalendarOf;
using platform::Pipeline;
using scheduler::Interval;
using scheduler::TaskState;

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
  STIR_TRY(RecordAction(*workspace, "run", *pipeline, FormatTimestamp(interval.start)));
  PipelineSession session(*workspace);
  STIR_ASSIGN(const RunAccount account, RunInterval(session, *pipeline, {interval, "manual", std::move(params), {}}));
  return CommandResult{account.state == TaskState::kSuccess};
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
  STIR_ASSIGN(detail.tasks, DescribeTasks(*pipeline));
  return detail;
}

Result<std::vector<TaskInfo>> DescribeTasks(const Pipeline& pipeline) {
  std::vector<TaskInfo> tasks;
  const TaskList list = TasksOf(pipeline, {});
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
    if (task.group >= 0) info.group = pipeline.tasks[static_cast<size_t>(task.group)].name;
    for (scheduler::TaskId need : plan.needs(id)) info.needs.push_back(plan.task(need).name);
    tasks.push_back(std::move(info));
  }
  return tasks;
}

}  // namespace stir::engine
