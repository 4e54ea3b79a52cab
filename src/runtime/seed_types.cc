// Numbers are read as agate prepares them for Python's Decimal, dates with strptime's leniency about leading zeros, ISO
// 8601 by the shape of the text: each digit a `d`.
#include "runtime/seed_types.h"

#include <algorithm>
#include <array>
#include <bit>
#include <charconv>

#include "base/strings.h"
#include "base/utf8.h"

namespace stir::runtime {

namespace {

using std::chrono::year_month_day;

constexpr int kDecimalDigits = 28;  // Decimal's precision

bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool AllDigits(std::string_view text) { return !text.empty() && std::ranges::all_of(text, IsDigit); }

bool IsSpace(char32_t c) {
  return c == ' ' || (c >= 0x09 && c <= 0x0d) || (c >= 0x1c && c <= 0x1f) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
         (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

// Where the last code point of `text` begins.
size_t LastCodePoint(std::string_view text) {
  size_t at = text.size() - 1;
  while (at > 0 && (text[at] & 0xc0) == 0x80) --at;
  return at;
}

std::string_view StripWord(std::string_view text, std::string_view word) {
  while (text.starts_with(word)) text.remove_prefix(word.size());
  while (text.ends_with(word)) text.remove_suffix(word.size());
  return text;
}

// `word` in lower case is meant.
bool IsWord(std::string_view text, std::string_view word) {
  return text.size() == word.size() && ToLower(text) == word;
}

int Number(std::string_view digits) {
  int value = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

// --- numbers ---

struct Bare {
  bool negative = false;
  std::string text;  // lower case
};

// What agate hands to Decimal: without per cent signs, currency signs and thousands separators. Decimal itself passes
// over underscores and white space.
Bare BareNumber(std::string_view cell) {
  static constexpr std::array<std::string_view, 19> kCurrencies{"؋", "$", "ƒ", "៛", "¥", "₡", "₱", "£", "€", "¢",
                                                                "﷼", "₪", "₩", "₭", "₮", "₦", "฿", "₤", "₫"};
  std::string_view text = StripWord(StripSpace(cell), "%");
  Bare bare;
  bare.negative = text.starts_with('-');
  if (bare.negative) text.remove_prefix(1);
  for (const std::string_view currency : kCurrencies) text = StripWord(text, currency);
  for (const char c : text)
    if (c != ',' && c != '_') bare.text += c;
  bare.text = ToLower(StripSpace(bare.text));
  return bare;
}

bool IsNotFinite(std::string_view text) {
  if (text == "inf" || text == "infinity") return true;
  return text.starts_with("nan") && std::ranges::all_of(text.substr(3), IsDigit);
}

struct Decimal {
  std::string_view whole, decimals;
  int exponent = 0;
};

// digits[.digits][e[+-]digits], or .digits
std::optional<Decimal> SplitDecimal(std::string_view text) {
  constexpr int kMostExponent = 999'999;
  Decimal decimal;
  const size_t e = text.find('e');
  if (e != std::string_view::npos) {
    std::string_view digits = text.substr(e + 1);
    const bool negative = digits.starts_with('-');
    if (negative || digits.starts_with('+')) digits.remove_prefix(1);
    if (!AllDigits(digits)) return std::nullopt;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), decimal.exponent);
    if (error != std::errc() || decimal.exponent > kMostExponent) return std::nullopt;
    if (negative) decimal.exponent = -decimal.exponent;
    text = text.substr(0, e);
  }
  const size_t point = text.find('.');
  decimal.whole = text.substr(0, point);
  if (point != std::string_view::npos) decimal.decimals = text.substr(point + 1);
  if (decimal.whole.empty() && decimal.decimals.empty()) return std::nullopt;
  if (!std::ranges::all_of(decimal.whole, IsDigit) || !std::ranges::all_of(decimal.decimals, IsDigit))
    return std::nullopt;
  return decimal;
}

Places PlacesOf(const Decimal& decimal) {
  const std::string digits = std::string(decimal.whole) + std::string(decimal.decimals);
  const size_t first = digits.find_first_not_of('0');
  if (first == std::string::npos) return {};
  const size_t last = digits.find_last_not_of('0');
  const int whole = static_cast<int>(decimal.whole.size()) + decimal.exponent - static_cast<int>(first);
  const int significant = std::min(static_cast<int>(last - first) + 1, kDecimalDigits);
  return {std::max(whole, 1), std::max(significant - whole, 0)};
}

// What nearly every number looks like: a sign, some digits, a point, some digits.
std::optional<Places> PlainPlaces(std::string_view cell) {
  constexpr size_t kMost = 20;
  if (cell.size() > kMost) return std::nullopt;
  size_t at = cell.starts_with('-') ? 1 : 0;
  const size_t begin = at;
  while (at < cell.size() && IsDigit(cell[at])) ++at;
  if (at == begin) return std::nullopt;
  Places places{static_cast<int>(at - begin), 0};
  if (at == cell.size()) return places;
  if (cell[at] != '.') return std::nullopt;
  size_t last = at;
  for (size_t i = at + 1; i < cell.size(); ++i) {
    if (!IsDigit(cell[i])) return std::nullopt;
    if (cell[i] != '0') last = i;
  }
  places.decimals = static_cast<int>(last - at);
  return places;
}

// --- dates and times ---

std::optional<year_month_day> ValidDate(int year, int month, int day) {
  const year_month_day date{std::chrono::year(year), std::chrono::month(static_cast<unsigned>(month)),
                            std::chrono::day(static_cast<unsigned>(day))};
  return year >= 1 && date.ok() ? std::optional(date) : std::nullopt;
}

// One or two digits from 0 to `most`.
std::optional<int> ShortNumber(std::string_view text, int most) {
  if (text.size() > 2 || !AllDigits(text)) return std::nullopt;
  const int value = Number(text);
  return value <= most ? std::optional(value) : std::nullopt;
}

// strptime's %Y-%m-%d. A day of one digit may have a space before it.
std::optional<year_month_day> ReadDate(std::string_view text) {
  constexpr size_t kYear = 4;
  if (text.size() < 8 || text.size() > 10 || text[kYear] != '-' || !AllDigits(text.substr(0, kYear)))
    return std::nullopt;
  const size_t dash = text.find('-', kYear + 1);
  if (dash == std::string_view::npos) return std::nullopt;
  std::string_view day_text = text.substr(dash + 1);
  if (day_text.size() == 2 && day_text[0] == ' ') day_text.remove_prefix(1);
  const auto month = ShortNumber(text.substr(kYear + 1, dash - kYear - 1), 12), day = ShortNumber(day_text, 31);
  if (!month || !day) return std::nullopt;
  return ValidDate(Number(text.substr(0, kYear)), *month, *day);
}

// strptime's %H:%M:%S.
std::optional<Duration> ReadClock(std::string_view text) {
  const auto parts = Split(text, ':');
  if (parts.size() != 3) return std::nullopt;
  const auto hour = ShortNumber(parts[0], 23), minute = ShortNumber(parts[1], 59), second = ShortNumber(parts[2], 59);
  if (!hour || !minute || !second) return std::nullopt;
  return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
}

// "2024-01-31" is "dddd-dd-dd".
std::string ShapeOf(std::string_view text) {
  std::string shape(text);
  for (char& c : shape)
    if (IsDigit(c)) c = 'd';
  return shape;
}

std::optional<year_month_day> DayOfYear(int year, int days) {
  return year_month_day{std::chrono::sys_days{std::chrono::year(year) / 1 / 1} + std::chrono::days(days)};
}

// The first day of ISO week 1 is the Monday of the week with January 4th.
std::optional<year_month_day> DayOfWeek(int year, int week, int day) {
  const std::chrono::sys_days fourth = std::chrono::year(year) / 1 / 4;
  const auto since_monday = std::chrono::weekday(fourth) - std::chrono::Monday;
  return year_month_day{fourth - since_monday + std::chrono::weeks(week - 1) + std::chrono::days(day - 1)};
}

// Years, centuries, months, weeks and days, with and without dashes; a part that is left out is its first.
std::optional<year_month_day> ReadIsoDate(std::string_view text) {
  const std::string shape = ShapeOf(text);
  const auto at = [&](size_t begin, size_t length) { return Number(text.substr(begin, length)); };
  if (shape == "dd") return ValidDate(at(0, 2) * 100 + 1, 1, 1);
  if (shape.size() < 4 || shape.substr(0, 4) != "dddd") return std::nullopt;
  const int year = at(0, 4);
  if (year < 1) return std::nullopt;
  const auto month = [&](size_t begin) { return std::max(at(begin, 2), 1); };
  const std::string rest = shape.substr(4);
  if (rest == "-dd-dd") return ValidDate(year, month(5), at(8, 2));
  if (rest == "dddd") return ValidDate(year, month(4), at(6, 2));
  if (rest == "-Wdd-d") return DayOfWeek(year, at(6, 2), at(9, 1));
  if (rest == "Wddd") return DayOfWeek(year, at(5, 2), at(7, 1));
  if (rest == "-ddd") return DayOfYear(year, at(5, 3) - 1);
  if (rest == "ddd") return DayOfYear(year, at(4, 3) - 1);
  if (rest == "-Wdd") return DayOfWeek(year, at(6, 2), 1);
  if (rest == "Wdd") return DayOfWeek(year, at(5, 2), 1);
  if (rest == "-dd") return ValidDate(year, month(5), 1);
  if (rest == "dd") return ValidDate(year, month(4), 1);
  return rest.empty() ? ValidDate(year, 1, 1) : std::nullopt;
}

// Takes `Z`, `+hh`, `+hhmm` or `+hh:mm` off the end; false for an end that only begins like one.
bool TakeZone(std::string_view& text) {
  const size_t sign = text.find_first_of("Z+-");
  if (sign == std::string_view::npos) return true;
  const std::string_view zone = text.substr(sign);
  text = text.substr(0, sign);
  if (zone == "Z") return true;
  const std::string shape = ShapeOf(zone.substr(1));
  return shape == "dd" || shape == "dddd" || shape == "dd:dd";
}

// `digits` behind the point, of a unit.
Duration Fraction(std::string_view digits, Duration unit) {
  constexpr size_t kEnough = 9;  // with an hour of microseconds it fits 64 bits
  int64_t numerator = 0, denominator = 1;
  for (const char c : digits.substr(0, kEnough)) {
    numerator = numerator * 10 + (c - '0');
    denominator *= 10;
  }
  return Duration(unit.count() * numerator / denominator);
}

// hh, hh:mm or hh:mm:ss, with and without colons; the last of them may have decimals.
std::optional<Duration> ReadIsoClock(std::string_view text) {
  const size_t point = text.find_first_of(".,");
  const std::string_view digits = point == std::string_view::npos ? std::string_view() : text.substr(point + 1);
  if (point != std::string_view::npos && !AllDigits(digits)) return std::nullopt;
  text = text.substr(0, point);
  const std::string shape = ShapeOf(text);
  if (shape != "dd:dd:dd" && shape != "dddddd" && shape != "dd:dd" && shape != "dddd" && shape != "dd")
    return std::nullopt;
  const std::string all = ReplaceAll(text, ":", "");
  const std::string_view parts = all;
  const int hour = Number(parts.substr(0, 2));
  const int minute = parts.size() > 2 ? Number(parts.substr(2, 2)) : 0;
  const int second = parts.size() > 4 ? Number(parts.substr(4, 2)) : 0;
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  const Duration unit = parts.size() == 2   ? Duration(std::chrono::hours(1))
                        : parts.size() == 4 ? Duration(std::chrono::minutes(1))
                                            : Duration(std::chrono::seconds(1));
  return std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) +
         Fraction(digits, unit);
}

}  // namespace

std::string_view StripSpace(std::string_view cell) {
  while (!cell.empty()) {
    const CodePoint first = DecodeUtf8(cell, 0);
    if (!IsSpace(first.value)) break;
    cell.remove_prefix(first.length);
  }
  while (!cell.empty()) {
    const size_t last = LastCodePoint(cell);
    if (!IsSpace(DecodeUtf8(cell, last).value)) break;
    cell = cell.substr(0, last);
  }
  return cell;
}

bool IsSeedNull(std::string_view cell) {
  const std::string_view text = StripSpace(cell);
  return text.empty() || IsWord(text, "null");
}

std::optional<Places> NumberPlaces(std::string_view cell) {
  if (const auto plain = PlainPlaces(cell)) return plain;
  const Bare bare = BareNumber(cell);
  std::string_view text = bare.text;
  if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
  if (IsNotFinite(text)) return Places{};
  const auto decimal = SplitDecimal(text);
  return decimal ? std::optional(PlacesOf(*decimal)) : std::nullopt;
}

std::optional<std::string> NumberText(std::string_view cell) {
  if (!NumberPlaces(cell)) return std::nullopt;
  Bare bare = BareNumber(cell);
  if (bare.text.starts_with('+') || bare.text.starts_with('-')) {
    bare.negative ^= bare.text[0] == '-';
    bare.text.erase(0, 1);
  }
  return bare.negative ? "-" + bare.text : bare.text;
}

std::optional<year_month_day> ReadSeedDate(std::string_view cell) { return ReadDate(StripSpace(cell)); }

std::optional<Timestamp> ReadSeedDateTime(std::string_view cell) {
  const std::string_view text = StripSpace(cell);
  const size_t last_space = text.find_last_of(" \t\n\v\f\r");
  if (last_space == std::string_view::npos) return std::nullopt;
  const auto time = ReadClock(text.substr(last_space + 1));
  if (!time) return std::nullopt;
  const auto date = ReadDate(StripSpace(text.substr(0, last_space)));
  if (!date) return std::nullopt;
  return std::chrono::sys_days(*date) + *time;
}

std::optional<Timestamp> ReadIsoDateTime(std::string_view cell) {
  const std::string_view text = StripSpace(cell);
  const size_t t = text.find('T');
  if (t == std::string_view::npos) return std::nullopt;
  std::string_view clock = text.substr(t + 1);
  if (!TakeZone(clock)) return std::nullopt;
  const auto time = ReadIsoClock(clock);
  if (!time) return std::nullopt;
  const auto date = ReadIsoDate(text.substr(0, t));
  if (!date) return std::nullopt;
  return std::chrono::sys_days(*date) + *time;
}

std::optional<bool> ReadSeedBoolean(std::string_view cell) {
  const std::string bare = ReplaceAll(cell, ",", "");
  const std::string_view text = StripSpace(bare);
  if (IsWord(text, "true")) return true;
  return IsWord(text, "false") ? std::optional(false) : std::nullopt;
}

namespace {

constexpr uint8_t BitOf(SeedType type) { return static_cast<uint8_t>(1U << static_cast<unsigned>(type)); }
constexpr uint8_t kOnlyText = BitOf(SeedType::kText);

// "2024-01-28", as nearly every date is written; days after the 28th are left to the calendar.
bool IsPlainDate(std::string_view cell) {
  if (cell.size() != 10 || cell[4] != '-' || cell[7] != '-') return false;
  for (const size_t at : {0U, 1U, 2U, 3U, 5U, 6U, 8U, 9U})
    if (!IsDigit(cell[at])) return false;
  const int month = (cell[5] - '0') * 10 + (cell[6] - '0'), day = (cell[8] - '0') * 10 + (cell[9] - '0');
  return month >= 1 && month <= 12 && day >= 1 && day <= 28 && !cell.starts_with("0000");
}

// "2024-01-28 10:00:00"
bool IsPlainDateTime(std::string_view cell) {
  if (cell.size() != 19 || cell[10] != ' ' || cell[13] != ':' || cell[16] != ':') return false;
  for (const size_t at : {11U, 12U, 14U, 15U, 17U, 18U})
    if (!IsDigit(cell[at])) return false;
  const bool hour = cell[11] < '2' || (cell[11] == '2' && cell[12] <= '3');
  return hour && cell[14] <= '5' && cell[17] <= '5' && IsPlainDate(cell.substr(0, 10));
}

// A null has four letters, or spaces around it.
bool MayBeNull(std::string_view cell) {
  const auto plain = [](char c) { return c > ' ' && c < 0x7f; };
  return cell.size() <= 4 || !plain(cell.front()) || !plain(cell.back());
}

}  // namespace

ColumnGuess ColumnGuess::Text() {
  ColumnGuess guess;
  guess.fits_ = kOnlyText;
  return guess;
}

void ColumnGuess::Widen(const Places& places) {
  places_.whole = std::max(places_.whole, places.whole);
  places_.decimals = std::max(places_.decimals, places.decimals);
}

bool ColumnGuess::Fits(SeedType type, std::string_view cell) {
  switch (type) {
    case SeedType::kNumber: {
      const auto places = NumberPlaces(cell);
      if (places) Widen(*places);
      return places.has_value();
    }
    case SeedType::kDate:
      return ReadSeedDate(cell).has_value();
    case SeedType::kDateTime:
      return ReadSeedDateTime(cell).has_value();
    case SeedType::kIsoDateTime:
      return ReadIsoDateTime(cell).has_value();
    case SeedType::kBoolean:
      // Commas are passed over, so nothing but commas is nothing.
      return ReadSeedBoolean(cell).has_value() || IsSeedNull(ReplaceAll(cell, ",", ""));
    case SeedType::kText:
      break;
  }
  return true;
}

// The types left are few: a cell that is no null fits one type besides text.
void ColumnGuess::See(std::string_view cell) {
  if (fits_ == kOnlyText || cell.empty()) return;
  if (fits_ == (kOnlyText | BitOf(SeedType::kNumber))) {
    if (const auto places = PlainPlaces(cell)) return Widen(*places);
  }
  if (fits_ == (kOnlyText | BitOf(SeedType::kDate)) && IsPlainDate(cell)) return;
  if (fits_ == (kOnlyText | BitOf(SeedType::kDateTime)) && IsPlainDateTime(cell)) return;
  SeeOther(cell);
}

void ColumnGuess::SeeOther(std::string_view cell) {
  if (MayBeNull(cell) && IsSeedNull(cell)) return;
  for (unsigned type = 0; type < static_cast<unsigned>(SeedType::kText); ++type) {
    const uint8_t bit = BitOf(static_cast<SeedType>(type));
    if ((fits_ & bit) != 0 && !Fits(static_cast<SeedType>(type), cell)) fits_ = static_cast<uint8_t>(fits_ & ~bit);
  }
}

void ColumnGuess::Merge(const ColumnGuess& other) {
  fits_ = static_cast<uint8_t>(fits_ & other.fits_);
  Widen(other.places_);
}

SeedType ColumnGuess::type() const { return static_cast<SeedType>(std::countr_zero(fits_)); }

bool ColumnGuess::fractional() const {
  if (places_.whole + places_.decimals > kDecimalDigits) return places_.whole != kDecimalDigits;
  return places_.decimals > 0;
}

}  // namespace stir::runtime
