#include "scheduler/calendar.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "scheduler/kinds.h"

namespace stir::scheduler {
namespace {

constexpr Duration kDay = std::chrono::hours(24);

Timestamp Floor(Timestamp time, Duration unit) {
  const auto count = time.time_since_epoch().count(), size = unit.count();
  return Timestamp(Duration(count - ((count % size) + size) % size));
}

std::string ClockText(Timestamp local) { return FormatTimestamp(local).substr(11, 5); }

}  // namespace

Calendar Calendar::OfCron(Cron cron, Zone zone) {
  Calendar calendar(zone);
  calendar.cron_ = cron;
  return calendar;
}

Calendar Calendar::OfPeriod(Duration period, Timestamp anchor, Zone zone) {
  Calendar calendar(zone);
  calendar.period_ = period;
  calendar.anchor_ = anchor;
  return calendar;
}

Calendar Calendar::Daily(Zone zone) { return OfCron(*Cron::Parse("@daily"), zone); }

Timestamp Calendar::Next(Timestamp after) const {
  if (cron_) return cron_->Next(after, zone_);
  return anchor_ + Floor(Timestamp(after - anchor_), period_).time_since_epoch() + period_;
}

Timestamp Calendar::Last(Timestamp at) const {
  if (!cron_) return anchor_ + Floor(Timestamp(at - anchor_), period_).time_since_epoch();
  // Every expression names a time within 41 years.
  for (Duration back = std::chrono::minutes(2);; back *= 8) {
    Timestamp tick = Next(at - back);
    if (tick > at) continue;
    for (Timestamp next = tick; next <= at; next = Next(next)) tick = next;
    return tick;
  }
}

Interval Calendar::Containing(Timestamp at) const { return {Last(at), Next(at)}; }

Interval Calendar::LastComplete(Timestamp now) const { return Containing(Last(now) - Duration(1)); }

std::vector<Interval> Calendar::Between(Timestamp from, Timestamp to, size_t limit) const {
  std::vector<Interval> intervals;
  for (Timestamp start = Next(from - Duration(1)); start < to && intervals.size() < limit;) {
    const Timestamp end = Next(start);
    intervals.push_back({start, end});
    start = end;
  }
  return intervals;
}

std::string Calendar::NoteOn(Timestamp tick) const {
  const Timestamp local = zone_.ToLocal(tick);
  if (cron_ && !cron_->Names(local)) {
    const Timestamp before = zone_.ToLocal(tick - Duration(1)) + Duration(1);
    return fmt::format("the clock skips {} to {}: due after it", ClockText(before), ClockText(local));
  }
  if (zone_.HowOften(local) != WallTime::kTwice) return {};
  const bool first = zone_.ToUtc(local) == tick;
  return fmt::format("{} comes twice: this is the {}", ClockText(local), first ? "first" : "second");
}

Result<DateText> ParseDateText(std::string_view text, const Zone& zone) {
  const std::optional<Timestamp> time = ParseTimestamp(Strip(text));
  if (!time)
    return Diagnostic(kBadInterval, fmt::format("`{}` is no date or time", text))
        .Hint("write `2026-11-20`, `2026-11-20 06:00:00` or `2026-11-20T06:00:00Z`");
  const std::string_view stripped = Strip(text);
  const bool whole_day = stripped.size() == 10;
  const std::string_view clock = stripped.size() > 10 ? stripped.substr(10) : "";
  const bool absolute = clock.find_first_of("Zz+-") != std::string_view::npos;
  return DateText{absolute ? *time : zone.ToUtc(*time), whole_day};
}

Timestamp EndOf(const DateText& date, const Zone& zone) {
  if (!date.whole_day) return date.time + Duration(1);
  return zone.ToUtc(Floor(zone.ToLocal(date.time), kDay) + kDay);
}

}  // namespace stir::scheduler
