// When a pipeline is due and which span of time a run stands for: cron expressions, presets and periods in a time zone,
// as functions of time alone. Daylight saving follows one rule: an hour field of exactly `*` follows every real hour;
// any other is wall clock, where a time that a gap swallows is due once at the first instant after the gap, and a time
// that comes twice is due the first time only.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace date {
class time_zone;
}

namespace stir::scheduler {

// A time zone of the system's database; a small handle.
class Zone {
 public:
  static Result<Zone> Find(std::string_view name);  // "UTC", "Asia/Kolkata"
  static Zone Utc();
  std::string_view name() const;
  // Wall-clock time as if it were UTC.
  Timestamp ToLocal(Timestamp utc) const;
  // The first instant that shows this wall-clock time, or the end of the gap that swallows it.
  Timestamp ToUtc(Timestamp local) const;
  // "+05:30" at that instant.
  std::string OffsetText(Timestamp utc) const;

 private:
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;
};

// Five fields (minute hour day-of-month month day-of-week), six (seconds first) or a preset (@hourly @daily @midnight
// @weekly @monthly @quarterly @yearly @annually). Fields take *, lists, ranges, steps, names (jan, mon); Sunday is 0
// and 7. When both days are restricted, either makes a match, as in cron.
class Cron {
 public:
  static Result<Cron> Parse(std::string_view text);
  // The first time due after `after`; none within 30 years (30 February) is nullopt.
  std::optional<Timestamp> Next(Timestamp after, const Zone& zone) const;

 private:
  bool DayMatches(Timestamp local_day) const;
  std::optional<Timestamp> NextReal(Timestamp after, const Zone& zone) const;
  std::optional<Timestamp> NextWall(Timestamp after, const Zone& zone) const;

  uint64_t seconds_ = 1, minutes_ = 0, hours_ = 0, days_ = 0, months_ = 0, weekdays_ = 0;  // bit i: value i
  bool every_hour_ = false, any_day_ = true, any_weekday_ = true;
};

// Half open, never empty.
struct Interval {
  Timestamp start{}, end{};
  bool operator==(const Interval&) const = default;
};

// The ticks of a schedule, and the intervals between them. Copyable.
class Calendar {
 public:
  static Calendar OfCron(Cron cron, Zone zone);
  static Calendar OfPeriod(Duration period, Timestamp anchor, Zone zone);  // anchor + k * period, for every whole k
  // What has no schedule of its own runs for whole days.
  static Calendar Daily(Zone zone);

  const Zone& zone() const { return zone_; }
  std::optional<Timestamp> Next(Timestamp after) const;
  std::optional<Timestamp> Last(Timestamp at) const;  // the latest tick at or before
  // The interval that holds the instant.
  std::optional<Interval> Containing(Timestamp at) const;
  // The newest interval that has ended.
  std::optional<Interval> LastComplete(Timestamp now) const;
  // Those that begin in [from, to), oldest first, at most `limit`.
  std::vector<Interval> Between(Timestamp from, Timestamp to, size_t limit = 100000) const;

 private:
  explicit Calendar(Zone zone) : zone_(zone) {}
  std::optional<Cron> cron_;
  Duration period_{0};
  Timestamp anchor_{};
  Zone zone_;
};

// "2026-11-20", or RFC 3339, or "2026-11-20 06:00:00": the last without an offset is wall clock in `zone`.
struct DateText {
  Timestamp time{};
  bool whole_day = false;  // only a date was given
};
Result<DateText> ParseDateText(std::string_view text, const Zone& zone);

}  // namespace stir::scheduler
