#include "engine/run_interval.h"

#include "engine/audit.h"

namespace stir::engine {
namespace {

using scheduler::TaskState;

Result<store::Run> FindOrCreate(store::Store& store, const platform::Pipeline& pipeline, const RunWish& wish,
                                Timestamp now) {
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
  run.backfill = wish.backfill;
  run.created_at = now;
  STIR_ASSIGN(store::CreatedRun created, store.CreateRun(run));
  return created.run;
}

}  // namespace

Result<RunAccount> RunInterval(PipelineSession& session, const platform::Pipeline& pipeline, const RunWish& wish) {
  Workspace& workspace = session.workspace();
  STIR_ASSIGN(const auto held, HoldInterval(workspace, pipeline, wish.interval));
  STIR_ASSIGN(store::Run run, FindOrCreate(workspace.store(), pipeline, wish, workspace.host().clock.Now()));
  return RunExecutor(session, pipeline, std::move(run)).Run();
}

Status RecordAction(Workspace& workspace, std::string action, const platform::Pipeline& pipeline, std::string detail) {
  store::Changes changes;
  changes.audit.push_back(EntryOf(workspace.host(), std::move(action), "pipeline " + pipeline.name, std::move(detail)));
  return workspace.store().Commit(changes);
}

}  // namespace stir::engine
