// The decisions of the service about one pipeline, as a function: what its schedule says, what the store remembers and
// what time it is, to what is to be done next. Whoever carries a decision out writes it to the store in one commit with
// the memory that `Remember` makes of it, so that the process may die before or after, but not in between.
//
// A decided interval is never decided again: `decided_until` only grows, whatever the clock does. Intervals follow each
// other without gap or overlap, also when the schedule is changed: the first interval of the new schedule begins where
// the old one's last decision ended and ends at the new one's next tick.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "scheduler/schedule.h"
#include "scheduler/state.h"

namespace stir::scheduler {

// How often each asset was renewed; one that never was is not there.
using Versions = std::map<std::string, int64_t>;

// Of one pipeline, as the store keeps it.
struct Memory {
  std::string schedule;        // Schedule::text that the rest belongs to; empty: it was never scheduled
  Timestamp decided_until{};   // where the next interval begins
  Timestamp not_due_before{};  // its end is the first tick after both
  bool paused = false;
  Versions seen{};  // of a schedule on data: what its last run began with
};

// What else is known of the pipeline when a decision is made.
struct Standing {
  int active_runs = 0;  // of any type
  // Intervals that came due up to here did so while nobody watched: before the service began, or until the pause ended.
  Timestamp watched_since{};
  std::optional<TaskState> last_run;  // of the newest interval before the next one that has a run
  Versions versions{};                // of the assets that its schedule is on
};

struct Decision {
  enum class Kind : uint8_t {
    kAdopt,  // the schedule is new or was changed: from here on it is watched
    kStart,  // create the run of `interval`
    kSkip,   // `interval` has no run: `reason`
    kDrop,   // `count` intervals, together `interval`, have no run: `reason`
  };
  Kind kind = Kind::kStart;
  Interval interval;
  int64_t count = 1;
  std::string reason;
  Versions seen{};  // of a schedule on data: what it begins with
};

// What is to be done now, one decision at a time; without one, when to ask again.
struct Verdict {
  std::optional<Decision> decision;
  std::optional<Timestamp> wake_at;  // a time of the wall clock; none: only when something happens
  std::string waits_for;             // why a due run is not started: "max_active_runs", ...
};

Verdict Decide(const Schedule& schedule, const Memory& memory, const Standing& standing, Timestamp now);

// The memory after a decision was carried out.
Memory Remember(Memory memory, const Schedule& schedule, const Decision& decision, Timestamp now);

// The interval that is decided next: from what was decided up to now to the next tick. `memory` belongs to `schedule`.
Interval NextInterval(const Schedule& schedule, const Memory& memory);

// A coming decision, for people.
struct Tick {
  Decision decision;
  std::string note;  // what daylight saving did to it, that it is due already, ...
};
// At most `count`, oldest first, from `now` on: what will be decided when every run starts at once and no pause is in
// the way.
std::vector<Tick> ComingTicks(const Schedule& schedule, Memory memory, Timestamp now, size_t count);

// One decision of a simulated service that is never down.
struct Simulated {
  Timestamp at{};
  Decision decision;
  std::optional<Timestamp> waited_since;  // a run that could not start when it was due
};
// Everything that is decided from `from` on and before `to`, when every run takes `run_time` and succeeds.
std::vector<Simulated> Simulate(const Schedule& schedule, Timestamp from, Timestamp to, Duration run_time);

}  // namespace stir::scheduler
