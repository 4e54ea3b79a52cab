#include "scheduler/zone.h"

#include <date/tz.h>
#include <fmt/format.h>

#include "scheduler/kinds.h"

namespace stir::scheduler {
namespace {

date::local_time<Duration> AsLocal(Timestamp wall) { return date::local_time<Duration>(wall.time_since_epoch()); }

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
  const date::local_info info = zone_->get_info(AsLocal(local));
  // In a gap `first` ends where the gap begins; where a time comes twice `first` is the earlier offset.
  if (info.result == date::local_info::nonexistent) return info.first.end;
  return Timestamp(local.time_since_epoch() - info.first.offset);
}

WallTime Zone::HowOften(Timestamp local) const {
  switch (zone_->get_info(AsLocal(local)).result) {
    case date::local_info::nonexistent:
      return WallTime::kNever;
    case date::local_info::ambiguous:
      return WallTime::kTwice;
    default:
      return WallTime::kOnce;
  }
}

Zone::Stretch Zone::StretchAt(Timestamp utc) const {
  const date::sys_info info = zone_->get_info(utc);
  // A zone that never changes again ends after what microseconds can count.
  constexpr auto kLast = std::chrono::floor<std::chrono::seconds>(Timestamp::max());
  return {info.end < kLast ? Timestamp(info.end) : Timestamp::max(), info.offset};
}

std::string Zone::OffsetText(Timestamp utc) const {
  const auto minutes = std::chrono::duration_cast<std::chrono::minutes>(zone_->get_info(utc).offset).count();
  const auto size = std::abs(minutes);
  return fmt::format("{}{:02}:{:02}", minutes < 0 ? '-' : '+', size / 60, size % 60);
}

}  // namespace stir::scheduler
