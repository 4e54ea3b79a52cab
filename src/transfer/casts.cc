// The table of types and the SQL of exact casts.
#include "transfer/casts.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>

#include "base/strings.h"

namespace stir::transfer {
namespace {

constexpr int kMaxDecimalDigits = 38;

struct Known {
  std::string_view name;
  Family family;
  int digits;
};

constexpr Known kKnown[] = {
    {"TINYINT", Family::kInteger, 2},
    {"UTINYINT", Family::kInteger, 2},
    {"SMALLINT", Family::kInteger, 4},
    {"USMALLINT", Family::kInteger, 4},
    {"INTEGER", Family::kInteger, 9},
    {"UINTEGER", Family::kInteger, 9},
    {"BIGINT", Family::kInteger, 18},
    {"UBIGINT", Family::kInteger, 19},
    {"HUGEINT", Family::kInteger, 38},
    {"UHUGEINT", Family::kInteger, 38},
    {"FLOAT", Family::kFloat, 7},
    {"DOUBLE", Family::kFloat, 15},
    {"BOOLEAN", Family::kBoolean, 0},
    {"DATE", Family::kDate, 0},
    {"TIMESTAMP", Family::kTimestamp, 0},
    {"VARCHAR", Family::kText, 0},
    {"TIMESTAMP WITH TIME ZONE", Family::kTimestampTz, 0},
};

// How many whole digits the widest value of an integer type has: what a type needs to hold all of it.
int DigitsNeeded(const Type& type) {
  return type.family == Family::kInteger && type.digits < kMaxDecimalDigits ? type.digits + 1 : type.digits;
}

bool IsExactNumber(const Type& type) { return type.family == Family::kInteger || type.family == Family::kDecimal; }

bool IsUnsigned(const Type& type) { return type.family == Family::kInteger && type.name.starts_with('U'); }

bool IntegerFits(const Type& from, const Type& to) {
  if (IsUnsigned(from) == IsUnsigned(to)) return from.digits <= to.digits;
  return IsUnsigned(from) && DigitsNeeded(from) <= to.digits;
}

Type DecimalOf(int digits, int scale) {
  return ParseType(fmt::format("DECIMAL({},{})", std::min(digits + scale, kMaxDecimalDigits), scale));
}

// Text in exponent form is rare and may be read as a double; a fraction is looked at only when there are too many
// digits.
std::string NumberMisfit(std::string_view text, std::string_view typed, int scale) {
  return fmt::format(
      "{0} IS NOT NULL AND ({1} IS NULL OR CASE WHEN contains({0}, 'e') OR contains({0}, 'E') "
      "THEN CAST({1} AS DOUBLE) IS DISTINCT FROM TRY_CAST({0} AS DOUBLE) "
      "WHEN contains({0}, '.') AND length({0}) - strpos({0}, '.') > {2} "
      "THEN regexp_matches({0}, '\\.[0-9]{{{2}}}[0-9]*[1-9]') ELSE false END)",
      text, typed, scale);
}

// An offset in the text is applied, not dropped: the moment is stored in UTC.
std::string TimestampValue(std::string_view text) {
  return fmt::format(
      "CASE WHEN length({0}) > 16 AND regexp_matches({0}, ':[0-9.]+ ?[+-][0-9:]+$') "
      "THEN TRY_CAST({0} AS TIMESTAMPTZ) AT TIME ZONE 'UTC' ELSE TRY_CAST({0} AS TIMESTAMP) END",
      text);
}

// A time of day that a DATE would lose.
std::string DateMisfit(std::string_view text, std::string_view typed) {
  return fmt::format(
      "{0} IS NOT NULL AND ({1} IS NULL OR CASE WHEN length({0}) > 10 "
      "THEN CAST({1} AS TIMESTAMP) IS DISTINCT FROM TRY_CAST({0} AS TIMESTAMP) ELSE false END)",
      text, typed);
}

std::string NullMisfit(std::string_view source, std::string_view typed) {
  return fmt::format("{} IS NOT NULL AND {} IS NULL", source, typed);
}

Cast CastText(const Type& to, std::string_view text, std::string_view typed) {
  std::string value = fmt::format("TRY_CAST({} AS {})", text, to.name);
  switch (to.family) {
    case Family::kText:
      return {std::string(text), ""};
    case Family::kInteger:
      return {std::move(value), NumberMisfit(text, typed, 0)};
    case Family::kDecimal:
      return {std::move(value), NumberMisfit(text, typed, to.scale)};
    case Family::kDate:
      return {std::move(value), DateMisfit(text, typed)};
    case Family::kTimestamp:
      return {TimestampValue(text), NullMisfit(text, typed)};
    default:
      return {std::move(value), NullMisfit(text, typed)};
  }
}

bool IsNumber(const Type& type) { return IsExactNumber(type) || type.family == Family::kFloat; }

bool IsTime(const Type& type) {
  return type.family == Family::kDate || type.family == Family::kTimestamp || type.family == Family::kTimestampTz;
}

}  // namespace

Type ParseType(std::string_view name) {
  Type type{.name = std::string(name)};
  if (name.starts_with("DECIMAL(")) {
    int width = 18;
    const char* end = name.data() + name.size();
    const auto [next, error] = std::from_chars(name.data() + 8, end, width);
    if (error == std::errc() && next < end && *next == ',') std::from_chars(next + 1, end, type.scale);
    type.family = Family::kDecimal;
    type.digits = width - type.scale;
    return type;
  }
  const auto* known = std::ranges::find(kKnown, name, &Known::name);
  if (known == std::end(kKnown)) return type;
  type.family = known->family;
  type.digits = known->digits;
  return type;
}

bool Fits(const Type& from, const Type& to) {
  if (from.name == to.name) return true;
  if (from.family == Family::kInteger && to.family == Family::kInteger) return IntegerFits(from, to);
  if (from.family == Family::kInteger && to.family == Family::kDecimal) return DigitsNeeded(from) <= to.digits;
  if (from.family == Family::kDecimal && to.family == Family::kDecimal)
    return from.digits <= to.digits && from.scale <= to.scale;
  if (IsExactNumber(from) && to.family == Family::kFloat) return DigitsNeeded(from) + from.scale <= to.digits;
  if (from.family == Family::kFloat && to.family == Family::kFloat) return from.digits <= to.digits;
  return from.family == Family::kDate && to.family == Family::kTimestamp;
}

std::optional<Type> Widen(const Type& a, const Type& b) {
  if (Fits(a, b)) return b;
  if (Fits(b, a)) return a;
  if (a.family == Family::kInteger && b.family == Family::kInteger) return ParseType("HUGEINT");
  if (IsExactNumber(a) && IsExactNumber(b)) {
    const int digits = std::max(DigitsNeeded(a), DigitsNeeded(b));
    const int scale = std::max(a.scale, b.scale);
    if (digits + scale <= kMaxDecimalDigits) return DecimalOf(digits, scale);
    return ParseType("DOUBLE");
  }
  if (IsNumber(a) && IsNumber(b)) return ParseType("DOUBLE");
  return std::nullopt;
}

Cast CastTo(const Type& from, const Type& to, std::string_view source, std::string_view typed) {
  if (from.name == to.name) return {std::string(source), ""};
  if (from.family == Family::kText) return CastText(to, source, typed);
  if (Fits(from, to) || to.family == Family::kText) return {fmt::format("CAST({} AS {})", source, to.name), ""};
  std::string value = fmt::format("TRY_CAST({} AS {})", source, to.name);
  // What comes back unequal was rounded or cut.
  const bool comparable = (IsNumber(from) && IsNumber(to)) || (IsTime(from) && IsTime(to));
  if (!comparable) return {std::move(value), NullMisfit(source, typed)};
  return {std::move(value), fmt::format("{0} IS NOT NULL AND ({1} IS NULL OR {1} <> {0})", source, typed)};
}

}  // namespace stir::transfer
