#include "scheduler/schedule.h"

#include <fmt/format.h>

namespace stir::scheduler {
namespace {

constexpr Duration kOneDay = std::chrono::hours(24);

Timestamp Midnight(Timestamp local) { return std::chrono::floor<std::chrono::days>(local); }

std::string TimeOfDay(Duration time) { return FormatTimestamp(Timestamp(time % kOneDay)).substr(11, 5); }

bool Holds(const SkipWindow& window, Duration time_of_day) {
  if (window.begin <= window.end) return time_of_day >= window.begin && time_of_day < window.end;
  return time_of_day >= window.begin || time_of_day < window.end;
}

}  // namespace

Timestamp Schedule::FirstTick(Timestamp at) const {
  const Timestamp from = start ? std::max(at, *start) : at;
  return calendar->Next(from - Duration(1));
}

std::string Schedule::SkipReason(Timestamp tick) const {
  if (holidays) {
    const auto day = holidays->days.find(Midnight(calendar->zone().ToLocal(tick)));
    if (day != holidays->days.end())
      return fmt::format("calendar {}: {}", holidays->name, day->second.empty() ? "a holiday" : day->second);
  }
  if (!skip_when) return {};
  const Timestamp local = skip_when->zone.ToLocal(tick);
  if (!Holds(*skip_when, local - Midnight(local))) return {};
  if (!skip_when->reason.empty()) return skip_when->reason;
  return fmt::format("between {} and {} {}", TimeOfDay(skip_when->begin), TimeOfDay(skip_when->end),
                     skip_when->zone.name());
}

}  // namespace stir::scheduler
