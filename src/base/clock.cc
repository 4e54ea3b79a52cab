// The system clock, and time and durations as text.
#include "base/clock.h"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <limits>

namespace stir {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

class OsClock final : public Clock {
 public:
  OsClock() {
    if (const char* fixed = std::getenv("STIR_NOW")) fixed_ = ParseTimestamp(fixed);
  }
  Timestamp Now() const override {
    if (fixed_) return *fixed_;
    return std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now());
  }
  Duration Monotonic() const override {
    return std::chrono::duration_cast<Duration>(std::chrono::steady_clock::now().time_since_epoch());
  }

 private:
  std::optional<Timestamp> fixed_;
};

// Reads a text from left to right; every Take moves on only when it succeeds.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}
  bool Done() const { return rest_.empty(); }
  bool TakeAny(std::string_view choices) {
    if (rest_.empty() || choices.find(rest_.front()) == std::string_view::npos) return false;
    last_ = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  char last() const { return last_; }
  // Exactly `digits` decimal digits within [low, high].
  std::optional<int> TakeNumber(size_t digits, int low, int high) {
    int value = 0;
    for (size_t i = 0; i < digits; ++i) {
      if (!TakeAny("0123456789")) return std::nullopt;
      value = value * 10 + (last_ - '0');
    }
    if (value < low || value > high) return std::nullopt;
    return value;
  }
  // The digits after a decimal point as microseconds; further digits are cut.
  std::optional<microseconds> TakeFraction() {
    if (!TakeAny("0123456789")) return std::nullopt;
    int64_t value = 0;
    int digits = 0;
    do {
      if (digits++ < 6) value = value * 10 + (last_ - '0');
    } while (TakeAny("0123456789"));
    for (; digits < 6; ++digits) value *= 10;
    return microseconds(value);
  }

 private:
  std::string_view rest_;
  char last_ = 0;
};

std::optional<Timestamp> TakeDate(Reader& reader) {
  const auto year = reader.TakeNumber(4, 1, 9999);
  if (!year || !reader.TakeAny("-")) return std::nullopt;
  const auto month = reader.TakeNumber(2, 1, 12);
  if (!month || !reader.TakeAny("-")) return std::nullopt;
  const auto day = reader.TakeNumber(2, 1, 31);
  if (!day) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok()) return std::nullopt;
  return Timestamp(std::chrono::sys_days(date));
}

std::optional<Duration> TakeTimeOfDay(Reader& reader) {
  const auto hour = reader.TakeNumber(2, 0, 23);
  if (!hour || !reader.TakeAny(":")) return std::nullopt;
  const auto minute = reader.TakeNumber(2, 0, 59);
  if (!minute || !reader.TakeAny(":")) return std::nullopt;
  const auto second = reader.TakeNumber(2, 0, 60);
  if (!second) return std::nullopt;
  Duration time = hours(*hour) + minutes(*minute) + seconds(*second);
  if (!reader.TakeAny(".")) return time;
  const auto fraction = reader.TakeFraction();
  if (!fraction) return std::nullopt;
  return time + *fraction;
}

// `Z`, `+hh:mm`, `-hh:mm`, or nothing (UTC).
std::optional<Duration> TakeOffset(Reader& reader) {
  if (reader.Done() || reader.TakeAny("Zz")) return Duration(0);
  if (!reader.TakeAny("+-")) return std::nullopt;
  const int sign = reader.last() == '-' ? -1 : 1;
  const auto hour = reader.TakeNumber(2, 0, 23);
  if (!hour) return std::nullopt;
  reader.TakeAny(":");
  const auto minute = reader.TakeNumber(2, 0, 59);
  if (!minute) return std::nullopt;
  return sign * Duration(hours(*hour) + minutes(*minute));
}

struct Unit {
  std::string_view name;
  int64_t size;
};
constexpr Unit kUnits[] = {{"w", 604'800'000'000},
                           {"d", 86'400'000'000},
                           {"h", 3'600'000'000},
                           {"m", 60'000'000},
                           {"s", 1'000'000},
                           {"ms", 1'000},
                           {"us", 1}};

std::optional<int64_t> UnitSize(std::string_view name) {
  for (const Unit& unit : kUnits) {
    if (unit.name == name) return unit.size;
  }
  return std::nullopt;
}

// Up to three decimals, without trailing zeros.
std::string Decimal(int64_t value, int64_t unit) {
  std::string text = fmt::format("{}.{:03}", value / unit, value % unit * 1000 / unit);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace

const Clock& SystemClock() {
  static const OsClock clock;
  return clock;
}

std::string FormatTimestamp(Timestamp time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:06}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count(), clock.subseconds().count());
}

std::optional<Timestamp> ParseTimestamp(std::string_view text) {
  Reader reader(text);
  const auto date = TakeDate(reader);
  if (!date || reader.Done()) return date;
  if (!reader.TakeAny("Tt ")) return std::nullopt;
  const auto time = TakeTimeOfDay(reader);
  if (!time) return std::nullopt;
  const auto offset = TakeOffset(reader);
  if (!offset || !reader.Done()) return std::nullopt;
  return *date + *time - *offset;
}

std::optional<Duration> ParseDuration(std::string_view text) {
  constexpr double kLongest = 1e17;  // about 3,000 years: sums of durations stay within 64 bits
  double total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    double number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    if (error != std::errc() || text.front() == '-') return std::nullopt;
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    const size_t name_size = std::min(text.find_first_not_of("abcdefghijklmnopqrstuvwxyz"), text.size());
    const auto unit = UnitSize(text.substr(0, name_size));
    if (!unit) return std::nullopt;
    text.remove_prefix(name_size);
    total += number * static_cast<double>(*unit);
    if (!(total < kLongest)) return std::nullopt;
  }
  return Duration(std::llround(total));
}

std::string FormatDuration(Duration duration) {
  int64_t rest = duration.count();
  if (rest < 0) return "-" + FormatDuration(-duration);
  if (rest == 0) return "0s";
  if (rest < 1'000) return fmt::format("{}us", rest);
  if (rest < 1'000'000) return Decimal(rest, 1'000) + "ms";
  std::string text;
  for (const Unit& unit : {Unit{"d", 86'400'000'000}, Unit{"h", 3'600'000'000}, Unit{"m", 60'000'000}}) {
    if (rest >= unit.size) text += fmt::format("{}{}", rest / unit.size, unit.name);
    rest %= unit.size;
  }
  if (rest >= 1'000) text += Decimal(rest, 1'000'000) + "s";
  return text;
}

}  // namespace stir
