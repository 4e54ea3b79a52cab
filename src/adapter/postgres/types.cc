// Type names and cells.
#include "adapter/postgres/types.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

namespace stir::adapter::postgres {
namespace {

// pg_type.oid of what is built in; they never change.
enum Oid : uint32_t {
  kBool = 16,
  kInt8 = 20,
  kInt2 = 21,
  kInt4 = 23,
  kText = 25,
  kOid = 26,
  kFloat4 = 700,
  kFloat8 = 701,
  kBpchar = 1042,
  kVarchar = 1043,
  kName = 19,
  kDate = 1082,
  kTime = 1083,
  kTimestamp = 1114,
  kTimestampTz = 1184,
  kInterval = 1186,
  kTimeTz = 1266,
  kBit = 1560,
  kVarbit = 1562,
  kNumeric = 1700,
};

struct Named {
  uint32_t type;
  std::string_view name;
};

constexpr std::array kNames = std::to_array<Named>({
    {16, "boolean"},
    {17, "bytea"},
    {18, "\"char\""},
    {19, "name"},
    {20, "bigint"},
    {21, "smallint"},
    {23, "integer"},
    {25, "text"},
    {26, "oid"},
    {114, "json"},
    {142, "xml"},
    {650, "cidr"},
    {700, "real"},
    {701, "double precision"},
    {705, "unknown"},
    {790, "money"},
    {829, "macaddr"},
    {869, "inet"},
    {1000, "boolean[]"},
    {1001, "bytea[]"},
    {1005, "smallint[]"},
    {1007, "integer[]"},
    {1009, "text[]"},
    {1016, "bigint[]"},
    {1021, "real[]"},
    {1022, "double precision[]"},
    {1042, "character"},
    {1043, "character varying"},
    {1082, "date"},
    {1083, "time without time zone"},
    {1114, "timestamp without time zone"},
    {1182, "date[]"},
    {1184, "timestamp with time zone"},
    {1186, "interval"},
    {1266, "time with time zone"},
    {1560, "bit"},
    {1562, "bit varying"},
    {1700, "numeric"},
    {2278, "void"},
    {2950, "uuid"},
    {3802, "jsonb"},
});

constexpr std::array kDriverNames = std::to_array<Named>({
    {16, "BOOLEAN"},
    {17, "BINARY"},
    {18, "TEXT"},
    {19, "TEXT"},
    {20, "LONGINTEGER"},
    {21, "INTEGER"},
    {23, "INTEGER"},
    {25, "TEXT"},
    {26, "ROWID"},
    {114, "JSON"},
    {199, "JSONARRAY"},
    {700, "FLOAT"},
    {701, "FLOAT"},
    {705, "UNKNOWN"},
    {1000, "BOOLEANARRAY"},
    {1001, "BINARYARRAY"},
    {1005, "INTEGERARRAY"},
    {1007, "INTEGERARRAY"},
    {1009, "STRINGARRAY"},
    {1015, "STRINGARRAY"},
    {1016, "LONGINTEGERARRAY"},
    {1021, "FLOATARRAY"},
    {1022, "FLOATARRAY"},
    {1042, "TEXT"},
    {1043, "TEXT"},
    {1082, "DATE"},
    {1083, "TIME"},
    {1114, "DATETIME"},
    {1115, "DATETIMEARRAY"},
    {1182, "DATEARRAY"},
    {1184, "DATETIMETZ"},
    {1185, "DATETIMETZARRAY"},
    {1186, "INTERVAL"},
    {1231, "DECIMALARRAY"},
    {1266, "TIME"},
    {1700, "DECIMAL"},
    {3802, "JSONB"},
    {3807, "JSONBARRAY"},
    {3908, "tsrange"},
    {3910, "tstzrange"},
    {3912, "daterange"},
});

// How a modifier is written, per type; a type without an entry is left to the server when it has one.
std::optional<std::string> WithModifier(uint32_t type, std::string_view name, int32_t modifier) {
  if (modifier < 0) {
    if (type == kBpchar) return "bpchar";  // without a length it is no character(1)
    return std::string(name);
  }
  switch (type) {
    case kVarchar:
    case kBpchar:
      return fmt::format("{}({})", name, modifier - 4);
    case kBit:
    case kVarbit:
      return fmt::format("{}({})", name, modifier);
    case kNumeric: {
      const int32_t packed = modifier - 4;
      const int32_t scale = ((packed & 0x7ff) ^ 1024) - 1024;  // since 15 it may be negative
      return fmt::format("{}({},{})", name, (packed >> 16) & 0xffff, scale);
    }
    case kTime:
    case kTimestamp:
    case kTimestampTz:
    case kTimeTz: {
      const size_t word = name.find(' ');  // "time(3) without time zone"
      return fmt::format("{}({}){}", name.substr(0, word), modifier, name.substr(word));
    }
    default:
      return std::nullopt;
  }
}

template <typename T>
bool Parse(std::string_view text, T& value) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size();
}

// "2026-02-28"; the server's years go further than four digits.
std::optional<int32_t> DaysOf(std::string_view text) {
  const size_t dash = text.find('-', 1);
  if (dash == std::string_view::npos || text.size() != dash + 6 || text[dash + 3] != '-') return std::nullopt;
  int year = 0;
  unsigned month = 0, day = 0;
  if (!Parse(text.substr(0, dash), year) || !Parse(text.substr(dash + 1, 2), month) ||
      !Parse(text.substr(dash + 4), day))
    return std::nullopt;
  if (year > 9999) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok()) return std::nullopt;
  return static_cast<int32_t>(std::chrono::sys_days(date).time_since_epoch().count());
}

// "10:20:30.123456" in microseconds.
std::optional<int64_t> MicrosOf(std::string_view text) {
  int64_t hours = 0, minutes = 0, seconds = 0, fraction = 0;
  if (text.size() < 8 || text[2] != ':' || text[5] != ':') return std::nullopt;
  if (!Parse(text.substr(0, 2), hours) || !Parse(text.substr(3, 2), minutes) || !Parse(text.substr(6, 2), seconds))
    return std::nullopt;
  std::string_view digits = text.substr(8);
  if (!digits.empty()) {
    digits.remove_prefix(1);
    if (digits.empty() || digits.size() > 6 || !Parse(digits, fraction)) return std::nullopt;
    for (size_t i = digits.size(); i < 6; ++i) fraction *= 10;
  }
  return ((hours * 60 + minutes) * 60 + seconds) * 1'000'000 + fraction;
}

// "+05:30", "-08", "+00:19:32" in seconds.
std::optional<int64_t> OffsetOf(std::string_view text) {
  int64_t seconds = 0;
  int64_t unit = 3600;
  for (size_t at = 1; at < text.size(); at += 3, unit /= 60) {
    int64_t part = 0;
    if (unit == 0 || !Parse(text.substr(at, 2), part)) return std::nullopt;
    seconds += part * unit;
  }
  return text.front() == '-' ? -seconds : seconds;
}

std::optional<int64_t> InstantOf(std::string_view text, bool with_zone) {
  const size_t space = text.find(' ');
  if (space == std::string_view::npos) return std::nullopt;
  const auto days = DaysOf(text.substr(0, space));
  std::string_view time = text.substr(space + 1);
  int64_t offset = 0;
  if (with_zone) {
    const size_t sign = time.find_first_of("+-");
    if (sign == std::string_view::npos) return std::nullopt;
    const auto seconds = OffsetOf(time.substr(sign));
    if (!seconds) return std::nullopt;
    offset = *seconds;
    time = time.substr(0, sign);
  }
  const auto micros = MicrosOf(time);
  if (!days || !micros) return std::nullopt;
  return *days * int64_t{86'400'000'000} + *micros - offset * 1'000'000;
}

}  // namespace

std::string DriverTypeName(uint32_t type) {
  const auto* found = std::ranges::find(kDriverNames, type, &Named::type);
  return found == kDriverNames.end() ? fmt::format("unknown type_code {}", type) : std::string(found->name);
}

std::optional<std::string> BuiltinTypeName(uint32_t type, int32_t modifier) {
  const auto found = std::ranges::lower_bound(kNames, type, {}, &Named::type);
  if (found == kNames.end() || found->type != type) return std::nullopt;
  return WithModifier(type, found->name, modifier);
}

Cell CellOf(uint32_t type, std::string_view type_name, std::string_view text) {
  int64_t whole = 0;
  double real = 0;
  switch (type) {
    case kBool:
      return text == "t";
    case kInt2:
    case kInt4:
    case kInt8:
    case kOid:
      if (Parse(text, whole)) return whole;
      break;
    case kFloat4:
    case kFloat8:
      if (text == "NaN") return std::numeric_limits<double>::quiet_NaN();
      if (text == "Infinity") return std::numeric_limits<double>::infinity();
      if (text == "-Infinity") return -std::numeric_limits<double>::infinity();
      if (Parse(text, real)) return real;
      break;
    case kNumeric:
      return Decimal{std::string(text)};
    case kDate:
      if (const auto days = DaysOf(text)) return Date{*days};
      break;
    case kTimestamp:
    case kTimestampTz:
      if (const auto micros = InstantOf(text, type == kTimestampTz))
        return TimestampCell{*micros, type == kTimestampTz};
      break;
    case kText:
    case kVarchar:
    case kBpchar:
    case kName:
      return Text{std::string(text)};
    default:
      break;
  }
  return Other{std::string(type_name), std::string(text)};
}

std::optional<std::string> TypeNames::Find(const pg::Column& column) const {
  if (auto name = BuiltinTypeName(column.type, column.modifier)) return name;
  const std::lock_guard lock(mutex_);
  const auto found = names_.find({column.type, column.modifier});
  return found == names_.end() ? std::nullopt : std::optional(found->second);
}

void TypeNames::Remember(const pg::Column& column, std::string name) {
  const std::lock_guard lock(mutex_);
  names_.insert_or_assign({column.type, column.modifier}, std::move(name));
}

}  // namespace stir::adapter::postgres
