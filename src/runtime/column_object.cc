// Types are told apart by name without regard to case; a type that no list names is none of string, number.
#include "runtime/column_object.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/strings.h"
#include "jinja/template.h"
#include "runtime/kinds.h"
#include "runtime/object_tools.h"

namespace stir::runtime {

namespace {

using adapter::Column;
using adapter::Dialect;
using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

constexpr auto kStrings = std::to_array<std::string_view>({"text", "character varying", "character", "varchar"});
constexpr auto kFloats =
    std::to_array<std::string_view>({"real", "float", "float4", "float8", "double", "double precision"});
constexpr auto kIntegers = std::to_array<std::string_view>(
    {"smallint", "integer", "int",      "bigint",   "smallserial", "serial",   "bigserial",
     "int1",     "int2",    "int4",     "int8",     "serial2",     "serial4",  "serial8",
     "tinyint",  "hugeint", "uhugeint", "utinyint", "usmallint",   "uinteger", "ubigint"});
constexpr auto kNumerics = std::to_array<std::string_view>({"numeric", "decimal"});

template <size_t N>
bool Names(const std::array<std::string_view, N>& names, std::string_view type) {
  return std::ranges::find(names, std::string_view(ToLower(type))) != names.end();
}

Result<std::optional<int>> Number(const Value& value) {
  if (value.IsNone() || value.IsUndefined()) return std::optional<int>();
  if (value.type() == jinja::Type::kInt) return std::optional(static_cast<int>(value.AsInt()));
  STIR_ASSIGN(const std::string text, value.Str());
  int number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size())
    return Diagnostic(kBadColumnType, fmt::format("a column's size must be a number, not `{}`", text));
  return std::optional(number);
}

std::string NumericType(std::string_view dtype, std::optional<int> precision, std::optional<int> scale) {
  if (!precision || !scale) return std::string(dtype);
  return fmt::format("{}({},{})", dtype, *precision, *scale);
}

// "DECIMAL(18,3)" -> DECIMAL, 18, 3. What is in the parentheses must be one or two numbers.
Result<Column> FromDescription(std::string name, std::string_view type) {
  Column column{std::move(name), std::string(type), {}, {}, {}};
  const size_t open = type.find('(');
  if (open == std::string_view::npos || !type.ends_with(')')) return column;
  column.dtype = std::string(Strip(type.substr(0, open)));
  const auto parts = Split(type.substr(open + 1, type.size() - open - 2), ',');
  const auto read = [&](std::string_view part) { return Number(TextValue(Strip(part))); };
  const bool sized = parts.size() == 1, scaled = parts.size() == 2;
  if (sized) {
    STIR_ASSIGN(column.char_size, read(parts[0]));
  } else if (scaled) {
    STIR_ASSIGN(column.numeric_precision, read(parts[0]));
    STIR_ASSIGN(column.numeric_scale, read(parts[1]));
  } else {
    return Diagnostic(kBadColumnType, fmt::format("type `{}` is not understood", type));
  }
  return column;
}

class ColumnClass final : public jinja::Object {
 public:
  explicit ColumnClass(const Dialect& dialect) : dialect_(dialect) {}
  std::string_view TypeName() const override { return "Column"; }
  bool IsCallable() const override { return true; }

  Result<Value> Call(CallContext&, const Arguments& arguments) override {
    ArgumentReader args("Column", arguments);
    Column column;
    STIR_ASSIGN(const Value name, args.Required("column"));
    STIR_ASSIGN(column.name, name.Str());
    STIR_ASSIGN(const Value dtype, args.Required("dtype"));
    STIR_ASSIGN(column.dtype, dtype.Str());
    STIR_ASSIGN(column.char_size, Number(args.Optional("char_size")));
    STIR_ASSIGN(column.numeric_precision, Number(args.Optional("numeric_precision")));
    STIR_ASSIGN(column.numeric_scale, Number(args.Optional("numeric_scale")));
    STIR_TRY(args.Finish());
    return Value::New<ColumnObject>(dialect_, std::move(column));
  }

  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    const auto bind = [&](jinja::Function body) -> std::optional<Value> {
      return BoundMethod(std::string(name), this, std::move(body));
    };
    if (name == "create" || name == "from_description")
      return {bind(
          [this, parse = name == "from_description"](CallContext&, const Arguments& a) { return Create(a, parse); })};
    if (name == "translate_type") return {bind([](CallContext&, const Arguments& a) { return TranslateType(a); })};
    if (name == "numeric_type") return {bind([](CallContext&, const Arguments& a) { return NumericTypeOf(a); })};
    if (name == "string_type")
      return {bind([](CallContext&, const Arguments& a) -> Result<Value> {
        ArgumentReader args("string_type", a);
        STIR_ASSIGN(const Value size, args.Required("size"));
        STIR_ASSIGN(const std::string text, size.Str());
        return Value::String(fmt::format("character varying({})", text));
      })};
    return {std::nullopt};
  }

 private:
  Result<Value> Create(const Arguments& arguments, bool parse) {
    ArgumentReader args(parse ? "from_description" : "create", arguments);
    STIR_ASSIGN(const Value name_value, args.Required("name"));
    STIR_ASSIGN(std::string name, name_value.Str());
    STIR_ASSIGN(const Value type_value, args.Required(parse ? "raw_data_type" : "label_or_dtype"));
    STIR_ASSIGN(std::string type, type_value.Str());
    STIR_TRY(args.Finish());
    if (!parse) return Value::New<ColumnObject>(dialect_, Column{std::move(name), std::move(type), {}, {}, {}});
    STIR_ASSIGN(Column column, FromDescription(std::move(name), type));
    return Value::New<ColumnObject>(dialect_, std::move(column));
  }

  static Result<Value> TranslateType(const Arguments& arguments) {
    ArgumentReader args("translate_type", arguments);
    STIR_ASSIGN(const Value type, args.Required("dtype"));
    STIR_ASSIGN(std::string text, type.Str());
    return Value::String(ToUpper(text) == "STRING" ? "TEXT" : std::move(text));
  }

  static Result<Value> NumericTypeOf(const Arguments& arguments) {
    ArgumentReader args("numeric_type", arguments);
    STIR_ASSIGN(const Value type, args.Required("dtype"));
    STIR_ASSIGN(const std::string text, type.Str());
    STIR_ASSIGN(const std::optional<int> precision, Number(args.Optional("precision")));
    STIR_ASSIGN(const std::optional<int> scale, Number(args.Optional("scale")));
    return Value::String(NumericType(text, precision, scale));
  }

  const Dialect& dialect_;
};

Value IntOrNone(std::optional<int> number) { return number ? Value::Int(*number) : Value::None(); }

}  // namespace

bool ColumnObject::IsString() const { return Names(kStrings, column_.dtype); }
bool ColumnObject::IsFloat() const { return Names(kFloats, column_.dtype); }
bool ColumnObject::IsInteger() const { return Names(kIntegers, column_.dtype); }
bool ColumnObject::IsNumeric() const { return Names(kNumerics, column_.dtype); }

Result<int> ColumnObject::StringSize() const {
  if (!IsString())
    return Diagnostic(kBadColumnType,
                      fmt::format("column `{}` of type `{}` has no string size", column_.name, column_.dtype));
  if (ToLower(column_.dtype) == "text" || !column_.char_size) return 256;
  return *column_.char_size;
}

Result<std::string> ColumnObject::DataType() const {
  if (IsString()) {
    const std::string type = ToLower(column_.dtype);
    const bool unsized = type == "text" || (type == "character varying" && !column_.char_size);
    if (unsized && dialect_.plain_text_unsized) return column_.dtype;
    STIR_ASSIGN(const int size, StringSize());
    return fmt::format("character varying({})", size);
  }
  if (IsNumeric()) return NumericType(column_.dtype, column_.numeric_precision, column_.numeric_scale);
  return column_.dtype;
}

Result<bool> ColumnObject::CanExpandTo(const ColumnObject& other) const {
  if (!IsString() || !other.IsString()) return false;
  STIR_ASSIGN(const int mine, StringSize());
  STIR_ASSIGN(const int theirs, other.StringSize());
  return theirs > mine;
}

Result<std::string> ColumnObject::Repr() const {
  const auto number = [](std::optional<int> value) { return value ? std::to_string(*value) : std::string("None"); };
  return fmt::format("{}Column(column='{}', dtype='{}', char_size={}, numeric_precision={}, numeric_scale={}{})",
                     dialect_.title, column_.name, column_.dtype, number(column_.char_size),
                     number(column_.numeric_precision), number(column_.numeric_scale),
                     dialect_.nested_columns ? ", fields=[]" : "");
}

bool ColumnObject::Equals(const Value& other) const {
  const auto* that = other.As<ColumnObject>();
  return that && that->column_ == column_;
}

Result<std::optional<Value>> ColumnObject::GetAttribute(CallContext&, std::string_view name) {
  const auto question = [&](bool answer) -> std::optional<Value> {
    return jinja::MakeFunction(
        std::string(name), [answer](CallContext&, const Arguments&) -> Result<Value> { return Value::Bool(answer); });
  };
  if (name == "name" || name == "column") return {Value::String(column_.name)};
  if (name == "dtype") return {Value::String(column_.dtype)};
  if (name == "quoted") return {Value::String(dialect_.Quote(column_.name))};
  if (name == "char_size") return {IntOrNone(column_.char_size)};
  if (name == "numeric_precision") return {IntOrNone(column_.numeric_precision)};
  if (name == "numeric_scale") return {IntOrNone(column_.numeric_scale)};
  if (name == "fields") return {Value::List()};
  if (name == "data_type" || name == "expanded_data_type") {
    STIR_ASSIGN(std::string type, DataType());
    return {Value::String(std::move(type))};
  }
  if (name == "is_string") return {question(IsString())};
  if (name == "is_float") return {question(IsFloat())};
  if (name == "is_integer") return {question(IsInteger())};
  if (name == "is_numeric") return {question(IsNumeric())};
  if (name == "is_number") return {question(IsFloat() || IsInteger() || IsNumeric())};
  if (name == "string_size")
    return {BoundMethod("string_size", this, [this](CallContext&, const Arguments&) -> Result<Value> {
      STIR_ASSIGN(const int size, StringSize());
      return Value::Int(size);
    })};
  if (name == "can_expand_to")
    return {BoundMethod("can_expand_to", this, [this](CallContext&, const Arguments& arguments) -> Result<Value> {
      ArgumentReader args("can_expand_to", arguments);
      STIR_ASSIGN(const Value other, args.Required("other_column"));
      const auto* column = other.As<ColumnObject>();
      if (!column) return Diagnostic(kBadColumnType, "`can_expand_to` takes a column");
      STIR_ASSIGN(const bool can, CanExpandTo(*column));
      return Value::Bool(can);
    })};
  if (name == "literal")
    return {BoundMethod("literal", this, [this](CallContext&, const Arguments& arguments) -> Result<Value> {
      ArgumentReader args("literal", arguments);
      STIR_ASSIGN(const Value value, args.Required("value"));
      STIR_ASSIGN(const std::string text, value.Str());
      STIR_ASSIGN(const std::string type, DataType());
      return Value::String(text + "::" + type);
    })};
  return {std::nullopt};
}

Value MakeColumnClass(const Dialect& dialect) { return Value::New<ColumnClass>(dialect); }

}  // namespace stir::runtime
