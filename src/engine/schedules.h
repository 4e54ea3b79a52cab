// Schedules from the command line: what is due next and why, what a span of time would bring, pause and resume. All of
// it is what the service decides (scheduler/clockwork.h), asked without carrying it out.
#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/host.h"
#include "engine/options.h"
#include "engine/workspace.h"
#include "platform/definitions.h"
#include "scheduler/clockwork.h"

namespace stir::engine {

// One interval, or several that are left out together. Times are wall clock with its distance to UTC:
// "2026-03-29 03:00+02:00".
struct ScheduledTime {
  std::string pipeline, at;  // `at`: when it is decided
  std::string start, end;    // of the interval
  std::string what;          // "run", "skip", "drop"
  int64_t intervals = 1;
  std::string why;  // of a skip or a drop; of a run what is special about it, or nothing
};

struct Forecast {
  std::string schedule, timezone;
  bool paused = false;
  std::vector<ScheduledTime> times;
};
// The pipeline's next `count` times, as its schedule and the store stand.
Result<Forecast> ForecastPipeline(const Host& host, const Options& options, const std::string& name, size_t count);

struct SimulationRequest {
  std::vector<std::string> pipelines;  // empty: all that have a schedule
  std::string from, to;                // dates or times, both included
  Duration run_time{0};                // of every run
};
// What a service that is never down would decide, by time.
Result<std::vector<ScheduledTime>> SimulatePipelines(const Host& host, const Options& options,
                                                     const SimulationRequest& request);

// A paused pipeline begins no scheduled run; what runs goes on. A running service hears of it at once.
Status PausePipeline(const Host& host, const Options& options, const std::string& name, bool paused);

// Writes down that a pipeline is there.
Status RememberPipeline(store::Store& store, const platform::Pipeline& pipeline, Timestamp now);

}  // namespace stir::engine
