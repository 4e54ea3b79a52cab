// What the commands that run pipelines share: who tells, who delivers alerts, and the locks that keep two processes
// from running the same thing.
#pragma once

#include <memory>
#include <vector>

#include "base/files.h"
#include "engine/pipeline_alerts.h"
#include "engine/pipeline_events.h"
#include "engine/workspace.h"
#include "platform/definitions.h"
#include "scheduler/calendar.h"

namespace stir::engine {

// The workspace outlives it. Its end delivers the alerts that are due, and tells a service that intervals may be free.
class PipelineSession {
 public:
  explicit PipelineSession(Workspace& workspace)
      : workspace_(workspace),
        narrator_(workspace.host().events, workspace.host().redactor),
        alerts_(workspace, narrator_) {}
  ~PipelineSession();
  PipelineSession(const PipelineSession&) = delete;
  PipelineSession& operator=(const PipelineSession&) = delete;
  Workspace& workspace() { return workspace_; }
  const PipelineNarrator& narrator() const { return narrator_; }
  AlertSender& alerts() { return alerts_; }

 private:
  Workspace& workspace_;
  PipelineNarrator narrator_;
  AlertSender alerts_;
};

// The right to run one interval of a pipeline, and one of its `max_active_runs`: held until destroyed, let go by the
// system when the process dies. kRunHeld names the process that has it.
Result<std::vector<std::unique_ptr<FileLock>>> HoldInterval(Workspace& workspace, const platform::Pipeline& pipeline,
                                                            const scheduler::Interval& interval);

// The pipeline's parameters as JSON, with those of `given` (the YAML of a mapping, or nothing) laid over them.
Result<std::string> ParamsOf(const platform::Pipeline& pipeline, const std::string& given, SourceMap& sources);

}  // namespace stir::engine
