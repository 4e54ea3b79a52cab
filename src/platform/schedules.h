// From a pipeline's definition to the schedule that the scheduler decides with.
#pragma once

#include "base/result.h"
#include "platform/definitions.h"
#include "scheduler/schedule.h"

namespace stir::platform {

// The ticks that divide a pipeline's time: its schedule's, or days.
scheduler::Calendar CalendarOf(const Pipeline& pipeline);
// `asked`: for `freshness: auto`, the least age that somebody wants of what the pipeline makes, 0 when nobody says; the
// schedule is then an error.
Result<scheduler::Schedule> ScheduleOf(const Definitions& definitions, const Pipeline& pipeline, Duration asked = {});
// "0 6 * * *", "every 15m"; empty: none.
std::string ScheduleText(const Schedule& schedule);

}  // namespace stir::platform
