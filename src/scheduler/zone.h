// A time zone of the system's database: wall clock to instants and back, also where a wall-clock time does not exist or
// comes twice.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"

namespace date {
class time_zone;
}

namespace stir::scheduler {

// How often a wall-clock time comes.
enum class WallTime : uint8_t { kOnce, kNever, kTwice };

// A small handle.
class Zone {
 public:
  static Result<Zone> Find(std::string_view name);  // "UTC", "Asia/Kolkata"
  static Zone Utc();
  std::string_view name() const;
  // Wall-clock time as if it were UTC.
  Timestamp ToLocal(Timestamp utc) const;
  // The first instant that shows this wall-clock time, or the end of the gap that swallows it.
  Timestamp ToUtc(Timestamp local) const;
  WallTime HowOften(Timestamp local) const;
  // From the instant on, the time for which the wall clock keeps its distance to UTC.
  struct Stretch {
    Timestamp end{};
    Duration offset{};
  };
  Stretch StretchAt(Timestamp utc) const;
  // "+05:30" at that instant.
  std::string OffsetText(Timestamp utc) const;

 private:
  explicit Zone(const date::time_zone* zone) : zone_(zone) {}
  const date::time_zone* zone_;
};

}  // namespace stir::scheduler
