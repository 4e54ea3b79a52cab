// Cron expressions: the wall-clock times that they name, and the instants at which those are due in a time zone.
// Daylight saving follows one rule: an hour field of exactly `*` follows every real hour; any other is wall clock,
// where a time that a gap swallows is due once at the first instant after the gap, and a time that comes twice is due
// the first time only.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "scheduler/zone.h"

namespace stir::scheduler {

// Five fields (minute hour day-of-month month day-of-week), six (seconds first) or a preset (@hourly @daily @midnight
// @weekly @monthly @quarterly @yearly @annually). Fields take *, lists, ranges, steps, names (jan, mon); Sunday is 0
// and 7. Days of the month also L (the last), L-3 (three before it), 15W (the weekday nearest to the 15th, within the
// month) and LW; days of the week 5#3 or fri#3 (the third Friday) and 5L (the last one). `?` is `*` where days are
// named. When neither field names every day, a day that either names makes a match.
class Cron {
 public:
  // An expression that names no time at all (30 February) is an error.
  static Result<Cron> Parse(std::string_view text);
  // The first time due after `after`.
  Timestamp Next(Timestamp after, const Zone& zone) const;
  // Whether the wall clock at `local` (whole seconds) is one that the expression names.
  bool Names(Timestamp local) const;
  bool follows_real_hours() const { return every_hour_; }

 private:
  friend class CronParser;
  struct Date;
  bool DayMatches(const Date& date) const;
  // The first wall-clock time named after `local`, as if there were no zones.
  std::optional<Timestamp> NextLocal(Timestamp local) const;
  Timestamp NextNamed(Timestamp local) const;
  std::optional<Duration> TimeOfDayFrom(Duration from) const;
  bool NamesNothing() const;

  static constexpr unsigned kLastWeekday = 32;

  uint64_t seconds_ = 1, minutes_ = 0, hours_ = 0, days_ = 0, months_ = 0, weekdays_ = 0;  // bit i: value i
  uint64_t before_last_ = 0;      // bit n: n days before the last of the month
  uint64_t nearest_ = 0;          // bit n: the weekday nearest to n; bit kLastWeekday: the last one of the month
  std::array<uint8_t, 7> nth_{};  // by weekday, bit n: the nth of the month; bit 0: the last
  bool every_hour_ = false, any_day_ = true, any_weekday_ = true;
};

}  // namespace stir::scheduler
