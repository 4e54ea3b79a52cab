// What people do to pipelines and runs, written to the store for whoever works on them: a service, which hears the bell
// and carries it out. Commands stand on the same functions. Everything is in the record of who did what.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "engine/backfills.h"
#include "engine/pipeline_session.h"
#include "engine/runs.h"
#include "engine/workspace.h"
#include "store/records.h"

namespace stir::engine {

struct TriggerRequest {
  std::string pipeline;
  std::string logical_date;  // "2026-11-20" or a time; empty: the newest interval that has ended
};

// Makes a run of the pipeline, with `params` (an object) over its own. An unfinished run of that interval, whatever its
// type, is returned as it is. `who` as in AuditEntry; empty: the user of this process.
Result<store::CreatedRun> TriggerRun(Workspace& workspace, const TriggerRequest& request, const Json& params,
                                     const std::string& who);

// A paused pipeline begins no scheduled run; what runs goes on.
Status SetPaused(Workspace& workspace, const std::string& pipeline, bool paused, const std::string& who);

// Writes down what is asked of a run that has not ended.
Status WriteWish(const Host& host, const StateFolder& folder, store::Store& store, int64_t run, Asked what,
                 const std::string& who);

// Tasks of a run that nobody works on, cleared or marked; the run is then unfinished, for whoever goes on with it. What
// changes, a line a task ("load: failed -> none"). A request without tasks or mark clears what failed.
Result<std::vector<std::string>> EditTasks(PipelineSession& session, const EditRequest& request,
                                           const std::string& who);

// A backfill for a service to carry out, with `params` over the pipeline's own. Of a dry run only what it would do.
struct PlannedBackfill {
  store::Backfill backfill;
  std::vector<scheduler::Interval> intervals;
};
Result<PlannedBackfill> BeginBackfill(Workspace& workspace, const BackfillRequest& request, const Json& params,
                                      const std::string& who);
// One that was canceled is under way again; one that is done is not.
Status ReviveBackfill(const Host& host, store::Store& store, int64_t backfill, const std::string& who);
// Begins no more runs of it; those under way end.
Status StopBackfill(const Host& host, store::Store& store, int64_t backfill, const std::string& who);

// The same to a run that is held, by who goes on with it.
Result<std::vector<std::string>> Apply(RunExecutor& executor, const Host& host, const EditRequest& request,
                                       const std::string& who);

// A run of the store, or kNoRun.
Diagnostic NoSuchRun(int64_t run);
Result<store::Run> RequireRun(store::Store& store, int64_t run);
// The same of backfills, or kNoBackfill.
Result<store::Backfill> RequireBackfill(store::Store& store, int64_t id);

// A run that is held, as it stood then: nobody else changes it until this is destroyed.
struct HeldRun {
  std::vector<std::unique_ptr<FileLock>> locks;
  const platform::Pipeline* pipeline = nullptr;
  store::Run run;
};
Result<HeldRun> HoldRun(Workspace& workspace, int64_t run);

}  // namespace stir::engine
