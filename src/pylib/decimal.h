// Python's Decimal: numbers in base ten, 28 digits of precision in results, ties to even, printed with the digits they
// have.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "jinja/value.h"

namespace stir::pylib {

// sign * digits * 10^exponent; `digits` has no leading zeros but is "0" for zero.
struct Decimal {
  bool negative = false;
  std::string digits = "0";
  int64_t exponent = 0;

  bool IsZero() const { return digits == "0"; }
};

std::optional<Decimal> ParseDecimal(std::string_view text);  // "12.30", "-1e5"; nullopt: no number
std::string FormatDecimal(const Decimal& value);             // as Python's str()
double ToDouble(const Decimal& value);

Decimal Add(const Decimal& a, const Decimal& b);
Decimal Subtract(const Decimal& a, const Decimal& b);
Decimal Multiply(const Decimal& a, const Decimal& b);
std::optional<Decimal> Divide(const Decimal& a, const Decimal& b);         // nullopt: by zero
std::optional<Decimal> DivideToWhole(const Decimal& a, const Decimal& b);  // towards zero
int Compare(const Decimal& a, const Decimal& b);                           // -1, 0, 1
// Rounds to `places` digits after the point, ties to even.
Decimal RoundTo(const Decimal& value, int64_t places);

// The value as an integer when it is one of at most 18 digits.
std::optional<int64_t> WholeOf(const Decimal& value);

// The Decimal of a template value; null when it is none.
const Decimal* AsDecimal(const jinja::Value& value);
jinja::Value FromDecimal(Decimal value);

}  // namespace stir::pylib
