// Time as an interface, so that a simulation or a test decides what time it is. Never call the system clock elsewhere.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stir {

using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;  // UTC
using Duration = std::chrono::microseconds;

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Timestamp Now() const = 0;
  // Never goes backwards; for durations and timeouts.
  virtual Duration Monotonic() const = 0;
};

// The machine's clock; STIR_NOW (RFC 3339), read once here, fixes Now().
const Clock& SystemClock();

// "2026-11-21T10:00:00.123456Z"; FormatTimestamp always prints microseconds and Z (dbt's artifact form).
std::string FormatTimestamp(Timestamp time);
// RFC 3339 or "YYYY-MM-DD" (midnight UTC) or "YYYY-MM-DD HH:MM:SS".
std::optional<Timestamp> ParseTimestamp(std::string_view text);
// "5m", "1h30m", "2d", "90s", "250ms"; a plain number is refused.
std::optional<Duration> ParseDuration(std::string_view text);
std::string FormatDuration(Duration duration);  // "1h30m", "2.5s"

}  // namespace stir
