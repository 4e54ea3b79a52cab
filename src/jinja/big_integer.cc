// Arithmetic by OpenSSL's BIGNUM, which the program links anyway; what is Python's own is here: rounding towards minus
// infinity, the nearest float, limits.
#include "jinja/big_integer.h"

#include <openssl/bn.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <memory>

#include <fmt/format.h>

#include "jinja/errors.h"
#include "jinja/operations.h"

namespace stir::jinja {
namespace {

constexpr int kMaxBits = 1 << 22;       // of a result: what a template bomb may cost
constexpr size_t kMaxDigits = 1 << 17;  // of a text in a base that is a power of two
constexpr size_t kMaxDecimals = 4300;   // Python's limit on converting to and from decimal text

struct FreeNumber {
  void operator()(BIGNUM* number) const { BN_free(number); }
};
using Number = std::unique_ptr<BIGNUM, FreeNumber>;

[[noreturn]] void FailSize() { Fail(kTemplateLimit, "the integer is too large"); }

// OpenSSL's functions fail for want of memory only.
void Check(int ok) {
  if (ok != 1) FailSize();
}

Number New() { return Number(BN_new()); }

// Scratch space of one thread's arithmetic.
BN_CTX* Scratch() {
  struct FreeContext {
    void operator()(BN_CTX* context) const { BN_CTX_free(context); }
  };
  thread_local const std::unique_ptr<BN_CTX, FreeContext> context(BN_CTX_new());
  return context.get();
}

Number Copy(const BIGNUM* number) { return Number(BN_dup(number)); }

Number FromInt(int64_t value) {
  Number number = New();
  const uint64_t magnitude = value < 0 ? 0 - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
  Check(BN_set_word(number.get(), magnitude));
  BN_set_negative(number.get(), value < 0 ? 1 : 0);
  return number;
}

std::string TextOf(const BIGNUM* number) {
  std::unique_ptr<char, void (*)(char*)> text(BN_bn2dec(number), [](char* each) { OPENSSL_free(each); });
  if (!text) FailSize();
  return text.get();
}

Value Normal(Number number);
std::optional<Value> TryBinary(BinaryOp op, const Value& left, const Value& right);

class BigInteger final : public Object {
 public:
  explicit BigInteger(Number of) : number(std::move(of)) {}
  std::string_view TypeName() const override { return "int"; }
  bool IsNumber() const override { return true; }
  bool Truthy() const override { return true; }
  Result<std::string> Repr() const override {
    if (static_cast<size_t>(BN_num_bits(number.get())) * 30103 / 100000 > kMaxDecimals) {
      return Diagnostic(kTemplateValue, fmt::format("Exceeds the limit ({} digits) for integer string conversion; use "
                                                    "sys.set_int_max_str_digits() to increase the limit",
                                                    kMaxDecimals));
    }
    return TextOf(number.get());
  }
  bool Equals(const Value& other) const override {
    if (const auto* big = other.As<BigInteger>()) return BN_cmp(number.get(), big->number.get()) == 0;
    if (other.type() != Type::kFloat || !std::isfinite(other.AsFloat())) return false;
    return IntegerFrom(other.AsFloat()).As<BigInteger>() &&
           BN_cmp(number.get(), IntegerFrom(other.AsFloat()).As<BigInteger>()->number.get()) == 0;
  }
  size_t Hash() const override;
  Result<std::optional<Value>> Binary(BinaryOp op, const Value& other, bool reflected) const override {
    const Value self = Value::FromObject(Ref<Object>(const_cast<BigInteger*>(this)));
    return Catching([&] { return reflected ? TryBinary(op, other, self) : TryBinary(op, self, other); });
  }
  Result<std::optional<Value>> GetAttribute(CallContext& context, std::string_view name) override;

  const Number number;
};

const BIGNUM* NumberOf(const Value& value, Number& made) {
  if (const auto* big = value.As<BigInteger>()) return big->number.get();
  made = FromInt(WholeOf(value));
  return made.get();
}

Value Normal(Number number) {
  const int bits = BN_num_bits(number.get());
  if (bits > kMaxBits) FailSize();
  if (bits <= 63) {
    const auto magnitude = static_cast<int64_t>(BN_get_word(number.get()));
    return Value::Int(BN_is_negative(number.get()) ? -magnitude : magnitude);
  }
  if (bits == 64 && BN_is_negative(number.get()) && BN_get_word(number.get()) == uint64_t{1} << 63)
    return Value::Int(INT64_MIN);
  return Value::New<BigInteger>(std::move(number));
}

// Quotient and rest with the rest's sign that of the divisor.
void FloorDivide(const BIGNUM* a, const BIGNUM* b, BIGNUM* quotient, BIGNUM* rest) {
  Check(BN_div(quotient, rest, a, b, Scratch()));
  if (BN_is_zero(rest) || BN_is_negative(rest) == BN_is_negative(b)) return;
  Check(BN_sub_word(quotient, 1));
  Check(BN_add(rest, rest, b));
}

// The float nearest to a / b, ties to even: 66 bits of quotient with what is lost folded into the last.
double Ratio(const BIGNUM* a, const BIGNUM* b) {
  const int shift = 66 - (BN_num_bits(a) - BN_num_bits(b));
  Number numerator = Copy(a), denominator = Copy(b), quotient = New(), rest = New();
  BN_set_negative(numerator.get(), 0);
  BN_set_negative(denominator.get(), 0);
  Check(shift > 0 ? BN_lshift(numerator.get(), numerator.get(), shift)
                  : BN_lshift(denominator.get(), denominator.get(), -shift));
  Check(BN_div(quotient.get(), rest.get(), numerator.get(), denominator.get(), Scratch()));
  if (!BN_is_zero(rest.get())) Check(BN_set_bit(quotient.get(), 0));
  // To 64 bits, the last of which stands for all below it: one rounding is left, that to a double.
  int exponent = -shift;
  const int extra = BN_num_bits(quotient.get()) - 64;
  if (extra > 0) {
    Number low = Copy(quotient.get());
    BN_mask_bits(low.get(), extra);
    Check(BN_rshift(quotient.get(), quotient.get(), extra));
    if (!BN_is_zero(low.get())) Check(BN_set_bit(quotient.get(), 0));
    exponent += extra;
  }
  const double magnitude = std::ldexp(static_cast<double>(BN_get_word(quotient.get())), exponent);
  return BN_is_negative(a) != BN_is_negative(b) ? -magnitude : magnitude;
}

double ToReal(const BIGNUM* number) {
  Number one = FromInt(1);
  const double real = Ratio(number, one.get());
  if (!std::isfinite(real)) Fail(kTemplateOverflow, "int too large to convert to float");
  return real;
}

Value Power(const Value& base, const Value& exponent) {
  if (IsNegativeInteger(exponent)) {
    const double real = IntegerToReal(base);
    if (real == 0) Fail(kTemplateZeroDivision, "0.0 cannot be raised to a negative power");
    return Value::Float(std::pow(real, IntegerToReal(exponent)));
  }
  const bool is_small = base.AsObject() == nullptr && WholeOf(base) >= -1 && WholeOf(base) <= 1;
  if (is_small && WholeOf(base) != -1) return Value::Int(!exponent.Truthy() ? 1 : WholeOf(base));
  Number made_base, made_exponent;
  const BIGNUM* a = NumberOf(base, made_base);
  const BIGNUM* b = NumberOf(exponent, made_exponent);
  if (is_small) return Value::Int(BN_is_odd(b) ? -1 : 1);
  if (BN_num_bits(b) > 31 ||
      BN_get_word(b) > static_cast<uint64_t>(kMaxBits / (BN_num_bits(a) - 1 > 0 ? BN_num_bits(a) - 1 : 1)))
    FailSize();
  Number result = New();
  Check(BN_exp(result.get(), a, b, Scratch()));
  return Normal(std::move(result));
}

Value Divide(const BIGNUM* a, const BIGNUM* b) {
  if (BN_is_zero(b)) Fail(kTemplateZeroDivision, "division by zero");
  const double real = BN_is_zero(a) ? 0.0 : Ratio(a, b);
  if (!std::isfinite(real)) Fail(kTemplateOverflow, "integer division result too large for a float");
  return Value::Float(real);
}

// For operands of which one is a big integer; nullopt: not an operation on numbers.
std::optional<Value> TryBinary(BinaryOp op, const Value& left, const Value& right) {
  if (IsInteger(left) && IsInteger(right)) return IntegerArithmetic(op, left, right);
  const bool repeats = left.IsString() || left.IsSequence() || right.IsString() || right.IsSequence();
  if (op == BinaryOp::kMultiply && repeats) Fail(kTemplateOverflow, "cannot fit 'int' into an index-sized integer");
  const Value& other = IsBig(left) ? right : left;
  if (other.type() != Type::kFloat) return std::nullopt;
  if (op >= BinaryOp::kLess) {
    // Exact: the float as an integer and a fraction.
    const double real = other.AsFloat();
    if (std::isnan(real)) return Value::Bool(false);
    double order = 0;
    if (std::isinf(real)) {
      order = real < 0 ? 1 : -1;
    } else {
      Number made_big, made_real;
      order = BN_cmp(NumberOf(&other == &right ? left : right, made_big), NumberOf(IntegerFrom(real), made_real));
    }
    if (&other == &left) order = -order;
    return Value::Bool(op == BinaryOp::kLess        ? order < 0
                       : op == BinaryOp::kLessEqual ? order <= 0
                       : op == BinaryOp::kGreater   ? order > 0
                                                    : order >= 0);
  }
  auto real = [](const Value& value) {
    return value.type() == Type::kFloat ? value : Value::Float(IntegerToReal(value));
  };
  return Arithmetic(op, real(left), real(right));
}

Value Bound(const Value& self, Value (*call)(const Value&)) {
  return MakeFunction("int",
                      [self, call](CallContext&, const Arguments&) { return Catching([&] { return call(self); }); });
}

Result<std::optional<Value>> BigInteger::GetAttribute(CallContext&, std::string_view name) {
  const Value self = Value::FromObject(Ref<Object>(this));
  if (name == "real" || name == "numerator") return std::optional(self);
  if (name == "imag") return std::optional(Value::Int(0));
  if (name == "denominator") return std::optional(Value::Int(1));
  if (name == "conjugate" || name == "__int__" || name == "__round__" || name == "__index__")
    return std::optional(Bound(self, [](const Value& each) { return each; }));
  if (name == "__abs__") {
    return std::optional(
        Bound(self, [](const Value& each) { return IsNegativeInteger(each) ? NegateInteger(each) : each; }));
  }
  if (name == "__float__")
    return std::optional(Bound(self, [](const Value& each) { return Value::Float(IntegerToReal(each)); }));
  if (name == "bit_length") {
    return std::optional(
        Bound(self, [](const Value& each) { return Value::Int(static_cast<int64_t>(IntegerBits(each))); }));
  }
  if (name == "as_integer_ratio")
    return std::optional(Bound(self, [](const Value& each) { return Value::Tuple({each, Value::Int(1)}); }));
  return std::optional<Value>();
}

size_t BigInteger::Hash() const {
  Number one = FromInt(1);
  return std::hash<double>()(Ratio(number.get(), one.get()));
}

}  // namespace

bool IsBig(const Value& value) { return value.As<BigInteger>() != nullptr; }
bool IsInteger(const Value& value) { return IsWhole(value) || IsBig(value); }

bool IsNegativeInteger(const Value& value) {
  if (const auto* big = value.As<BigInteger>()) return BN_is_negative(big->number.get()) != 0;
  return WholeOf(value) < 0;
}

Value IntegerArithmetic(BinaryOp op, const Value& left, const Value& right) {
  if (op == BinaryOp::kPower) return Power(left, right);
  Number made_a, made_b, result = New(), rest = New();
  const BIGNUM* a = NumberOf(left, made_a);
  const BIGNUM* b = NumberOf(right, made_b);
  switch (op) {
    case BinaryOp::kAdd:
      Check(BN_add(result.get(), a, b));
      break;
    case BinaryOp::kSubtract:
      Check(BN_sub(result.get(), a, b));
      break;
    case BinaryOp::kMultiply:
      if (BN_num_bits(a) + BN_num_bits(b) > kMaxBits) FailSize();
      Check(BN_mul(result.get(), a, b, Scratch()));
      break;
    case BinaryOp::kDivide:
      return Divide(a, b);
    case BinaryOp::kFloorDivide:
    case BinaryOp::kModulo:
      if (BN_is_zero(b)) Fail(kTemplateZeroDivision, "integer division or modulo by zero");
      FloorDivide(a, b, result.get(), rest.get());
      return Normal(op == BinaryOp::kModulo ? std::move(rest) : std::move(result));
    case BinaryOp::kLess:
      return Value::Bool(BN_cmp(a, b) < 0);
    case BinaryOp::kLessEqual:
      return Value::Bool(BN_cmp(a, b) <= 0);
    case BinaryOp::kGreater:
      return Value::Bool(BN_cmp(a, b) > 0);
    default:
      return Value::Bool(BN_cmp(a, b) >= 0);
  }
  return Normal(std::move(result));
}

Value NegateInteger(const Value& value) { return IntegerArithmetic(BinaryOp::kSubtract, Value::Int(0), value); }

std::string IntegerDigits(const Value& value, int base) {
  if (IsWhole(value)) {
    const int64_t number = WholeOf(value);
    const uint64_t magnitude = number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
    char digits[64];
    return {digits, std::to_chars(digits, digits + sizeof digits, magnitude, base).ptr};
  }
  Number made;
  Number magnitude = Copy(NumberOf(value, made));
  BN_set_negative(magnitude.get(), 0);
  if (base == 10) return Take(Normal(std::move(magnitude)).Repr());
  const int step = base == 16 ? 4 : base == 8 ? 3 : 1;
  std::string digits;
  for (int bit = 0, bits = std::max(BN_num_bits(magnitude.get()), 1); bit < bits; bit += step) {
    int digit = 0;
    for (int i = 0; i < step; ++i) digit |= BN_is_bit_set(magnitude.get(), bit + i) << i;
    digits += "0123456789abcdef"[digit];
  }
  std::ranges::reverse(digits);
  return digits;
}

Value IntegerFrom(std::string_view digits, int base, bool negative) {
  const bool is_power = base == 2 || base == 4 || base == 8 || base == 16 || base == 32;
  if (!is_power && digits.size() > kMaxDecimals) {
    FailValue(
        fmt::format("Exceeds the limit ({} digits) for integer string conversion: value has {} digits; use "
                    "sys.set_int_max_str_digits() to increase the limit",
                    kMaxDecimals, digits.size()));
  }
  if (digits.size() > kMaxDigits) FailSize();
  Number number = New();
  BN_zero(number.get());
  for (char c : digits) {
    const int digit = c <= '9' ? c - '0' : (c | 32) - 'a' + 10;
    Check(BN_mul_word(number.get(), static_cast<BN_ULONG>(base)));
    Check(BN_add_word(number.get(), static_cast<BN_ULONG>(digit)));
  }
  BN_set_negative(number.get(), negative && !BN_is_zero(number.get()) ? 1 : 0);
  return Normal(std::move(number));
}

Value IntegerFrom(double value) {
  if (std::fabs(value) < 9.2e18) return Value::Int(static_cast<int64_t>(value));
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(value), &exponent);
  Number number = FromInt(static_cast<int64_t>(std::ldexp(fraction, 53)));
  Check(BN_lshift(number.get(), number.get(), exponent - 53));
  BN_set_negative(number.get(), value < 0 ? 1 : 0);
  return Normal(std::move(number));
}

double IntegerToReal(const Value& value) {
  const auto* big = value.As<BigInteger>();
  return big ? ToReal(big->number.get()) : static_cast<double>(WholeOf(value));
}

size_t IntegerBits(const Value& value) {
  Number made;
  return static_cast<size_t>(BN_num_bits(NumberOf(value, made)));
}

Value RoundInteger(const Value& value, int64_t places) {
  if (places >= 0) return value.type() == Type::kBool ? Value::Int(WholeOf(value)) : value;
  if (-places > static_cast<int64_t>(IntegerBits(value))) return Value::Int(0);
  const Value unit = Power(Value::Int(10), Value::Int(-places));
  const Value quotient = IntegerArithmetic(BinaryOp::kFloorDivide, value, unit);
  const Value rest = IntegerArithmetic(BinaryOp::kModulo, value, unit);
  const Value twice = IntegerArithmetic(BinaryOp::kMultiply, rest, Value::Int(2));
  const bool is_odd = IntegerArithmetic(BinaryOp::kModulo, quotient, Value::Int(2)).Truthy();
  const bool is_above = IntegerArithmetic(is_odd ? BinaryOp::kGreaterEqual : BinaryOp::kGreater, twice, unit).Truthy();
  const Value rounded = IntegerArithmetic(BinaryOp::kAdd, quotient, Value::Int(is_above ? 1 : 0));
  return IntegerArithmetic(BinaryOp::kMultiply, rounded, unit);
}

}  // namespace stir::jinja
