// Arithmetic on digit strings: plain and exact. Decimals come from query results, a few at a time.
#include "pylib/decimal.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "pylib/modules.h"
#include "pylib/temporal.h"

namespace stir::pylib {
namespace {

using jinja::Value;
using Callable = jinja::Function;

constexpr size_t kPrecision = 28;
constexpr int64_t kMaxShift = 10000;  // digits that aligning two numbers may add

std::optional<Value> MethodOf(std::string_view name, Callable call) {
  return jinja::MakeFunction(std::string(name), std::move(call));
}

std::optional<int64_t> IntOf(const Value& value) {
  if (value.type() == jinja::Type::kInt) return value.AsInt();
  if (value.type() == jinja::Type::kBool) return int64_t{value.AsBool()};
  return std::nullopt;
}

std::string Trimmed(std::string digits) {
  size_t first = digits.find_first_not_of('0');
  return first == std::string::npos ? "0" : digits.substr(first);
}

int CompareDigits(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return a.size() < b.size() ? -1 : 1;
  int order = a.compare(b);
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

std::string AddDigits(const std::string& a, const std::string& b) {
  std::string sum;
  int carry = 0;
  for (size_t i = 0; i < std::max(a.size(), b.size()) || carry; ++i) {
    int digit = carry + (i < a.size() ? a[a.size() - 1 - i] - '0' : 0) + (i < b.size() ? b[b.size() - 1 - i] - '0' : 0);
    sum += static_cast<char>('0' + digit % 10);
    carry = digit / 10;
  }
  std::ranges::reverse(sum);
  return Trimmed(std::move(sum));
}

// a - b for a >= b.
std::string SubtractDigits(const std::string& a, const std::string& b) {
  std::string rest;
  int borrow = 0;
  for (size_t i = 0; i < a.size(); ++i) {
    int digit = a[a.size() - 1 - i] - '0' - borrow - (i < b.size() ? b[b.size() - 1 - i] - '0' : 0);
    borrow = digit < 0 ? 1 : 0;
    rest += static_cast<char>('0' + digit + 10 * borrow);
  }
  std::ranges::reverse(rest);
  return Trimmed(std::move(rest));
}

std::string MultiplyDigits(const std::string& a, const std::string& b) {
  std::vector<int> cells(a.size() + b.size(), 0);
  for (size_t i = a.size(); i-- > 0;) {
    for (size_t j = b.size(); j-- > 0;) {
      int product = cells[i + j + 1] + (a[i] - '0') * (b[j] - '0');
      cells[i + j + 1] = product % 10;
      cells[i + j] += product / 10;
    }
  }
  std::string out;
  for (int cell : cells) out += static_cast<char>('0' + cell);
  return Trimmed(std::move(out));
}

// Long division: the quotient, and the remainder in `rest`.
std::string DivideDigits(const std::string& a, const std::string& b, std::string& rest) {
  std::string quotient;
  rest = "0";
  for (char digit : a) {
    rest = Trimmed(rest + digit);
    int times = 0;
    while (CompareDigits(rest, b) >= 0) rest = SubtractDigits(rest, b), ++times;
    quotient += static_cast<char>('0' + times);
  }
  return Trimmed(std::move(quotient));
}

// Drops the last `count` digits, rounding half to even; `sticky` says that non-zero digits follow.
void DropDigits(Decimal& value, size_t count, bool sticky) {
  if (count == 0) return;
  std::string kept = count >= value.digits.size() ? "0" : value.digits.substr(0, value.digits.size() - count);
  std::string dropped = count > value.digits.size() ? "0" : value.digits.substr(value.digits.size() - count);
  bool exact_rest = dropped.find_first_not_of('0', 1) == std::string::npos && !sticky;
  bool up = dropped[0] > '5' || (dropped[0] == '5' && (!exact_rest || (kept.back() - '0') % 2 == 1));
  value.digits = up ? AddDigits(kept, "1") : Trimmed(std::move(kept));
  value.exponent += static_cast<int64_t>(count);
}

Decimal Rounded(Decimal value, bool sticky = false) {
  if (value.digits.size() > kPrecision) DropDigits(value, value.digits.size() - kPrecision, sticky);
  if (value.digits.size() > kPrecision) DropDigits(value, 1, false);  // 99..9 became 100..0
  return value;
}

// Both numbers with the smaller of the exponents.
void Align(Decimal& a, Decimal& b) {
  auto shift = [](Decimal& value, int64_t exponent) {
    if (value.IsZero()) {
      value.exponent = exponent;
    } else if (value.exponent > exponent && value.exponent - exponent < kMaxShift) {
      value.digits.append(static_cast<size_t>(value.exponent - exponent), '0');
      value.exponent = exponent;
    }
  };
  int64_t exponent = std::min(a.exponent, b.exponent);
  shift(a, exponent);
  shift(b, exponent);
}

class DecimalObject final : public jinja::Object {
 public:
  explicit DecimalObject(Decimal of) : value(std::move(of)) {}
  std::string_view TypeName() const override { return "decimal.Decimal"; }
  bool Truthy() const override { return !value.IsZero(); }
  bool IsNumber() const override { return true; }
  Result<std::string> Str() const override { return FormatDecimal(value); }
  Result<std::string> Repr() const override { return fmt::format("Decimal('{}')", FormatDecimal(value)); }
  bool Equals(const Value& other) const override;
  size_t Hash() const override {
    double real = ToDouble(value);
    return (std::floor(real) == real && std::fabs(real) < 9e18 ? Value::Int(static_cast<int64_t>(real))
                                                               : Value::Float(real))
        .Hash();
  }
  Result<std::optional<Value>> Binary(jinja::BinaryOp op, const Value& other, bool reflected) const override;
  Result<std::optional<Value>> GetAttribute(jinja::CallContext& context, std::string_view name) override;

  const Decimal value;
};

std::optional<Decimal> Whole(const Value& value) {
  if (const Decimal* decimal = AsDecimal(value)) return *decimal;
  const std::optional<int64_t> whole = IntOf(value);
  return whole ? ParseDecimal(std::to_string(*whole)) : std::nullopt;
}

// Exactly what a float is.
std::optional<Decimal> Exact(const Value& value) {
  if (value.type() != jinja::Type::kFloat) return Whole(value);
  return std::isfinite(value.AsFloat()) ? ParseDecimal(fmt::format("{:.1100g}", value.AsFloat())) : std::nullopt;
}

bool DecimalObject::Equals(const Value& other) const {
  std::optional<Decimal> number = Exact(other);
  return number && Compare(value, *number) == 0;
}

std::optional<Decimal> Power(const Decimal& base, const Decimal& exponent) {
  double times = ToDouble(exponent);
  if (std::floor(times) != times || std::fabs(times) > 10000)
    return ParseDecimal(fmt::format("{:.17g}", std::pow(ToDouble(base), times)));
  Decimal result{false, "1", 0};
  for (int i = 0; i < static_cast<int>(std::fabs(times)); ++i) result = Multiply(result, base);
  return times < 0 ? Divide(Decimal{false, "1", 0}, result) : result;
}

Result<std::optional<Value>> DecimalObject::Binary(jinja::BinaryOp op, const Value& other, bool reflected) const {
  using jinja::BinaryOp;
  bool is_order = op >= BinaryOp::kLess;
  std::optional<Decimal> number = is_order ? Exact(other) : Whole(other);
  if (!number) return std::optional<Value>();
  const Decimal &left = reflected ? *number : value, &right = reflected ? value : *number;
  auto result = [](Decimal decimal) {
    return Result<std::optional<Value>>(std::optional(FromDecimal(std::move(decimal))));
  };
  int order = is_order ? Compare(left, right) : 0;
  bool divides = op == BinaryOp::kDivide || op == BinaryOp::kFloorDivide || op == BinaryOp::kModulo;
  if (divides && right.IsZero()) return ValueError("[<class 'decimal.DivisionByZero'>]");
  switch (op) {
    case BinaryOp::kAdd:
      return result(Add(left, right));
    case BinaryOp::kSubtract:
      return result(Subtract(left, right));
    case BinaryOp::kMultiply:
      return result(Multiply(left, right));
    case BinaryOp::kDivide:
      return result(*Divide(left, right));
    case BinaryOp::kFloorDivide:
      return result(*DivideToWhole(left, right));
    case BinaryOp::kModulo:
      return result(Subtract(left, Multiply(*DivideToWhole(left, right), right)));
    case BinaryOp::kPower:
      return result(Power(left, right).value_or(Decimal()));
    case BinaryOp::kLess:
      return std::optional(Value::Bool(order < 0));
    case BinaryOp::kLessEqual:
      return std::optional(Value::Bool(order <= 0));
    case BinaryOp::kGreater:
      return std::optional(Value::Bool(order > 0));
    case BinaryOp::kGreaterEqual:
      return std::optional(Value::Bool(order >= 0));
  }
  return std::optional<Value>();
}

Result<Value> ToWhole(const Decimal& value) {
  Decimal whole = *DivideToWhole(value, Decimal{false, "1", 0});
  std::string text = (whole.negative ? "-" : "") + whole.digits;
  if (whole.digits.size() > 18) return ValueError("the number does not fit an integer of 64 bits");
  return Value::Int(std::stoll(text));
}

Result<std::optional<Value>> DecimalObject::GetAttribute(jinja::CallContext&, std::string_view name) {
  using jinja::Arguments;
  using jinja::CallContext;
  Decimal copy = value;
  if (name == "__int__") return MethodOf(name, [copy](CallContext&, const Arguments&) { return ToWhole(copy); });
  if (name == "__float__")
    return MethodOf(name,
                    [copy](CallContext&, const Arguments&) -> Result<Value> { return Value::Float(ToDouble(copy)); });
  if (name == "__abs__") {
    copy.negative = false;
    return MethodOf(name, [copy](CallContext&, const Arguments&) -> Result<Value> { return FromDecimal(copy); });
  }
  if (name == "__round__") {
    return MethodOf(name, [copy](CallContext&, const Arguments& arguments) -> Result<Value> {
      if (arguments.positional.empty()) return ToWhole(RoundTo(copy, 0));
      const std::optional<int64_t> places = IntOf(arguments.positional[0]);
      if (!places)
        return TypeError(
            fmt::format("'{}' object cannot be interpreted as an integer", arguments.positional[0].TypeName()));
      return FromDecimal(RoundTo(copy, *places));
    });
  }
  if (name == "quantize") {
    return MethodOf(name, [copy](CallContext&, const Arguments& arguments) -> Result<Value> {
      const Decimal* unit = arguments.positional.empty() ? nullptr : AsDecimal(arguments.positional[0]);
      if (!unit) return TypeError("quantize() needs a Decimal");
      return FromDecimal(RoundTo(copy, -unit->exponent));
    });
  }
  if (name == "normalize") {
    return MethodOf(name, [copy](CallContext&, const Arguments&) -> Result<Value> {
      Decimal normal = copy;
      while (normal.digits.size() > 1 && normal.digits.back() == '0') normal.digits.pop_back(), ++normal.exponent;
      if (normal.IsZero()) normal.exponent = 0;
      return FromDecimal(std::move(normal));
    });
  }
  return std::optional<Value>();
}

}  // namespace

std::optional<Decimal> ParseDecimal(std::string_view text) {
  Decimal value;
  size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) value.negative = text[at++] == '-';
  std::string digits;
  bool after_point = false;
  for (; at < text.size() && text[at] != 'e' && text[at] != 'E'; ++at) {
    if (text[at] == '.' && !after_point) {
      after_point = true;
    } else if (text[at] >= '0' && text[at] <= '9') {
      digits += text[at];
      value.exponent -= after_point ? 1 : 0;
    } else {
      return std::nullopt;
    }
  }
  if (digits.empty()) return std::nullopt;
  if (at < text.size()) {
    std::string exponent(text.substr(at + 1));
    char* end = nullptr;
    int64_t power = std::strtoll(exponent.c_str(), &end, 10);
    if (exponent.empty() || *end != '\0' || std::abs(power) > 1000000) return std::nullopt;
    value.exponent += power;
  }
  value.digits = Trimmed(std::move(digits));
  return value;
}

std::string FormatDecimal(const Decimal& value) {
  std::string sign = value.negative ? "-" : "";
  auto length = static_cast<int64_t>(value.digits.size());
  int64_t adjusted = value.exponent + length - 1;  // of the first digit
  if (value.exponent <= 0 && adjusted >= -6) {
    if (value.exponent == 0) return sign + value.digits;
    std::string padded = value.digits;
    if (length <= -value.exponent) padded.insert(0, static_cast<size_t>(-value.exponent - length + 1), '0');
    padded.insert(padded.size() - static_cast<size_t>(-value.exponent), 1, '.');
    return sign + padded;
  }
  std::string mantissa = value.digits.substr(0, 1) + (length > 1 ? "." + value.digits.substr(1) : "");
  return fmt::format("{}{}E{:+}", sign, mantissa, adjusted);
}

double ToDouble(const Decimal& value) {
  return std::strtod(fmt::format("{}{}e{}", value.negative ? "-" : "", value.digits, value.exponent).c_str(), nullptr);
}

Decimal Add(const Decimal& a, const Decimal& b) {
  Decimal left = a, right = b;
  Align(left, right);
  if (left.negative == right.negative)
    return Rounded({left.negative, AddDigits(left.digits, right.digits), left.exponent});
  int order = CompareDigits(left.digits, right.digits);
  if (order == 0) return {false, "0", left.exponent};
  const Decimal &larger = order > 0 ? left : right, &smaller = order > 0 ? right : left;
  return Rounded({larger.negative, SubtractDigits(larger.digits, smaller.digits), left.exponent});
}

Decimal Subtract(const Decimal& a, const Decimal& b) {
  Decimal negated = b;
  negated.negative = !b.negative;
  return Add(a, negated);
}

Decimal Multiply(const Decimal& a, const Decimal& b) {
  return Rounded({a.negative != b.negative, MultiplyDigits(a.digits, b.digits), a.exponent + b.exponent});
}

std::optional<Decimal> Divide(const Decimal& a, const Decimal& b) {
  if (b.IsZero()) return std::nullopt;
  if (a.IsZero()) return Decimal{a.negative != b.negative, "0", a.exponent - b.exponent};
  size_t shift =
      b.digits.size() + kPrecision + 1 > a.digits.size() ? b.digits.size() + kPrecision + 1 - a.digits.size() : 0;
  std::string rest;
  Decimal quotient{a.negative != b.negative, DivideDigits(a.digits + std::string(shift, '0'), b.digits, rest),
                   a.exponent - b.exponent - static_cast<int64_t>(shift)};
  bool exact = rest == "0";
  // An exact result has as few digits as it can, down to the exponent of a plain division.
  int64_t ideal = a.exponent - b.exponent;
  while (exact && quotient.exponent < ideal && quotient.digits.back() == '0' && quotient.digits.size() > 1) {
    quotient.digits.pop_back();
    ++quotient.exponent;
  }
  return Rounded(std::move(quotient), !exact);
}

std::optional<Decimal> DivideToWhole(const Decimal& a, const Decimal& b) {
  if (b.IsZero()) return std::nullopt;
  Decimal left = a, right = b;
  Align(left, right);
  std::string rest;
  return Decimal{a.negative != b.negative, DivideDigits(left.digits, right.digits, rest), 0};
}

int Compare(const Decimal& a, const Decimal& b) {
  if (a.IsZero() && b.IsZero()) return 0;
  bool a_negative = a.negative && !a.IsZero(), b_negative = b.negative && !b.IsZero();
  if (a_negative != b_negative) return a_negative ? -1 : 1;
  Decimal left = a, right = b;
  Align(left, right);
  int order = left.exponent != right.exponent ? (left.exponent < right.exponent ? -1 : 1)
                                              : CompareDigits(left.digits, right.digits);
  return a_negative ? -order : order;
}

Decimal RoundTo(const Decimal& value, int64_t places) {
  Decimal rounded = value;
  int64_t drop = -places - value.exponent;
  if (drop > 0) {
    DropDigits(rounded, static_cast<size_t>(std::min<int64_t>(drop, static_cast<int64_t>(value.digits.size()) + 1)),
               false);
    rounded.exponent = -places;
  } else if (-drop < kMaxShift) {
    if (!rounded.IsZero()) rounded.digits.append(static_cast<size_t>(-drop), '0');
    rounded.exponent = -places;
  }
  return rounded;
}

const Decimal* AsDecimal(const Value& value) {
  auto* object = value.As<DecimalObject>();
  return object ? &object->value : nullptr;
}

std::optional<int64_t> WholeOf(const Decimal& value) {
  Decimal whole = RoundTo(value, 0);
  if (Compare(whole, value) != 0 || whole.digits.size() > 18) return std::nullopt;
  return std::stoll((whole.negative ? "-" : "") + whole.digits);
}

Value FromDecimal(Decimal value) { return Value::New<DecimalObject>(std::move(value)); }

Value MakeDecimal(std::string digits) {
  std::optional<Decimal> value = ParseDecimal(digits);
  return value ? FromDecimal(std::move(*value)) : Value::String(std::move(digits));
}

}  // namespace stir::pylib
