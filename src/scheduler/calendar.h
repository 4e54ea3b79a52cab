// The ticks of a schedule and the intervals between them: which span of time a run stands for. Functions of time alone.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "scheduler/cron.h"
#include "scheduler/zone.h"

namespace stir::scheduler {

// Half open, never empty.
struct Interval {
  Timestamp start{}, end{};
  bool operator==(const Interval&) const = default;
};

// Copyable.
class Calendar {
 public:
  static Calendar OfCron(Cron cron, Zone zone);
  static Calendar OfPeriod(Duration period, Timestamp anchor, Zone zone);  // anchor + k * period, for every whole k
  // What has no schedule of its own runs for whole days.
  static Calendar Daily(Zone zone);

  const Zone& zone() const { return zone_; }
  Timestamp Next(Timestamp after) const;
  Timestamp Last(Timestamp at) const;  // the latest tick at or before
  // The interval that holds the instant.
  Interval Containing(Timestamp at) const;
  // The newest interval that has ended.
  Interval LastComplete(Timestamp now) const;
  // Those that begin in [from, to), oldest first, at most `limit`.
  std::vector<Interval> Between(Timestamp from, Timestamp to, size_t limit = 100000) const;
  // What daylight saving did to a tick, in words; empty: nothing.
  std::string NoteOn(Timestamp tick) const;

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
// What a range ends with, exclusive, whose last day or time is `date`: the end of its day, or just after the time.
Timestamp EndOf(const DateText& date, const Zone& zone);

}  // namespace stir::scheduler
