// The schedule of a pipeline whose period follows from what its readers ask.
#pragma once

#include "base/result.h"
#include "engine/workspace.h"
#include "platform/definitions.h"
#include "scheduler/schedule.h"

namespace stir::engine {

// platform::ScheduleOf, with the least freshness that is asked of what the pipeline loads, builds or publishes, and of
// what is made of that.
Result<scheduler::Schedule> ScheduleOf(Workspace& workspace, const platform::Pipeline& pipeline);

}  // namespace stir::engine
