#include "engine/run_interval.h"

#include "engine/audit.h"
#include "platform/schedules.h"

namespace stir::engine {

using scheduler::TaskState;

Result<scheduler::Interval> IntervalOf(const platform::Pipeline& pipeline, const std::string& logical_date,
                                       Timestamp now) {
  const scheduler::Calendar calendar = platform::CalendarOf(pipeline);
  if (logical_date.empty()) return calendar.LastComplete(now);
  STIR_ASSIGN(const scheduler::DateText date, scheduler::ParseDateText(logical_date, calendar.zone()));
  return calendar.Containing(date.time);
}

Result<store::CreatedRun> FindOrCreateRun(store::Store& store, const platform::Pipeline& pipeline, const RunWish& wish,
                                          Timestamp now) {
  store::RunFilter unfinished;
  unfinished.pipeline = pipeline.name;
  unfinished.states = {TaskState::kQueued, TaskState::kRunning};
  unfinished.logical_date = wish.interval.start;
  STIR_ASSIGN(const std::vector<store::Run> found, store.ListRuns(unfinished));
  if (!found.empty()) return store::CreatedRun{found.front(), false};
  store::NewRun run;
  run.pipeline = pipeline.name;
  run.run_type = wish.run_type;
  run.logical_date = run.data_interval_start = wish.interval.start;
  run.data_interval_end = wish.interval.end;
  run.params = wish.params;
  run.definition_hash = pipeline.hash;
  run.again = true;
  run.backfill = wish.backfill;
  run.created_at = now;
  return store.CreateRun(run);
}

Result<RunAccount> RunInterval(PipelineSession& session, const platform::Pipeline& pipeline, const RunWish& wish) {
  Workspace& workspace = session.workspace();
  STIR_ASSIGN(const auto held, HoldInterval(workspace, pipeline, wish.interval));
  STIR_ASSIGN(store::CreatedRun made, FindOrCreateRun(workspace.store(), pipeline, wish, workspace.host().clock.Now()));
  return RunExecutor(session, pipeline, std::move(made.run)).Run();
}

Status RecordAction(Workspace& workspace, std::string action, const platform::Pipeline& pipeline, std::string detail) {
  store::Changes changes;
  changes.audit.push_back(EntryOf(workspace.host(), std::move(action), "pipeline " + pipeline.name, std::move(detail)));
  return workspace.store().Commit(changes);
}

}  // namespace stir::engine
