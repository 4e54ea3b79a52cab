// `trigger` tasks: a run of another pipeline, made in the same commit as the task's end, or as the news that it is
// waited for; so it is made once, whenever the process dies.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "engine/kinds.h"
#include "engine/pipeline_session.h"
#include "engine/task_job.h"
#include "pylib/convert.h"

namespace stir::engine {
namespace {

using scheduler::TaskState;

Result<store::NewRun> NewRunOf(const TaskJob& job, const platform::Trigger& trigger, const std::string& by) {
  STIR_ASSIGN(const platform::Pipeline* other, job.workspace.definitions().FindPipeline(*trigger.pipeline));
  STIR_ASSIGN(const scheduler::Interval interval,
              IntervalOfOther(job, *other, trigger.logical_date, trigger.pipeline.span));
  Json params = Json::object();
  if (!trigger.params.IsUndefined()) {
    STIR_ASSIGN(params, pylib::ToJson(trigger.params));
  }
  store::NewRun run;
  STIR_ASSIGN(run.params, LayParams(*other, params));
  run.pipeline = other->name;
  run.run_type = "triggered";
  run.logical_date = run.data_interval_start = interval.start;
  run.data_interval_end = interval.end;
  run.definition_hash = other->hash;
  run.triggered_by = by;
  run.created_at = job.workspace.host().clock.Now();
  return run;
}

std::string RunOutputs(const store::Run& run) {
  return WriteJson({{"run", run.id}, {"state", std::string(scheduler::ToString(run.state))}});
}

// The task ends as the run does.
TaskResult Follow(const TaskJob& job, const platform::Task& bound, const store::Run& run) {
  const std::string name = fmt::format("run {} of pipeline {}", run.id, run.pipeline);
  if (scheduler::IsFinal(run.state) && run.state != TaskState::kSuccess) {
    return FailedTask(Diagnostic(
        kTriggeredRunFailed,
        fmt::format("{} is {}{}{}", name, scheduler::ToString(run.state), run.notes.empty() ? "" : ": ", run.notes),
        bound.trigger.pipeline.span));
  }
  TaskResult result;
  result.outputs = RunOutputs(run);
  result.message = name + " succeeded";
  if (run.state == TaskState::kSuccess) return result;
  result.message = "waits for " + name;
  result.look_again = NextLook(job.workspace.host().clock.Now() - run.created_at, Duration{0});
  result.launches = run;
  return result;
}

}  // namespace

TaskResult RunTriggerTask(TaskJob& job, const platform::Task& bound) {
  const platform::Trigger& trigger = bound.trigger;
  const std::string by = fmt::format("{}/{}", job.run, job.name);
  if (trigger.wait_for_completion) {
    const auto made = job.workspace.store().TriggeredRun(by);
    if (!made.ok()) return FailedTask(made.error());
    // One that has ended was another attempt's, unless that attempt could not see its end.
    if (*made && (job.goes_on || !scheduler::IsFinal((*made)->state))) return Follow(job, bound, **made);
  }
  auto run = NewRunOf(job, trigger, by);
  if (!run.ok()) {
    Diagnostics errors = std::move(run).error();
    for (Diagnostic& error : errors)
      if (!error.span) error.span = bound.span;
    return FailedTask(std::move(errors));
  }
  TaskResult result;
  result.message = fmt::format("triggers pipeline {}", run->pipeline);
  result.outputs = WriteJson({{"pipeline", run->pipeline}, {"logical_date", FormatTimestamp(run->logical_date)}});
  if (trigger.wait_for_completion) result.look_again = Duration{0};
  result.triggers = *std::move(run);
  return result;
}

}  // namespace stir::engine
