// Operators, iteration, slices.
#include "jinja/operations.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "jinja/big_integer.h"
#include "jinja/cells.h"
#include "jinja/errors.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

constexpr size_t kMaxRepeat = size_t{1} << 28;  // of text or items, in one multiplication

std::string_view SymbolOf(BinaryOp op) {
  switch (op) {
    case BinaryOp::kAdd:
      return "+";
    case BinaryOp::kSubtract:
      return "-";
    case BinaryOp::kMultiply:
      return "*";
    case BinaryOp::kDivide:
      return "/";
    case BinaryOp::kFloorDivide:
      return "//";
    case BinaryOp::kModulo:
      return "%";
    case BinaryOp::kPower:
      return "** or pow()";
    case BinaryOp::kLess:
      return "<";
    case BinaryOp::kLessEqual:
      return "<=";
    case BinaryOp::kGreater:
      return ">";
    case BinaryOp::kGreaterEqual:
      return ">=";
  }
  return "?";
}

[[noreturn]] void FailOperands(BinaryOp op, const Value& left, const Value& right) {
  if (op >= BinaryOp::kLess) {
    FailType(fmt::format("'{}' not supported between instances of '{}' and '{}'", SymbolOf(op), left.TypeName(),
                         right.TypeName()));
  }
  FailType(fmt::format("unsupported operand type(s) for {}: '{}' and '{}'", SymbolOf(op), left.TypeName(),
                       right.TypeName()));
}

int64_t FloorDivide(int64_t a, int64_t b) {
  int64_t quotient = a / b;
  return a % b != 0 && (a < 0) != (b < 0) ? quotient - 1 : quotient;
}

int64_t Modulo(int64_t a, int64_t b) {
  if (b == 0) FailZeroDivision("integer modulo by zero");
  if (b == -1) return 0;
  int64_t rest = a % b;
  return rest != 0 && (rest < 0) != (b < 0) ? rest + b : rest;
}

double ModuloReal(double a, double b) {
  if (b == 0) FailZeroDivision("float modulo");
  double rest = std::fmod(a, b);
  if (rest != 0 && (rest < 0) != (b < 0)) rest += b;
  return rest == 0 ? std::copysign(0.0, b) : rest;
}

double FloorDivideReal(double a, double b) {
  const double quotient = (a - ModuloReal(a, b)) / b;
  if (quotient == 0) return std::copysign(0.0, a / b);
  const double whole = std::floor(quotient);
  return quotient - whole > 0.5 ? whole + 1 : whole;
}

// a ** b where the result fits 64 bits.
bool SmallPower(int64_t base, int64_t exponent, int64_t& result) {
  result = 1;
  while (exponent > 0) {
    if ((exponent & 1) && __builtin_mul_overflow(result, base, &result)) return false;
    exponent >>= 1;
    if (exponent > 0 && __builtin_mul_overflow(base, base, &base)) return false;
  }
  return true;
}

// What does not fit 64 bits goes on as a big integer.
Value Large(BinaryOp op, int64_t a, int64_t b) { return IntegerArithmetic(op, Value::Int(a), Value::Int(b)); }

Value Quotient(int64_t a, int64_t b) {
  if (b == 0) FailZeroDivision("division by zero");
  constexpr int64_t kExact = int64_t{1} << 53;
  if (a > kExact || a < -kExact || b > kExact || b < -kExact) return Large(BinaryOp::kDivide, a, b);
  return Value::Float(static_cast<double>(a) / static_cast<double>(b));
}

Value Integers(BinaryOp op, int64_t a, int64_t b) {
  int64_t result = 0;
  switch (op) {
    case BinaryOp::kAdd:
      return __builtin_add_overflow(a, b, &result) ? Large(op, a, b) : Value::Int(result);
    case BinaryOp::kSubtract:
      return __builtin_sub_overflow(a, b, &result) ? Large(op, a, b) : Value::Int(result);
    case BinaryOp::kMultiply:
      return __builtin_mul_overflow(a, b, &result) ? Large(op, a, b) : Value::Int(result);
    case BinaryOp::kDivide:
      return Quotient(a, b);
    case BinaryOp::kFloorDivide:
      if (b == 0) FailZeroDivision("integer division or modulo by zero");
      return a == INT64_MIN && b == -1 ? Large(op, a, b) : Value::Int(FloorDivide(a, b));
    case BinaryOp::kModulo:
      return Value::Int(Modulo(a, b));
    case BinaryOp::kPower:
      return b >= 0 && SmallPower(a, b, result) ? Value::Int(result) : Large(op, a, b);
    default:
      return {};
  }
}

Value Reals(BinaryOp op, double a, double b) {
  switch (op) {
    case BinaryOp::kAdd:
      return Value::Float(a + b);
    case BinaryOp::kSubtract:
      return Value::Float(a - b);
    case BinaryOp::kMultiply:
      return Value::Float(a * b);
    case BinaryOp::kDivide:
      if (b == 0) FailZeroDivision("float division by zero");
      return Value::Float(a / b);
    case BinaryOp::kFloorDivide:
      if (b == 0) FailZeroDivision("float floor division by zero");
      return Value::Float(FloorDivideReal(a, b));
    case BinaryOp::kModulo:
      return Value::Float(ModuloReal(a, b));
    case BinaryOp::kPower:
      if (a == 0 && b < 0) FailZeroDivision("0.0 cannot be raised to a negative power");
      if (a < 0 && std::floor(b) != b) Fail(kTemplateUnsupported, "complex numbers are not supported");
      if (double power = std::pow(a, b); std::isfinite(power) || !std::isfinite(a) || !std::isfinite(b))
        return Value::Float(power);
      Fail(kTemplateOverflow, "(34, 'Numerical result out of range')");
    default:
      return {};
  }
}

Value Repeat(const Value& value, int64_t times) {
  size_t count = times < 0 ? 0 : static_cast<size_t>(times);
  size_t length = value.IsString() ? value.AsString().size() : value.Items().size();
  if (length != 0 && count > kMaxRepeat / length) Fail(kTemplateLimit, "the repeated value is too long");
  if (value.IsString()) {
    std::string text;
    text.reserve(length * count);
    for (size_t i = 0; i < count; ++i) text += value.AsString();
    return Cells::IsMarkup(value) ? Value::Markup(std::move(text)) : Value::String(std::move(text));
  }
  std::vector<Value> items;
  items.reserve(length * count);
  for (size_t i = 0; i < count; ++i) items.insert(items.end(), value.Items().begin(), value.Items().end());
  return value.type() == Type::kList ? Value::List(std::move(items)) : Value::Tuple(std::move(items));
}

// Text that is HTML takes only HTML: the other side is escaped.
Value AddMarkup(const Value& left, const Value& right) {
  auto text = [](const Value& value) {
    return Cells::IsMarkup(value) ? std::string(value.AsString()) : EscapeHtml(value.AsString());
  };
  return Value::Markup(text(left) + text(right));
}

Value Add(const Value& left, const Value& right) {
  if (left.IsString()) {
    if (!right.IsString()) FailType(fmt::format("can only concatenate str (not \"{}\") to str", right.TypeName()));
    if (Cells::IsMarkup(left) || Cells::IsMarkup(right)) return AddMarkup(left, right);
    std::string text;
    text.reserve(left.AsString().size() + right.AsString().size());
    text += left.AsString();
    text += right.AsString();
    return Value::String(std::move(text));
  }
  if (left.IsSequence()) {
    if (right.type() != left.type()) {
      FailType(fmt::format("can only concatenate {0} (not \"{1}\") to {0}", left.TypeName(), right.TypeName()));
    }
    std::vector<Value> items = left.Items();
    items.insert(items.end(), right.Items().begin(), right.Items().end());
    return left.type() == Type::kList ? Value::List(std::move(items)) : Value::Tuple(std::move(items));
  }
  FailOperands(BinaryOp::kAdd, left, right);
}

std::optional<Value> AskObjects(BinaryOp op, const Value& left, const Value& right) {
  if (Object* object = left.AsObject()) {
    if (std::optional<Value> result = Take(object->Binary(op, right, false))) return result;
  }
  if (Object* object = right.AsObject()) return Take(object->Binary(op, left, true));
  return std::nullopt;
}

bool Ordered(BinaryOp op, const Value& left, const Value& right);

// -1, 0, 1; nullopt: no order (NaN). Fails for types without an order.
std::optional<int> Order(BinaryOp op, const Value& left, const Value& right) {
  auto sign = [](auto a, auto b) { return a < b ? -1 : b < a ? 1 : 0; };
  if (IsNumber(left) && IsNumber(right)) {
    if (IsWhole(left) && IsWhole(right)) return sign(WholeOf(left), WholeOf(right));
    double a = RealOf(left), b = RealOf(right);
    if (std::isnan(a) || std::isnan(b)) return std::nullopt;
    return sign(a, b);
  }
  if (left.IsString() && right.IsString()) return sign(left.AsString().compare(right.AsString()), 0);
  if (left.IsSequence() && left.type() == right.type()) {
    const std::vector<Value>&a = left.Items(), &b = right.Items();
    for (size_t i = 0; i < a.size() && i < b.size(); ++i) {
      if (a[i].Equals(b[i])) continue;
      bool asks_less = op == BinaryOp::kLess || op == BinaryOp::kLessEqual;
      return Ordered(op, a[i], b[i]) == asks_less ? -1 : 1;
    }
    return sign(a.size(), b.size());
  }
  FailOperands(op, left, right);
}

bool Ordered(BinaryOp op, const Value& left, const Value& right) {
  FailIfUndefined(left);
  FailIfUndefined(right);
  if (left.AsObject() || right.AsObject()) {
    std::optional<Value> result = AskObjects(op, left, right);
    if (!result) FailOperands(op, left, right);
    return result->Truthy();
  }
  std::optional<int> order = Order(op, left, right);
  if (!order) return false;
  switch (op) {
    case BinaryOp::kLess:
      return *order < 0;
    case BinaryOp::kLessEqual:
      return *order <= 0;
    case BinaryOp::kGreater:
      return *order > 0;
    default:
      return *order >= 0;
  }
}

// --- iterators

class SequenceIterator final : public Iterator {
 public:
  explicit SequenceIterator(Value sequence) : sequence_(std::move(sequence)) {}
  Result<std::optional<Value>> Next() override {
    const std::vector<Value>& items = sequence_.Items();
    if (next_ >= items.size()) return std::optional<Value>();
    return std::optional<Value>(items[next_++]);
  }

 private:
  Value sequence_;
  size_t next_ = 0;
};

class KeyIterator final : public Iterator {
 public:
  explicit KeyIterator(const Value& dict) : dict_(&dict.AsDict()), size_(dict_->size()) {}
  Result<std::optional<Value>> Next() override {
    if (dict_->size() != size_) return Diagnostic(kTemplateIteration, "dictionary changed size during iteration");
    if (next_ >= size_) return std::optional<Value>();
    return std::optional<Value>(dict_->entries()[next_++].first);
  }

 private:
  Ref<Dict> dict_;
  size_t size_, next_ = 0;
};

class CharacterIterator final : public Iterator {
 public:
  explicit CharacterIterator(Value text) : text_(std::move(text)) {}
  Result<std::optional<Value>> Next() override {
    std::string_view text = text_.AsString();
    if (offset_ >= text.size()) return std::optional<Value>();
    size_t begin = offset_;
    NextCodePoint(text, offset_);
    return std::optional<Value>(Value::String(std::string(text.substr(begin, offset_ - begin))));
  }

 private:
  Value text_;
  size_t offset_ = 0;
};

class EmptyIterator final : public Iterator {
 public:
  Result<std::optional<Value>> Next() override { return std::optional<Value>(); }
};

}  // namespace

void FailIfUndefined(const Value& value) {
  if (!value.IsUndefined()) return;
  const UndefinedCell* cell = Cells::Undefined(value);
  Fail(cell ? cell->kind : kTemplateUndefined, value.UndefinedMessage());
}

Value Arithmetic(BinaryOp op, const Value& left, const Value& right) {
  if (left.type() == Type::kInt && right.type() == Type::kInt) return Integers(op, left.AsInt(), right.AsInt());
  // `text % values` takes any value, also an undefined one.
  if (op == BinaryOp::kModulo && left.IsString()) return FormatPercent(left, right);
  FailIfUndefined(left);
  FailIfUndefined(right);
  if (left.AsObject() || right.AsObject()) {
    if (std::optional<Value> result = AskObjects(op, left, right)) return std::move(*result);
    FailOperands(op, left, right);
  }
  if (IsNumber(left) && IsNumber(right)) {
    if (IsWhole(left) && IsWhole(right)) return Integers(op, WholeOf(left), WholeOf(right));
    return Reals(op, RealOf(left), RealOf(right));
  }
  if (op == BinaryOp::kMultiply) {
    bool left_repeats = left.IsString() || left.IsSequence(), right_repeats = right.IsString() || right.IsSequence();
    if (left_repeats && IsWhole(right)) return Repeat(left, WholeOf(right));
    if (right_repeats && IsWhole(left)) return Repeat(right, WholeOf(left));
    if (left_repeats || right_repeats)
      FailType(
          fmt::format("can't multiply sequence by non-int of type '{}'", (left_repeats ? right : left).TypeName()));
  }
  if (op == BinaryOp::kAdd) return Add(left, right);
  FailOperands(op, left, right);
}

Value Negate(const Value& value) {
  FailIfUndefined(value);
  if (value.type() == Type::kFloat) return Value::Float(-value.AsFloat());
  if (IsWhole(value)) return Integers(BinaryOp::kSubtract, 0, WholeOf(value));
  if (value.AsObject()) {
    if (std::optional<Value> result = Take(value.AsObject()->Binary(BinaryOp::kMultiply, Value::Int(-1), false)))
      return std::move(*result);
  }
  FailType(fmt::format("bad operand type for unary -: '{}'", value.TypeName()));
}

Value Plus(const Value& value) {
  FailIfUndefined(value);
  if (value.type() == Type::kFloat || (value.AsObject() && value.AsObject()->IsNumber())) return value;
  if (IsWhole(value)) return Value::Int(WholeOf(value));
  FailType(fmt::format("bad operand type for unary +: '{}'", value.TypeName()));
}

bool Compare(CompareOp op, const Value& left, const Value& right) {
  auto check = [](const Value& value) {
    if (Cells::IsStrict(value)) FailIfUndefined(value);
  };
  switch (op) {
    case CompareOp::kEqual:
    case CompareOp::kNotEqual:
      check(left), check(right);
      return left.Equals(right) == (op == CompareOp::kEqual);
    case CompareOp::kLess:
      return Ordered(BinaryOp::kLess, left, right);
    case CompareOp::kLessEqual:
      return Ordered(BinaryOp::kLessEqual, left, right);
    case CompareOp::kGreater:
      return Ordered(BinaryOp::kGreater, left, right);
    case CompareOp::kGreaterEqual:
      return Ordered(BinaryOp::kGreaterEqual, left, right);
    case CompareOp::kIn:
      return Contains(right, left);
    case CompareOp::kNotIn:
      return !Contains(right, left);
  }
  return false;
}

bool Less(const Value& left, const Value& right) { return Ordered(BinaryOp::kLess, left, right); }

bool Truth(const Value& value) {
  if (Cells::IsStrict(value)) FailIfUndefined(value);
  return value.Truthy();
}

bool Contains(const Value& container, const Value& item) {
  if (container.IsString()) {
    if (!item.IsString())
      FailType(fmt::format("'in <string>' requires string as left operand, not {}", item.TypeName()));
    return container.AsString().find(item.AsString()) != std::string_view::npos;
  }
  if (container.IsDict()) {
    RequireHashable(item);
    return container.AsDict().Find(item) != nullptr;
  }
  if (Object* object = container.AsObject()) {
    if (const std::optional<bool> contains = object->Contains(item)) return *contains;
  }
  if (!IsIterable(container)) FailType(fmt::format("argument of type '{}' is not iterable", container.TypeName()));
  std::unique_ptr<Iterator> iterator = Iterate(container);
  Value each;
  while (NextOf(*iterator, each)) {
    if (Cells::IsStrict(item)) FailIfUndefined(item);
    if (each.Equals(item)) return true;
  }
  return false;
}

void RequireHashable(const Value& value) {
  if (Cells::IsStrict(value)) FailIfUndefined(value);
  bool unhashable = value.type() == Type::kList || value.IsDict() || value.TypeName() == "set";
  if (value.type() == Type::kTuple) {
    for (const Value& each : value.Items()) RequireHashable(each);
  }
  if (unhashable) FailType(fmt::format("unhashable type: '{}'", value.TypeName()));
}

std::string ToText(const Value& value) { return Take(value.Str()); }

void AppendText(std::string& out, const Value& value) {
  if (value.IsString()) {
    out += Cells::Of(value).text;
  } else if (value.type() == Type::kInt) {
    char digits[24];
    out.append(digits, std::to_chars(digits, digits + sizeof digits, value.AsInt()).ptr);
  } else {
    out += Take(value.Str());
  }
}

std::string ToRepr(const Value& value) { return Take(value.Repr()); }

bool IsIterable(const Value& value) {
  switch (value.type()) {
    case Type::kUndefined:
    case Type::kString:
    case Type::kList:
    case Type::kTuple:
    case Type::kDict:
      return true;
    case Type::kObject:
      return value.AsObject()->IsIterable();
    default:
      return false;
  }
}

std::unique_ptr<Iterator> Iterate(const Value& value) {
  switch (value.type()) {
    case Type::kUndefined:
      if (Cells::IsStrict(value)) FailIfUndefined(value);
      return std::make_unique<EmptyIterator>();
    case Type::kString:
      return std::make_unique<CharacterIterator>(value);
    case Type::kList:
    case Type::kTuple:
      return std::make_unique<SequenceIterator>(value);
    case Type::kDict:
      return std::make_unique<KeyIterator>(value);
    case Type::kObject:
      if (value.AsObject()->IsIterable()) return Take(value.AsObject()->Iterate());
      [[fallthrough]];
    default:
      FailType(fmt::format("'{}' object is not iterable", value.TypeName()));
  }
}

std::vector<Value> ToVector(const Value& value) {
  if (value.IsSequence()) return value.Items();
  std::vector<Value> items;
  std::unique_ptr<Iterator> iterator = Iterate(value);
  Value item;
  while (NextOf(*iterator, item)) items.push_back(std::move(item));
  return items;
}

bool NextOf(Iterator& iterator, Value& value) {
  std::optional<Value> next = Take(iterator.Next());
  if (!next) return false;
  value = std::move(*next);
  return true;
}

size_t LengthOf(const Value& value) {
  if (Cells::IsStrict(value)) FailIfUndefined(value);
  std::optional<size_t> length = value.Length();
  if (!length) FailType(fmt::format("object of type '{}' has no len()", value.TypeName()));
  return *length;
}

bool IsWhole(const Value& value) { return value.type() == Type::kInt || value.type() == Type::kBool; }
int64_t WholeOf(const Value& value) { return value.type() == Type::kBool ? int64_t{value.AsBool()} : value.AsInt(); }
bool IsNumber(const Value& value) { return IsWhole(value) || value.type() == Type::kFloat; }
double RealOf(const Value& value) {
  return value.type() == Type::kFloat ? value.AsFloat() : static_cast<double>(WholeOf(value));
}

int64_t RequireInt(const Value& value) {
  if (IsBig(value)) Fail(kTemplateOverflow, "Python int too large to convert to C ssize_t");
  if (!IsWhole(value)) FailType(fmt::format("'{}' object cannot be interpreted as an integer", value.TypeName()));
  return WholeOf(value);
}

std::vector<size_t> SliceOf(size_t length, const Value& start, const Value& stop, const Value& step) {
  auto number = [](const Value& value) {
    if (IsBig(value)) return IsNegativeInteger(value) ? INT64_MIN / 2 : INT64_MAX / 2;
    if (!IsWhole(value)) FailType("slice indices must be integers or None or have an __index__ method");
    return WholeOf(value);
  };
  int64_t by = step.IsNone() ? 1 : number(step), size = static_cast<int64_t>(length);
  if (by == 0) FailValue("slice step cannot be zero");
  int64_t lowest = by > 0 ? 0 : -1, highest = by > 0 ? size : size - 1;
  auto bound = [&](const Value& value, int64_t fallback) {
    if (value.IsNone()) return fallback;
    int64_t at = number(value);
    return std::clamp(at < 0 ? at + size : at, lowest, highest);
  };
  int64_t from = bound(start, by > 0 ? 0 : size - 1), to = bound(stop, by > 0 ? size : -1);
  std::vector<size_t> indices;
  for (int64_t i = from; by > 0 ? i < to : i > to; i += by) {
    indices.push_back(static_cast<size_t>(i));
    if (by > 0 ? i > INT64_MAX - by : i < INT64_MIN - by) break;
  }
  return indices;
}

namespace {

// The part [begin, end) of a text or sequence, by items.
Value TakePart(const Value& value, size_t begin, size_t end) {
  if (value.IsString()) {
    const std::string_view text = value.AsString();
    const bool is_ascii = IsAscii(text);
    const size_t first = is_ascii ? begin : CodePointOffset(text, begin);
    const size_t last = is_ascii ? end : first + CodePointOffset(text.substr(first), end - begin);
    std::string part(text.substr(first, last - first));
    return Cells::IsMarkup(value) ? Value::Markup(std::move(part)) : Value::String(std::move(part));
  }
  const auto& items = value.Items();
  std::vector<Value> part(items.begin() + static_cast<ptrdiff_t>(begin), items.begin() + static_cast<ptrdiff_t>(end));
  return value.type() == Type::kList ? Value::List(std::move(part)) : Value::Tuple(std::move(part));
}

}  // namespace

Value TakeSlice(const Value& value, const Value& start, const Value& stop, const Value& step) {
  auto is_bound = [](const Value& bound) { return bound.IsNone() || bound.type() == Type::kInt; };
  if (step.IsNone() && is_bound(start) && is_bound(stop)) {
    const auto length = static_cast<int64_t>(*value.Length());
    auto place = [&](const Value& bound, int64_t fallback) {
      if (bound.IsNone()) return fallback;
      return std::clamp<int64_t>(bound.AsInt() < 0 ? bound.AsInt() + length : bound.AsInt(), 0, length);
    };
    const int64_t begin = place(start, 0), end = place(stop, length);
    return TakePart(value, static_cast<size_t>(begin), static_cast<size_t>(std::max(begin, end)));
  }
  std::vector<size_t> indices = SliceOf(*value.Length(), start, stop, step);
  if (value.IsString()) {
    std::string_view text = value.AsString();
    std::string out;
    if (IsAscii(text)) {
      for (size_t i : indices) out += text[i];
    } else {
      std::vector<std::string_view> points = CodePoints(text);
      for (size_t i : indices) out += points[i];
    }
    return Cells::IsMarkup(value) ? Value::Markup(std::move(out)) : Value::String(std::move(out));
  }
  std::vector<Value> items;
  items.reserve(indices.size());
  for (size_t i : indices) items.push_back(value.Items()[i]);
  return value.type() == Type::kList ? Value::List(std::move(items)) : Value::Tuple(std::move(items));
}

}  // namespace stir::jinja
