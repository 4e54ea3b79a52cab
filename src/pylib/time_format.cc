// strftime, strptime and ISO 8601, with Python's directives in the C locale.
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "pylib/temporal.h"

namespace stir::pylib {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Monday", "Tuesday",  "Wednesday", "Thursday",
                                                   "Friday", "Saturday", "Sunday"};
constexpr std::array<std::string_view, 12> kMonths = {"January",   "February", "March",    "April",
                                                      "May",       "June",     "July",     "August",
                                                      "September", "October",  "November", "December"};

int64_t FloorDivide(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

int WeekdayOf(int64_t days) { return static_cast<int>(((days + 3) % 7 + 7) % 7); }  // Monday is 0

// ISO year and week of a day: the week's Thursday decides.
std::pair<int, int> IsoWeek(int64_t days) {
  const int64_t thursday = days - WeekdayOf(days) + 3;
  const int year = FieldsOfDays(thursday).year;
  const int64_t first = *DaysOf(year, 1, 1);
  return {year, static_cast<int>((thursday - first) / 7) + 1};
}

std::string Directive(char c, const Moment& moment) {
  const int64_t days = FloorDivide(moment.wall, kMicrosPerDay);
  const int64_t micros = moment.wall - days * kMicrosPerDay;
  const DateFields date = FieldsOfDays(days);
  const int64_t second = micros / kMicrosPerSecond;
  const int hour = static_cast<int>(second / 3600), minute = static_cast<int>(second / 60 % 60);
  const int weekday = WeekdayOf(days);
  const int64_t day_of_year = days - *DaysOf(date.year, 1, 1);
  switch (c) {
    case 'Y':
      return fmt::format("{}", date.year);
    case 'y':
      return fmt::format("{:02}", date.year % 100);
    case 'C':
      return fmt::format("{:02}", date.year / 100);
    case 'm':
      return fmt::format("{:02}", date.month);
    case 'd':
      return fmt::format("{:02}", date.day);
    case 'e':
      return fmt::format("{:2}", date.day);
    case 'H':
      return fmt::format("{:02}", hour);
    case 'I':
      return fmt::format("{:02}", hour % 12 == 0 ? 12 : hour % 12);
    case 'M':
      return fmt::format("{:02}", minute);
    case 'S':
      return fmt::format("{:02}", second % 60);
    case 'f':
      return fmt::format("{:06}", micros % kMicrosPerSecond);
    case 'p':
      return hour < 12 ? "AM" : "PM";
    case 'A':
      return std::string(kDays[static_cast<size_t>(weekday)]);
    case 'a':
      return std::string(kDays[static_cast<size_t>(weekday)].substr(0, 3));
    case 'B':
      return std::string(kMonths[date.month - 1]);
    case 'b':
    case 'h':
      return std::string(kMonths[date.month - 1].substr(0, 3));
    case 'j':
      return fmt::format("{:03}", day_of_year + 1);
    case 'w':
      return fmt::format("{}", (weekday + 1) % 7);
    case 'u':
      return fmt::format("{}", weekday + 1);
    case 'U':
      return fmt::format("{:02}", (day_of_year + 7 - (weekday + 1) % 7) / 7);
    case 'W':
      return fmt::format("{:02}", (day_of_year + 7 - weekday) / 7);
    case 'G':
      return fmt::format("{}", IsoWeek(days).first);
    case 'V':
      return fmt::format("{:02}", IsoWeek(days).second);
    case 's':
      return fmt::format("{}",
                         FloorDivide(moment.wall, kMicrosPerSecond) - (moment.zone ? moment.zone->offset.count() : 0));
    case 'z':
      return moment.zone ? OffsetText(moment.zone->offset, false) : "";
    case 'Z':
      return moment.zone ? moment.zone->abbreviation : "";
    case 'F':
      return FormatTime("%Y-%m-%d", moment);
    case 'T':
      return FormatTime("%H:%M:%S", moment);
    case 'R':
      return FormatTime("%H:%M", moment);
    case 'D':
    case 'x':
      return FormatTime("%m/%d/%y", moment);
    case 'X':
      return FormatTime("%H:%M:%S", moment);
    case 'r':
      return FormatTime("%I:%M:%S %p", moment);
    case 'c':
      return FormatTime("%a %b %e %H:%M:%S %Y", moment);
    case 'n':
      return "\n";
    case 't':
      return "\t";
    case '%':
      return "%";
    default:
      return std::string{'%', c};
  }
}

// Reads a text from the left.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : rest_(text) {}
  std::string_view rest() const { return rest_; }
  bool AtDigit() const { return !empty() && rest().front() >= '0' && rest().front() <= '9'; }
  bool empty() const { return rest_.empty(); }
  bool Skip(char c) {
    if (rest_.empty() || rest_.front() != c) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void SkipSpace() {
    while (!rest_.empty() && std::isspace(static_cast<unsigned char>(rest_.front()))) rest_.remove_prefix(1);
  }
  size_t LeadingDigits(size_t most) const {
    size_t n = 0;
    while (n < rest_.size() && n < most && rest_[n] >= '0' && rest_[n] <= '9') ++n;
    return n;
  }
  std::optional<int> Number(size_t least, size_t most) {
    const size_t n = LeadingDigits(most);
    if (n < least) return std::nullopt;
    int value = 0;
    for (const char c : rest_.substr(0, n)) value = value * 10 + (c - '0');
    rest_.remove_prefix(n);
    return value;
  }
  // Microseconds from one to six digits of a fraction; further digits are dropped when `more` allows them.
  std::optional<int> Fraction(bool more = false) {
    const size_t n = LeadingDigits(6);
    if (n == 0) return std::nullopt;
    int value = *Number(n, n);
    for (size_t i = n; i < 6; ++i) value *= 10;
    while (more && LeadingDigits(1) == 1) rest_.remove_prefix(1);
    return value;
  }
  // The index of the name that stands here (without case), by its first `length` characters or whole.
  template <size_t N>
  std::optional<int> Name(const std::array<std::string_view, N>& names, size_t length) {
    for (size_t i = 0; i < N; ++i) {
      const std::string_view name = names[i].substr(0, length);
      if (rest_.size() < name.size()) continue;
      bool same = true;
      for (size_t j = 0; j < name.size(); ++j)
        same &= std::tolower(name[j]) == std::tolower(static_cast<unsigned char>(rest_[j]));
      if (!same) continue;
      rest_.remove_prefix(name.size());
      return static_cast<int>(i);
    }
    return std::nullopt;
  }
  // "Z", "+05:30", "+0530".
  std::optional<std::chrono::seconds> Offset() {
    if (Skip('Z') || Skip('z')) return std::chrono::seconds(0);
    const bool negative = !rest_.empty() && rest_.front() == '-';
    if (!Skip('+') && !Skip('-')) return std::nullopt;
    const std::optional<int> hours = Number(2, 2);
    Skip(':');
    const std::optional<int> minutes = Number(2, 2);
    if (!hours || !minutes) return std::nullopt;
    const std::chrono::seconds offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    return negative ? -offset : offset;
  }

 private:
  std::string_view rest_;
};

Zone FixedZone(std::chrono::seconds offset) {
  Zone zone;
  zone.standard = true;
  if (offset.count() == 0) return zone;
  zone.offset = offset;
  zone.name = zone.abbreviation = "UTC" + OffsetText(offset, true);
  return zone;
}

struct ParseFields {
  int year = 1900, month = 1, day = 1, hour = 0, minute = 0, second = 0, micros = 0, day_of_year = 0;
  bool has_half = false, afternoon = false;
  std::optional<std::chrono::seconds> offset;
};

bool Take(std::optional<int> value, int& field) {
  if (value) field = *value;
  return value.has_value();
}

bool ParseDirective(char c, Scanner& text, ParseFields& fields) {
  int ignored = 0;
  switch (c) {
    case 'Y':
      return Take(text.Number(4, 4), fields.year);
    case 'y':
      if (!Take(text.Number(2, 2), fields.year)) return false;
      fields.year += fields.year < 69 ? 2000 : 1900;
      return true;
    case 'm':
      return Take(text.Number(1, 2), fields.month);
    case 'd':
      return Take(text.Number(1, 2), fields.day);
    case 'j':
      return Take(text.Number(1, 3), fields.day_of_year);
    case 'H':
      return Take(text.Number(1, 2), fields.hour);
    case 'I':
      return fields.has_half = true, Take(text.Number(1, 2), fields.hour);
    case 'M':
      return Take(text.Number(1, 2), fields.minute);
    case 'S':
      return Take(text.Number(1, 2), fields.second);
    case 'f':
      return Take(text.Fraction(), fields.micros);
    case 'p': {
      static constexpr std::array<std::string_view, 2> kHalves = {"AM", "PM"};
      const std::optional<int> half = text.Name(kHalves, 2);
      fields.afternoon = half == 1;
      fields.has_half = true;
      return half.has_value();
    }
    case 'A':
      return Take(text.Name(kDays, 99), ignored);
    case 'a':
      return Take(text.Name(kDays, 3), ignored);
    case 'B':
    case 'b': {
      const bool found = Take(text.Name(kMonths, c == 'B' ? 99 : 3), fields.month);
      fields.month += found;
      return found;
    }
    case 'z':
      return fields.offset = text.Offset(), fields.offset.has_value();
    case 'Z': {
      static constexpr std::array<std::string_view, 2> kNames = {"UTC", "GMT"};
      return Take(text.Name(kNames, 3), ignored);
    }
    case '%':
      return text.Skip('%');
    default:
      return false;
  }
}

std::optional<Parsed> Assemble(const ParseFields& fields) {
  int hour = fields.hour;
  if (fields.has_half) hour = hour % 12 + (fields.afternoon ? 12 : 0);
  const std::optional<int64_t> days =
      fields.day_of_year > 0 ? DaysOf(fields.year, 1, 1) : DaysOf(fields.year, fields.month, fields.day);
  if (!days || hour > 23 || fields.minute > 59 || fields.second > 59) return std::nullopt;
  Parsed parsed;
  const int64_t day = *days + (fields.day_of_year > 0 ? fields.day_of_year - 1 : 0);
  parsed.wall =
      day * kMicrosPerDay + ((hour * 60LL + fields.minute) * 60 + fields.second) * kMicrosPerSecond + fields.micros;
  if (fields.offset) parsed.zone = FixedZone(*fields.offset);
  return parsed;
}

}  // namespace

std::string OffsetText(std::chrono::seconds offset, bool colon) {
  const int64_t total = offset.count() < 0 ? -offset.count() : offset.count();
  return fmt::format("{}{:02}{}{:02}", offset.count() < 0 ? '-' : '+', total / 3600, colon ? ":" : "", total / 60 % 60);
}

std::string ClockText(int64_t micros_of_day, bool always_seconds) {
  const int64_t second = micros_of_day / kMicrosPerSecond, micros = micros_of_day % kMicrosPerSecond;
  std::string text = fmt::format("{:02}:{:02}", second / 3600, second / 60 % 60);
  if (always_seconds || second % 60 != 0 || micros != 0) text += fmt::format(":{:02}", second % 60);
  if (micros != 0) text += fmt::format(".{:06}", micros);
  return text;
}

std::string FormatTime(std::string_view format, const Moment& moment) {
  std::string out;
  for (size_t i = 0; i < format.size(); ++i) {
    if (format[i] != '%' || i + 1 == format.size()) {
      out += format[i];
      continue;
    }
    const bool bare = format[i + 1] == '-' && i + 2 < format.size();  // glibc: %-d without padding
    i += bare ? 2 : 1;
    std::string piece = Directive(format[i], moment);
    while (bare && piece.size() > 1 && (piece.front() == '0' || piece.front() == ' ')) piece.erase(0, 1);
    out += piece;
  }
  return out;
}

Result<Parsed> ParseTime(std::string_view text, std::string_view format) {
  Scanner scanner(text);
  ParseFields fields;
  bool fits = true;
  for (size_t i = 0; i < format.size() && fits; ++i) {
    if (format[i] == '%' && i + 1 < format.size()) {
      fits = ParseDirective(format[++i], scanner, fields);
    } else if (std::isspace(static_cast<unsigned char>(format[i]))) {
      scanner.SkipSpace();
    } else {
      fits = scanner.Skip(format[i]);
    }
  }
  if (!fits) return ValueError(fmt::format("time data '{}' does not match format '{}'", text, format));
  if (!scanner.empty()) return ValueError(fmt::format("unconverted data remains: {}", scanner.rest()));
  std::optional<Parsed> parsed = Assemble(fields);
  if (!parsed) return ValueError("day is out of range for month");
  return *parsed;
}

std::optional<Parsed> ParseIso(std::string_view text) {
  Scanner scanner(text);
  ParseFields fields;
  const auto date_part = [&] {
    if (!Take(scanner.Number(4, 4), fields.year)) return false;
    const bool dashed = scanner.Skip('-');
    return Take(scanner.Number(1, 2), fields.month) && scanner.Skip('-') == dashed &&
           Take(scanner.Number(1, 2), fields.day);
  };
  if (!date_part()) return std::nullopt;
  if (scanner.empty()) return Assemble(fields);
  if (!scanner.Skip('T') && !scanner.Skip('t') && !scanner.Skip(' ')) return std::nullopt;
  scanner.SkipSpace();
  if (!Take(scanner.Number(1, 2), fields.hour)) return std::nullopt;
  const auto clock_part = [&](int& field) {  // with or without colons
    const bool present = scanner.Skip(':') || scanner.AtDigit();
    return !present || Take(scanner.Number(2, 2), field);
  };
  if (!clock_part(fields.minute) || !clock_part(fields.second)) return std::nullopt;
  if ((scanner.Skip('.') || scanner.Skip(',')) && !Take(scanner.Fraction(true), fields.micros)) return std::nullopt;
  scanner.SkipSpace();
  if (!scanner.empty()) fields.offset = scanner.Offset();
  if (!scanner.empty()) return std::nullopt;
  return Assemble(fields);
}

}  // namespace stir::pylib
