// Filters that convert, and those on numbers.
#include <cmath>

#include <fmt/format.h>

#include "jinja/filters.h"
#include "jinja/json_text.h"

namespace stir::jinja {
namespace {

int64_t FromReal(double value) {
  if (!(std::fabs(value) < 9.2e18)) Fail(kTemplateLimit, "the number does not fit an integer of 64 bits");
  return static_cast<int64_t>(value);
}

Value ToInt(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_int", arguments);
  Value fallback = reader.Optional("default", Value::Int(0));
  int64_t base = reader.OptionalInt("base", 10);
  reader.Finish();
  FailIfUndefined(input);
  if (base != 0 && (base < 2 || base > 36)) return fallback;
  if (IsWhole(input)) return Value::Int(WholeOf(input));
  if (input.type() == Type::kFloat)
    return std::isfinite(input.AsFloat()) ? Value::Int(FromReal(input.AsFloat())) : fallback;
  if (input.IsString()) {
    if (std::optional<Value> whole = ParseInt(input.AsString(), static_cast<int>(base))) return *whole;
    std::optional<double> real = ParseFloat(input.AsString());
    return real && std::isfinite(*real) ? Value::Int(FromReal(*real)) : fallback;
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
    std::optional<double> real = ParseFloat(input.AsString());
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

Value RoundWhole(int64_t value, int64_t digits) {
  if (digits >= 0) return Value::Int(value);
  if (digits < -18) return Value::Int(0);
  int64_t unit = PowerOfInts(10, -digits), quotient = value / unit, rest = value % unit;
  int64_t twice = 2 * std::abs(rest), away = value < 0 ? -1 : 1;
  if (twice > unit || (twice == unit && quotient % 2 != 0)) quotient += away;
  return Value::Int(quotient * unit);
}

Value Round(Evaluator& evaluator, const Value& input, const Arguments& arguments) {
  Reader reader("do_round", arguments);
  Value precision = reader.Optional("precision", Value::Int(0));
  std::string method = ToText(reader.Optional("method", Value::String("common")));
  reader.Finish();
  if (method != "common" && method != "ceil" && method != "floor") FailValue("method must be common, ceil or floor");
  int64_t digits = RequireInt(precision);
  if (method == "common") {
    if (std::optional<Value> special = CallSpecial(evaluator, input, "__round__", {precision})) return *special;
    if (!IsNumber(input)) FailType(fmt::format("type {} doesn't define __round__ method", input.TypeName()));
    return IsWhole(input) ? RoundWhole(WholeOf(input), digits) : Value::Float(RoundReal(input.AsFloat(), digits));
  }
  std::optional<Value> real = CallSpecial(evaluator, input, "__float__");
  if (!real && !IsNumber(input)) FailType(fmt::format("must be real number, not {}", input.TypeName()));
  double factor = std::pow(10.0, static_cast<double>(digits)), scaled = RealOf(real ? *real : input) * factor;
  return Value::Float((method == "ceil" ? std::ceil(scaled) : std::floor(scaled)) / factor);
}

Value Absolute(Evaluator& evaluator, const Value& input, const Arguments&) {
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
  return input.IsString() ? ParseLiteral(input.AsString()).value_or(input) : input;
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

constexpr FilterEntry kFilters[] = {
    {"int", ToInt},
    {"float", ToFloat},
    {"round", Round},
    {"abs", Absolute},
    {"default", Default},
    {"d", Default},
    {"as_number", AsNumber, false},
    {"as_bool", AsBool, false},
    {"as_native",
     [](Evaluator& evaluator, const Value& input, const Arguments&) {
       return evaluator.is_native() ? ReadLiteral(input) : input;
     },
     false},
    {"as_text",
     [](Evaluator& evaluator, const Value& input, const Arguments&) {
       return evaluator.is_native() ? Value::String(ToText(input)) : input;
     },
     false},
    {"is_list",
     [](Evaluator&, const Value& input, const Arguments&) { return Value::Bool(input.type() == Type::kList); }},
};

}  // namespace

std::span<const FilterEntry> NumberFilters() { return kFilters; }

std::optional<Value> CallSpecial(Evaluator& evaluator, const Value& value, std::string_view name,
                                 std::vector<Value> arguments) {
  Object* object = value.AsObject();
  if (!object) return std::nullopt;
  std::optional<Value> method = Take(object->GetAttribute(evaluator, name));
  if (!method) return std::nullopt;
  return evaluator.CallValue(*method, {arguments, {}});
}

}  // namespace stir::jinja
