// How a value of one type becomes one of another without losing anything: the engine rounds '3.7' to 4 and drops the
// offset of '10:00+05:30' in silence, so each cast comes with the condition under which it did not fit. Pure text.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stir::transfer {

enum class Family : uint8_t { kInteger, kDecimal, kFloat, kBoolean, kDate, kTimestamp, kTimestampTz, kText, kOther };

// A type by the engine's name of it: "DECIMAL(12,2)", "UBIGINT".
struct Type {
  std::string name;
  Family family = Family::kOther;
  int digits = 0;  // whole digits that always fit: BIGINT 18, DECIMAL(12,2) 10
  int scale = 0;
};
Type ParseType(std::string_view name);

// Every value of `from` is exactly a value of `to`.
bool Fits(const Type& from, const Type& to);
// The narrowest type of the same nature that both fit in: whole and decimal numbers, floating numbers, days and
// moments.
std::optional<Type> Widen(const Type& a, const Type& b);

struct Cast {
  std::string value;   // SQL; NULL where the value does not fit
  std::string misfit;  // SQL; true where it does not; empty: it always fits. May use `typed`, the value's name
};
// `source` is SQL of type `from`; `typed` the name under which `value` can be referred to in `misfit`.
Cast CastTo(const Type& from, const Type& to, std::string_view source, std::string_view typed);

}  // namespace stir::transfer
