// Decimal: a 128-bit coefficient and a power of ten.
#include "pylib/decimal.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "pylib/modules.h"
#include "pylib/temporal.h"

namespace stir::pylib {
namespace {

using jinja::BinaryOp;
using jinja::Value;

constexpr int kMaxDigits = 38;

std::string WideDigits(Wide value) {
  std::string text;
  do {
    text.push_back(static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  std::reverse(text.begin(), text.end());
  return text;
}

// value * 10^power, or nullopt when that overflows.
std::optional<Wide> Scale(Wide value, int power) {
  for (; power > 0; --power) {
    if (__builtin_mul_overflow(value, Wide{10}, &value)) return std::nullopt;
  }
  return value;
}

struct Parts {
  Wide coefficient;
  int exponent;
};

std::optional<Parts> PartsOf(const Value& value) {
  if (value.type() == jinja::Type::kInt) return Parts{value.AsInt(), 0};
  if (value.type() == jinja::Type::kBool) return Parts{value.AsBool() ? 1 : 0, 0};
  return std::nullopt;
}

// Both with the smaller exponent.
std::optional<std::pair<Wide, Wide>> Align(Parts a, Parts b, int& exponent) {
  exponent = std::min(a.exponent, b.exponent);
  std::optional<Wide> left = Scale(a.coefficient, a.exponent - exponent);
  std::optional<Wide> right = Scale(b.coefficient, b.exponent - exponent);
  if (!left || !right) return std::nullopt;
  return std::pair(*left, *right);
}

double ToDouble(Parts parts) { return static_cast<double>(parts.coefficient) * std::pow(10.0, parts.exponent); }

std::optional<Value> Compare(BinaryOp op, auto left, auto right) {
  switch (op) {
    case BinaryOp::kLess: return Value::Bool(left < right);
    case BinaryOp::kLessEqual: return Value::Bool(left <= right);
    case BinaryOp::kGreater: return Value::Bool(left > right);
    case BinaryOp::kGreaterEqual: return Value::Bool(left >= right);
    default: return std::nullopt;
  }
}

// Long division to 28 significant digits, as Python's default context; exact results lose their trailing zeros.
std::optional<Value> Divide(Parts a, Parts b) {
  Wide remainder = a.coefficient < 0 ? -a.coefficient : a.coefficient;
  const Wide divisor = b.coefficient < 0 ? -b.coefficient : b.coefficient;
  int exponent = a.exponent - b.exponent;
  Wide quotient = remainder / divisor;
  remainder %= divisor;
  int digits = quotient == 0 ? 0 : static_cast<int>(WideDigits(quotient).size());
  while (remainder != 0 && digits < 29) {
    if (__builtin_mul_overflow(remainder, Wide{10}, &remainder)) return std::nullopt;
    quotient = quotient * 10 + remainder / divisor;
    remainder %= divisor;
    --exponent;
    if (quotient != 0) ++digits;
  }
  if (digits > 28) {  // round half to even on the guard digit
    const int guard = static_cast<int>(quotient % 10);
    quotient /= 10;
    ++exponent;
    if (guard > 5 || (guard == 5 && (remainder != 0 || quotient % 2 != 0))) ++quotient;
  }
  const bool negative = (a.coefficient < 0) != (b.coefficient < 0);
  return Value::New<DecimalObject>(negative ? -quotient : quotient, exponent);
}

// Python's Decimal division and modulo truncate toward zero.
std::optional<Value> Calculate(BinaryOp op, Parts a, Parts b) {
  int exponent = 0;
  if (op == BinaryOp::kMultiply) {
    Wide product = 0;
    if (__builtin_mul_overflow(a.coefficient, b.coefficient, &product)) return Value::Float(ToDouble(a) * ToDouble(b));
    return Value::New<DecimalObject>(product, a.exponent + b.exponent);
  }
  const auto aligned = Align(a, b, exponent);
  if (!aligned) return Compare(op, ToDouble(a), ToDouble(b));
  const auto [left, right] = *aligned;
  switch (op) {
    case BinaryOp::kAdd: return Value::New<DecimalObject>(left + right, exponent);
    case BinaryOp::kSubtract: return Value::New<DecimalObject>(left - right, exponent);
    case BinaryOp::kFloorDivide: return Value::New<DecimalObject>(left / right, 0);
    case BinaryOp::kModulo: return Value::New<DecimalObject>(left % right, exponent);
    case BinaryOp::kDivide: return Divide(a, b);
    case BinaryOp::kPower: return Value::Float(std::pow(ToDouble(a), ToDouble(b)));
    default: return Compare(op, left, right);
  }
}

}  // namespace

std::optional<Value> DecimalObject::Parse(std::string_view digits) {
  std::string_view rest = digits;
  const bool negative = !rest.empty() && rest.front() == '-';
  if (!rest.empty() && (rest.front() == '-' || rest.front() == '+')) rest.remove_prefix(1);
  Wide coefficient = 0;
  int exponent = 0, seen = 0;
  bool point = false;
  size_t i = 0;
  for (; i < rest.size() && rest[i] != 'e' && rest[i] != 'E'; ++i) {
    if (rest[i] == '.' && !point) {
      point = true;
    } else if (rest[i] >= '0' && rest[i] <= '9') {
      if (seen + (coefficient != 0) > kMaxDigits) return std::nullopt;
      coefficient = coefficient * 10 + (rest[i] - '0');
      seen += coefficient != 0;
      exponent -= point;
    } else {
      return std::nullopt;
    }
  }
  if (i == 0 || (i == 1 && point)) return std::nullopt;
  if (i < rest.size()) {
    std::string_view power = rest.substr(i + 1);
    if (!power.empty() && power.front() == '+') power.remove_prefix(1);
    int value = 0;
    const auto [end, error] = std::from_chars(power.data(), power.data() + power.size(), value);
    if (error != std::errc() || end != power.data() + power.size()) return std::nullopt;
    exponent += value;
  }
  return Value::New<DecimalObject>(negative ? -coefficient : coefficient, exponent);
}

std::string DecimalObject::Digits() const {
  std::string text = WideDigits(coefficient_ < 0 ? -coefficient_ : coefficient_);
  const int adjusted = static_cast<int>(text.size()) - 1 + exponent_;
  if (exponent_ > 0 || adjusted < -6) {  // Python's scientific form
    if (text.size() > 1) text.insert(1, ".");
    text += adjusted < 0 ? "E-" : "E+";
    text += std::to_string(std::abs(adjusted));
  } else if (exponent_ < 0) {
    const size_t decimals = static_cast<size_t>(-exponent_);
    if (text.size() <= decimals) text.insert(0, decimals - text.size() + 1, '0');
    text.insert(text.size() - decimals, ".");
  }
  return (coefficient_ < 0 ? "-" : "") + text;
}

double DecimalObject::AsDouble() const {
  double value = 0;
  const std::string digits = Digits();
  std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return value;
}

std::optional<int64_t> DecimalObject::AsInteger() const {
  std::optional<Wide> value = coefficient_;
  if (exponent_ >= 0) {
    value = Scale(coefficient_, exponent_);
  } else {
    Wide whole = coefficient_;
    for (int i = exponent_; i < 0; ++i) {
      if (whole % 10 != 0) return std::nullopt;
      whole /= 10;
    }
    value = whole;
  }
  if (!value || *value > INT64_MAX || *value < INT64_MIN) return std::nullopt;
  return static_cast<int64_t>(*value);
}

Result<std::optional<Value>> DecimalObject::GetAttribute(jinja::CallContext&, std::string_view name) {
  if (name == "real") return std::optional<Value>(Value::New<DecimalObject>(coefficient_, exponent_));
  if (name == "imag") return std::optional<Value>(Value::New<DecimalObject>(0, 0));
  if (name == "is_integer") {
    const bool whole = AsInteger().has_value();
    return std::optional<Value>(jinja::MakeFunction("is_integer", [whole](auto&, auto&) -> Result<Value> { return Value::Bool(whole); }));
  }
  return std::optional<Value>();
}

bool DecimalObject::Equals(const Value& other) const {
  if (other.type() == jinja::Type::kFloat) return AsDouble() == other.AsFloat();
  std::optional<Parts> right = PartsOf(other);
  if (const auto* decimal = other.As<DecimalObject>()) right = Parts{decimal->coefficient_, decimal->exponent_};
  if (!right) return false;
  int exponent = 0;
  const auto aligned = Align({coefficient_, exponent_}, *right, exponent);
  return aligned && aligned->first == aligned->second;
}

size_t DecimalObject::Hash() const {
  if (const std::optional<int64_t> whole = AsInteger()) return Value::Int(*whole).Hash();
  return Value::Float(AsDouble()).Hash();
}

Result<std::optional<Value>> DecimalObject::Binary(BinaryOp op, const Value& other, bool reflected) const {
  if (other.type() == jinja::Type::kFloat) {  // Python refuses arithmetic of Decimal with float, but compares them
    const double left = reflected ? other.AsFloat() : AsDouble(), right = reflected ? AsDouble() : other.AsFloat();
    return Compare(op, left, right);
  }
  std::optional<Parts> theirs = PartsOf(other);
  if (const auto* decimal = other.As<DecimalObject>()) theirs = Parts{decimal->coefficient_, decimal->exponent_};
  if (!theirs) return std::optional<Value>();
  const Parts mine{coefficient_, exponent_};
  const Parts &left = reflected ? *theirs : mine, &right = reflected ? mine : *theirs;
  const bool divides = op == BinaryOp::kDivide || op == BinaryOp::kFloorDivide || op == BinaryOp::kModulo;
  if (divides && right.coefficient == 0) {
    return ValueError("division by zero");
  }
  return Calculate(op, left, right);
}

Value MakeDecimal(std::string digits) {
  std::optional<Value> value = DecimalObject::Parse(digits);
  return value ? *value : Value::String(std::move(digits));
}

}  // namespace stir::pylib
