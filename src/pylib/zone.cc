// Time zones out of the system's database, at the offset that pytz would give them.
#include <date/tz.h>

#include <exception>

#include "pylib/temporal.h"

namespace stir::pylib {
namespace {

using std::chrono::microseconds;

Zone Filled(const Zone& zone, const date::sys_info& info) {
  Zone filled = zone;
  filled.offset = info.offset;
  filled.abbreviation = info.abbrev;
  filled.dst = info.save != std::chrono::minutes(0);
  return filled;
}

}  // namespace

std::optional<Zone> FindZone(std::string_view name) {
  if (name == "UTC" || name == "utc" || name == "Etc/UTC") return Zone{};
  try {
    Zone zone;
    zone.zone = date::locate_zone(std::string(name));
    zone.name = std::string(name);
    zone = Filled(zone, zone.zone->get_info(date::sys_days(date::year(1800) / 1 / 1)));
    zone.offset = std::chrono::round<std::chrono::minutes>(zone.offset);  // pytz rounds local mean time to minutes
    return zone;
  } catch (const std::exception&) {  // the library throws for a name that it does not know
    return std::nullopt;
  }
}

Zone ZoneAt(const Zone& zone, int64_t instant) {
  if (zone.zone == nullptr) return zone;
  return Filled(zone, zone.zone->get_info(
                          date::floor<std::chrono::seconds>(date::sys_time<microseconds>(microseconds(instant)))));
}

Zone ZoneOfWall(const Zone& zone, WallTime wall) {
  if (zone.zone == nullptr) return zone;
  const date::local_info info =
      zone.zone->get_info(date::floor<std::chrono::seconds>(date::local_time<microseconds>(microseconds(wall))));
  if (info.result == date::local_info::unique) return Filled(zone, info.first);
  const bool first_is_standard = info.first.save == std::chrono::minutes(0);
  return Filled(zone, first_is_standard ? info.first : info.second);
}

}  // namespace stir::pylib
