// From a pipeline's definition to the schedule that the scheduler decides with.
#pragma once

#include "base/result.h"
#include "platform/definitions.h"
#include "scheduler/schedule.h"

namespace stir::platform {

// The ticks that divide a pipeline's time: its schedule's, or days.
scheduler::Calendar CalendarOf(const Pipeline& pipeline);
// Fails for a kind of schedule that this version cannot follow.
Result<scheduler::Schedule> ScheduleOf(const Definitions& definitions, const Pipeline& pipeline);
// "0 6 * * *", "every 15m"; empty: none.
std::string ScheduleText(const Schedule& schedule);

}  // namespace stir::platform
