#include "scheduler/calendar.h"

#include <date/tz.h>
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "scheduler/kinds.h"

namespace stir::scheduler {
namespace {

constexpr Duration kMinute = std::chrono::minutes(1);
constexpr Duration kDay = std::chrono::hours(24);
constexpr int kHorizonDays = 30 * 366;

using Local = date::local_time<std::chrono::microseconds>;

Timestamp Floor(Timestamp time, Duration unit) {
  const auto count = time.time_since_epoch().count(), size = unit.count();
  return Timestamp(Duration(count - ((count % size) + size) % size));
}

bool Has(uint64_t set, unsigned value) { return (set >> value & 1) != 0; }

}  // namespace

Result<Zone> Zone::Find(std::string_view name) {
  try {
    return Zone(date::locate_zone(std::string(name)));
  } catch (const std::exception&) {
    return Diagnostic(kUnknownTimezone, fmt::format("there is no time zone `{}`", name))
        .Hint("use a name of the tz database, such as `UTC`, `Asia/Kolkata` or `Europe/Berlin`");
  }
}

Zone Zone::Utc() {
  static const date::time_zone* const utc = date::locate_zone("UTC");
  return Zone(utc);
}

std::string_view Zone::name() const { return zone_->name(); }

Timestamp Zone::ToLocal(Timestamp utc) const { return Timestamp(zone_->to_local(utc).time_since_epoch()); }

Timestamp Zone::ToUtc(Timestamp local) const {
  const Local wall(local.time_since_epoch());
  const date::local_info info = zone_->get_info(wall);
  // In a gap `first` ends where the gap begins; where a time comes twice `first` is the earlier offset.
  if (info.result == date::local_info::nonexistent) return info.first.end;
  return Timestamp((wall.time_since_epoch() - info.first.offset));
}

std::string Zone::OffsetText(Timestamp utc) const {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(zone_->get_info(utc).offset).count();
  const auto size = std::abs(minutes);
  return fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

bool Cron::DayMatches(Timestamp local_day) const {
  const date::sys_days days = date::floor<date::days>(local_day);
  const date::year_month_day ymd(days);
  if (!Has(months_, static_cast<unsigned>(ymd.month()))) return false;
  const bool by_day = Has(days_, static_cast<unsigned>(ymd.day()));
  const bool by_weekday = Has(weekdays_, date::weekday(days).c_encoding());
  if (!any_day_ && !any_weekday_) return by_day || by_weekday;
  return by_day && by_weekday;
}

std::optional<Timestamp> Cron::Next(Timestamp after, const Zone& zone) const {
  return every_hour_ ? NextReal(after, zone) : NextWall(after, zone);
}

std::optional<Timestamp> Cron::NextReal(Timestamp after, const Zone& zone) const {
  const Timestamp horizon = after + kHorizonDays * kDay;
  for (Timestamp minute = Floor(after, kMinute); minute < horizon;) {
    const Timestamp local = zone.ToLocal(minute);
    if (!DayMatches(local)) {
      const Timestamp next_day = zone.ToUtc(Floor(local, kDay) + kDay);
      minute = std::max(next_day, minute + kMinute);
      continue;
    }
    const auto minute_of_hour = static_cast<unsigned>((local - Floor(local, std::chrono::hours(1))) / kMinute);
    if (Has(minutes_, minute_of_hour)) {
      for (unsigned second = 0; second < 60; ++second)
        if (const Timestamp due = minute + std::chrono::seconds(second); Has(seconds_, second) && due > after)
          return due;
    }
    minute += kMinute;
  }
  return std::nullopt;
}

std::optional<Timestamp> Cron::NextWall(Timestamp after, const Zone& zone) const {
  // A gap may move a time of an earlier wall-clock day past `after`, so begin a day or two before.
  Timestamp day = Floor(zone.ToLocal(after), kDay) - 2 * kDay;
  for (int i = 0; i < kHorizonDays; ++i, day += kDay) {
    if (!DayMatches(day)) continue;
    for (unsigned hour = 0; hour < 24; ++hour) {
      if (!Has(hours_, hour)) continue;
      for (unsigned minute = 0; minute < 60; ++minute) {
        if (!Has(minutes_, minute)) continue;
        const Timestamp wall = day + std::chrono::hours(hour) + std::chrono::minutes(minute);
        for (unsigned second = 0; second < 60; ++second) {
          if (!Has(seconds_, second)) continue;
          if (const Timestamp due = zone.ToUtc(wall + std::chrono::seconds(second)); due > after) return due;
        }
      }
    }
  }
  return std::nullopt;
}

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

std::optional<Timestamp> Calendar::Next(Timestamp after) const {
  if (cron_) return cron_->Next(after, zone_);
  return anchor_ + Floor(Timestamp(after - anchor_), period_).time_since_epoch() + period_;
}

std::optional<Timestamp> Calendar::Last(Timestamp at) const {
  if (!cron_) return anchor_ + Floor(Timestamp(at - anchor_), period_).time_since_epoch();
  for (const Duration back : {Duration(std::chrono::hours(2)), 2 * kDay, 40 * kDay, 400 * kDay, kHorizonDays * kDay}) {
    auto tick = Next(at - back);
    if (!tick || *tick > at) continue;
    for (auto next = tick; next && *next <= at; next = Next(*next)) tick = next;
    return tick;
  }
  return std::nullopt;
}

std::optional<Interval> Calendar::Containing(Timestamp at) const {
  const auto start = Last(at), end = Next(at);
  if (!start || !end) return std::nullopt;
  return Interval{*start, *end};
}

std::optional<Interval> Calendar::LastComplete(Timestamp now) const {
  const auto end = Last(now);
  if (!end) return std::nullopt;
  return Containing(*end - Duration(1));
}

std::vector<Interval> Calendar::Between(Timestamp from, Timestamp to, size_t limit) const {
  std::vector<Interval> intervals;
  auto start = Next(from - Duration(1));
  while (start && *start < to && intervals.size() < limit) {
    const auto end = Next(*start);
    if (!end) break;
    intervals.push_back({*start, *end});
    start = end;
  }
  return intervals;
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

}  // namespace stir::scheduler
