// The table of the API. A path says what a thing is, a POST below it what is done to it.
#include <array>

#include "server/resources.h"
#include "server/router.h"

namespace stir::server {

std::span<const Route> Routes() {
  using enum Role;
  static constexpr auto kRoutes = std::to_array<Route>({
      {"GET", "/health", "", kAnybody, GetHealth},
      {"GET", "/ready", "", kAnybody, GetReady},
      {"GET", "/metrics", "", kViewer, GetMetrics},
      {"GET", "/api/v1/openapi.json", "", kViewer, GetDescription},
      {"GET", "/api/v1/pipelines", "limit cursor", kViewer, ListPipelines},
      {"GET", "/api/v1/pipelines/{pipeline}", "", kViewer, GetPipeline},
      {"GET", "/api/v1/pipelines/{pipeline}/next", "count", kViewer, GetNextTimes},
      {"GET", "/api/v1/pipelines/{pipeline}/grid", "limit cursor", kViewer, GetGrid},
      {"POST", "/api/v1/pipelines/{pipeline}/runs", "", kOperator, TriggerPipeline},
      {"POST", "/api/v1/pipelines/{pipeline}/pause", "", kOperator, PausePipeline},
      {"POST", "/api/v1/pipelines/{pipeline}/unpause", "", kOperator, UnpausePipeline},
      {"POST", "/api/v1/pipelines/{pipeline}/backfills", "", kOperator, BeginBackfill},
      {"GET", "/api/v1/runs", "pipeline type state backfill from until limit cursor", kViewer, ListRuns},
      {"GET", "/api/v1/runs/{run}", "", kViewer, GetRun},
      {"GET", "/api/v1/runs/{run}/tasks", "", kViewer, ListTasks},
      {"GET", "/api/v1/runs/{run}/tasks/{task}", "", kViewer, GetTask},
      {"GET", "/api/v1/runs/{run}/tasks/{task}/log", "attempt offset tail limit", kViewer, GetLog},
      {"GET", "/api/v1/runs/{run}/tasks/{task}/log/search", "attempt text offset limit", kViewer, SearchLog},
      {"GET", "/api/v1/runs/{run}/attempts", "", kViewer, ListAttempts},
      {"GET", "/api/v1/runs/{run}/gantt", "", kViewer, GetGantt},
      {"POST", "/api/v1/runs/{run}/cancel", "", kOperator, CancelRun},
      {"POST", "/api/v1/runs/{run}/hold", "", kOperator, HoldRun},
      {"POST", "/api/v1/runs/{run}/release", "", kOperator, ReleaseRun},
      {"POST", "/api/v1/runs/{run}/retry", "", kOperator, RetryRun},
      {"POST", "/api/v1/runs/{run}/clear", "", kOperator, ClearTasks},
      {"POST", "/api/v1/runs/{run}/mark", "", kOperator, MarkTasks},
      {"GET", "/api/v1/backfills", "limit cursor", kViewer, ListBackfills},
      {"POST", "/api/v1/backfills/{backfill}/cancel", "", kOperator, CancelBackfill},
      {"POST", "/api/v1/backfills/{backfill}/resume", "", kOperator, ResumeBackfill},
      {"GET", "/api/v1/assets", "limit cursor", kViewer, ListAssets},
      {"GET", "/api/v1/assets/{asset}", "", kViewer, GetAsset},
      {"GET", "/api/v1/connections", "", kViewer, ListConnections},
      {"GET", "/api/v1/audit", "limit cursor", kViewer, ListAudit},
      {"GET", "/api/v1/events", "run pipeline", kViewer, GetEvents},
  });
  return kRoutes;
}

}  // namespace stir::server
