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

// The workspace outlives it. Its end delivers the alerts that are due.
class PipelineSession {
 public:
  explicit PipelineSession(Workspace& workspace)
      : workspace_(workspace),
        narrator_(workspace.host().events, workspace.host().redactor),
        alerts_(workspace, narrator_) {}
  Workspace& workspace() { return workspace_; }
  const PipelineNarrator& narrator() const { return narrator_; }
  AlertSender& alerts() { return alerts_; }

 private:
  Workspace& workspace_;
  PipelineNarrator narrator_;
  AlertSender alerts_;
};

// The ticks that divide a pipeline's time: its schedule's, or days.
scheduler::Calendar CalendarOf(const platform::Pipeline& pipeline);

// The right to run one interval of a pipeline, and one of its `max_active_runs`: held until destroyed, let go by the
// system when the process dies. kRunHeld names the process that has it.
Result<std::vector<std::unique_ptr<FileLock>>> HoldInterval(Workspace& workspace, const platform::Pipeline& pipeline,
                                                            const scheduler::Interval& interval);

}  // namespace stir::engine
