// A pipeline's schedule whole: the ticks of its calendar between `start` and `end`, those that are left out, and what
// is done about ticks that passed while nobody was there. Pure.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "scheduler/calendar.h"

namespace stir::scheduler {

// What becomes of intervals that came due while the service was down or the pipeline was paused.
enum class Missed : uint8_t {
  kLast,  // the newest one runs
  kAll,   // all run, oldest first
  kNone,  // none runs
};

// A time of day in which nothing is due; the end may be before the beginning (over midnight).
struct SkipWindow {
  Duration begin{}, end{};
  Zone zone = Zone::Utc();
  std::string reason;
};

// Days of a wall clock on which nothing is due, by their midnight as if it were UTC.
struct Holidays {
  std::string name;
  std::map<Timestamp, std::string> days;  // with what they are called, or nothing
};

// A schedule without ticks: a run is due when data that it is on was renewed since the last one began.
struct OnData {
  std::vector<std::string> assets;  // "source.shop.sales.us_east", "model.shop.orders", "publication.leaderboard"
  bool all = false;                 // when all of them were; else any
  Duration min_interval{0};         // between the beginnings of two runs
};

struct Schedule {
  std::optional<Calendar> calendar;     // none: it runs when somebody says so
  std::optional<OnData> on;             // in place of the calendar's ticks
  std::optional<Timestamp> start, end;  // intervals begin in [start, end)
  std::optional<SkipWindow> skip_when;
  std::optional<Holidays> holidays;
  Missed missed = Missed::kLast;
  int max_active_runs = 1;
  bool depends_on_past = false;
  std::string text;  // what makes the ticks; another text is another schedule

  // The first tick that may begin an interval: at or after `at`, and at or after `start`.
  Timestamp FirstTick(Timestamp at) const;
  // Why the run that is due at `tick` is left out; empty: it is not.
  std::string SkipReason(Timestamp tick) const;
  // Nothing begins at or after `end`.
  bool EndsBefore(Timestamp start_of_interval) const { return end && start_of_interval >= *end; }
};

}  // namespace stir::scheduler
