// Filters that convert, and those on numbers.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "jinja/big_integer.h"
#include "jinja/filters.h"
#include "jinja/json_text.h"

namespace stir::jinja {
namespace {

// The integer part of a float, as int(x) gives it.
Value WholePart(double value) {
  if (std::isnan(value)) FailValue("cannot convert float NaN to integer");
  if (std::isinf(value)) Fail(kTemplateOverflow, "cannot convert float infinity to integer");
  return IntegerFrom(value);
}

std::optional<Value> IntegerInText(std::string_view text, const Value& base) {
  const bool has_base = IsWhole(base) && (WholeOf(base) == 0 || (WholeOf(base) >= 2 && WholeOf(base) <= 36));
  if (!has_base) return std::nullopt;
  const Result<std::optional<Value>> whole = Catching([&] { return ParseInt(text, static_cast<int>(WholeOf(base))); });
  return whole.ok() ? *whole : std::nullopt;
}

Value ToInt(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_int", arguments);
  Value fallback = reader.Optional("default", Value::Int(0)), base = reader.Optional("base", Value::Int(10));
  reader.Finish();
  FailIfUndefined(input);
  if (IsInteger(input)) return input.type() == Type::kBool ? Value::Int(WholeOf(input)) : input;
  if (input.type() == Type::kFloat) return std::isnan(input.AsFloat()) ? fallback : WholePart(input.AsFloat());
  if (input.IsString()) {
    if (std::optional<Value> whole = IntegerInText(input.AsString(), base)) return *whole;
    const std::optional<double> real = ParseFloat(input.AsString());
    return real && std::isfinite(*real) ? IntegerFrom(*real) : fallback;
  }
  return CallSpecial(evaluator, input, "__int__").value_or(fallback);
}

Value ToFloat(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_float", arguments);
  Value fallback = reader.Optional("default", Value::Float(0));
  reader.Finish();
  FailIfUndefined(input);
  if (IsNumber(input)) return Value::Float(RealOf(input));
  if (input.IsString()) {
    const std::optional<double> real = ParseFloat(input.AsString());
    return real ? Value::Float(*real) : fallback;
  }
  return CallSpecial(evaluator, input, "__float__").value_or(fallback);
}

// Python's round(): halves go to the even neighbour, by the number's exact value.
double RoundReal(double value, int64_t digits) {
  if (!std::isfinite(value) || digits > 320) return value;
  if (digits >= 0) return std::strtod(fmt::format("{:.{}f}", value, digits).c_str(), nullptr);
  if (digits < -320) return 0 * value;
  double unit = std::pow(10.0, static_cast<double>(-digits)), scaled = value / unit, rounded = std::round(scaled);
  if (std::fabs(scaled - rounded) == 0.5) rounded = 2 * std::round(scaled / 2);
  return rounded * unit;
}

Value RoundCommon(Evaluator& evaluator, const Value& input, const Value& precision) {
  if (std::optional<Value> special = CallSpecial(evaluator, input, "__round__", {precision}); special && !IsBig(input))
    return *special;
  if (!IsNumber(input) && !IsBig(input))
    FailType(fmt::format("type {} doesn't define __round__ method", input.TypeName()));
  if (precision.IsNone()) {
    if (input.type() != Type::kFloat) return RoundInteger(input, 0);
    if (!std::isfinite(input.AsFloat())) return WholePart(input.AsFloat());
    return IntegerFrom(RoundReal(input.AsFloat(), 0));
  }
  const int64_t digits = RequireInt(precision);
  return input.type() == Type::kFloat ? Value::Float(RoundReal(input.AsFloat(), digits)) : RoundInteger(input, digits);
}

// Up or down to so many digits, as a float: func(value * 10 ** precision) / 10 ** precision.
Value RoundTo(Evaluator& evaluator, const Value& input, const Value& precision, bool up) {
  const Value factor = Arithmetic(BinaryOp::kPower, Value::Int(10), precision);
  const std::optional<Value> real = CallSpecial(evaluator, input, "__float__");
  const Value scaled = Arithmetic(BinaryOp::kMultiply, real && !IsBig(input) ? *real : input, factor);
  if (IsInteger(scaled)) return Arithmetic(BinaryOp::kDivide, scaled, factor);
  if (scaled.type() != Type::kFloat) FailType(fmt::format("must be real number, not {}", scaled.TypeName()));
  return Arithmetic(BinaryOp::kDivide, WholePart(up ? std::ceil(scaled.AsFloat()) : std::floor(scaled.AsFloat())),
                    factor);
}

Value Round(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_round", arguments);
  Value precision = reader.Optional("precision", Value::Int(0)),
        method = reader.Optional("method", Value::String("common"));
  reader.Finish();
  RequireHashable(method);
  const std::string_view name = method.IsString() ? method.AsString() : "";
  if (name != "common" && name != "ceil" && name != "floor")
    Fail(kTemplateFilterArgument, "method must be common, ceil or floor");
  return name == "common" ? RoundCommon(evaluator, input, precision)
                          : RoundTo(evaluator, input, precision, name == "ceil");
}

Value Absolute(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  RefuseArguments("abs", arguments);
  if (std::optional<Value> special = CallSpecial(evaluator, input, "__abs__")) return *special;
  if (input.type() == Type::kFloat) return Value::Float(std::fabs(input.AsFloat()));
  if (!IsWhole(input)) FailType(fmt::format("bad operand type for abs(): '{}'", input.TypeName()));
  return WholeOf(input) < 0 ? Negate(input) : Value::Int(WholeOf(input));
}

Value Default(Evaluator&, const Value& input, const Arguments& arguments) {
  Reader reader("do_default", arguments);
  Value fallback = reader.Optional("default_value", Value::String(""));
  bool also_false = reader.OptionalBool("boolean", false);
  reader.Finish();
  return input.IsUndefined() || (also_false && !input.Truthy()) ? fallback : input;
}

// Text of a configuration file as the literal that it spells, or as it is.
Value ReadLiteral(const Value& input) {
  if (!input.IsString()) return input;
  const std::string_view text = input.AsString();
  return ParseLiteral(text.substr(std::min(text.find_first_not_of(" \t"), text.size()))).value_or(input);
}

// These matter only where values keep their types; text rendering prints the text.
Value AsNumber(Evaluator& evaluator, const Value& input, const Arguments&) {
  if (!evaluator.is_native()) return input;
  Value value = ReadLiteral(input);
  if (!IsNumber(value) || value.type() == Type::kBool)
    FailValue(fmt::format("Could not convert value '{}' into type 'number'", ToText(input)));
  return value;
}

Value AsBool(Evaluator& evaluator, const Value& input, const Arguments&) {
  if (!evaluator.is_native()) return input;
  Value value = ReadLiteral(input);
  if (value.type() != Type::kBool)
    FailValue(fmt::format("Could not convert value '{}' into type 'bool'", ToText(input)));
  return value;
}

constexpr FilterEntry kNumberFilters[] = {
    {"int", ToInt},
    {"float", ToFloat},
    {"round", Round},
    {"abs", Absolute},
    {"default", Default},
    {"d", Default},
    {"as_number", AsNumber, false, true},
    {"as_bool", AsBool, false, true},
    {"as_native",
     [](Evaluator& evaluator, const Value& input, const Arguments&) {
       return evaluator.is_native() ? ReadLiteral(input) : input;
     },
     false, true},
    {"as_text",
     [](Evaluator& evaluator, const Value& input, const Arguments&) {
       return evaluator.is_native() ? Value::String(ToText(input)) : input;
     },
     false, true},
    {"is_list",
     [](Evaluator&, const Value& input, const Arguments&) { return Value::Bool(input.type() == Type::kList); }, true,
     true},
};

}  // namespace

std::span<const FilterEntry> NumberFilters() { return kNumberFilters; }

std::optional<Value> CallSpecial(Evaluator& evaluator, const Value& value, std::string_view name,
                                 std::vector<Value> arguments) {
  Object* object = value.AsObject();
  if (!object) return std::nullopt;
  std::optional<Value> method = Take(object->GetAttribute(evaluator, name));
  if (!method) return std::nullopt;
  return evaluator.CallValue(*method, {arguments, {}});
}

void RefuseArguments(std::string_view callee, const Arguments& arguments) {
  if (!arguments.keywords.empty()) FailType(fmt::format("{}() takes no keyword arguments", callee));
  if (!arguments.positional.empty()) {
    FailType(fmt::format("{}() takes exactly one argument ({} given)", callee, 1 + arguments.positional.size()));
  }
}

}  // namespace stir::jinja
