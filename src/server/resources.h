// What answers the routes: a source a resource. Each function reads its parameters, asks, and writes what it found.
#pragma once

#include "base/result.h"
#include "server/api.h"
#include "server/http.h"
#include "server/router.h"

namespace stir::server {

// status.cc
Result<Response> GetHealth(Api& api, const Call& call);
Result<Response> GetReady(Api& api, const Call& call);
Result<Response> GetMetrics(Api& api, const Call& call);
Result<Response> GetDescription(Api& api, const Call& call);
Result<Response> GetEvents(Api& api, const Call& call);
Result<Response> ListAudit(Api& api, const Call& call);

// pipelines.cc
Result<Response> ListPipelines(Api& api, const Call& call);
Result<Response> GetPipeline(Api& api, const Call& call);
Result<Response> GetNextTimes(Api& api, const Call& call);
Result<Response> GetGrid(Api& api, const Call& call);
Result<Response> PausePipeline(Api& api, const Call& call);
Result<Response> UnpausePipeline(Api& api, const Call& call);
Result<Response> TriggerPipeline(Api& api, const Call& call);

// runs.cc
Result<Response> ListRuns(Api& api, const Call& call);
Result<Response> GetRun(Api& api, const Call& call);
Result<Response> ListTasks(Api& api, const Call& call);
Result<Response> ListAttempts(Api& api, const Call& call);
Result<Response> GetGantt(Api& api, const Call& call);
Result<Response> GetTask(Api& api, const Call& call);

// run_actions.cc
Result<Response> CancelRun(Api& api, const Call& call);
Result<Response> HoldRun(Api& api, const Call& call);
Result<Response> ReleaseRun(Api& api, const Call& call);
Result<Response> RetryRun(Api& api, const Call& call);
Result<Response> ClearTasks(Api& api, const Call& call);
Result<Response> MarkTasks(Api& api, const Call& call);

// logs.cc
Result<Response> GetLog(Api& api, const Call& call);
Result<Response> SearchLog(Api& api, const Call& call);

// backfills.cc
Result<Response> ListBackfills(Api& api, const Call& call);
Result<Response> BeginBackfill(Api& api, const Call& call);
Result<Response> ResumeBackfill(Api& api, const Call& call);
Result<Response> CancelBackfill(Api& api, const Call& call);

// assets.cc
Result<Response> ListAssets(Api& api, const Call& call);
Result<Response> GetAsset(Api& api, const Call& call);
Result<Response> ListConnections(Api& api, const Call& call);

}  // namespace stir::server
