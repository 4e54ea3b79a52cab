// Python's two ways of formatting: `text % values` and `text.format(values)`, with the mini-language of format specs.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "jinja/big_integer.h"
#include "jinja/cells.h"
#include "jinja/errors.h"
#include "jinja/evaluator.h"
#include "jinja/filters.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

constexpr int64_t kMaxWidth = 1 << 20;

struct Spec {
  std::string fill = " ";
  char align = '\0';  // < > ^ =
  char sign = '-';    // - + space
  bool alternate = false, zero = false, no_negative_zero = false;
  int64_t width = 0, precision = -1;
  char grouping = '\0';  // , _
  char type = '\0';
};

int64_t TakeDigits(std::string_view text, size_t& at, int64_t fallback) {
  int64_t number = fallback;
  for (bool first = true; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, first = false) {
    number = (first ? 0 : number) * 10 + (text[at] - '0');
    if (number > kMaxWidth) Fail(kTemplateLimit, "the field is too wide");
  }
  return number;
}

bool IsAlign(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

Spec ParseSpec(std::string_view text, const Value& value) {
  Spec spec;
  size_t at = 0, after_fill = 0;
  if (!text.empty()) NextCodePoint(text, after_fill);
  const bool has_fill = after_fill < text.size() && IsAlign(text[after_fill]);
  if (has_fill) {
    spec.fill = std::string(text.substr(0, after_fill));
    spec.align = text[after_fill];
    at = after_fill + 1;
  } else if (!text.empty() && IsAlign(text[0])) {
    spec.align = text[at++];
  }
  auto skip = [&](char c) { return at < text.size() && text[at] == c ? (++at, true) : false; };
  if (skip('+'))
    spec.sign = '+';
  else if (skip(' '))
    spec.sign = ' ';
  else
    skip('-');
  spec.no_negative_zero = skip('z');
  spec.alternate = skip('#');
  if (!has_fill && skip('0')) {
    spec.zero = true;
    spec.fill = "0";
    if (!spec.align && !value.IsString()) spec.align = '=';
  }
  spec.width = TakeDigits(text, at, 0);
  if (skip(','))
    spec.grouping = ',';
  else if (skip('_'))
    spec.grouping = '_';
  if (spec.grouping && (skip(',') || skip('_'))) FailValue("Cannot specify both ',' and '_'.");
  if (skip('.')) {
    spec.precision = TakeDigits(text, at, -1);
    if (spec.precision < 0) FailValue("Format specifier missing precision");
  }
  if (at < text.size()) spec.type = text[at++];
  if (at < text.size())
    FailValue(fmt::format("Invalid format specifier '{}' for object of type '{}'", text, value.TypeName()));
  return spec;
}

std::string Group(const std::string& digits, char separator, size_t size) {
  if (!separator) return digits;
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % size == 0) out += separator;
    out += digits[i];
  }
  return out;
}

// Groups digits; zeros that fill a field are grouped too. `taken`: what else stands in the field.
std::string GroupIn(const Spec& spec, std::string digits, size_t size, size_t taken) {
  std::string grouped = Group(digits, spec.grouping, size);
  const bool fills = spec.grouping && spec.align == '=' && spec.fill == "0";
  while (fills && static_cast<int64_t>(grouped.size() + taken) < spec.width) {
    digits.insert(0, 1, '0');
    grouped = Group(digits, spec.grouping, size);
  }
  return grouped;
}

std::string Pad(const Spec& spec, std::string prefix, std::string body, char default_align) {
  auto length = static_cast<int64_t>(CodePointCount(prefix) + CodePointCount(body));
  int64_t missing = std::max<int64_t>(spec.width - length, 0);
  char align = spec.align ? spec.align : default_align;
  int64_t left = align == '<' ? 0 : align == '^' ? missing / 2 : missing;
  std::string before, after;
  for (int64_t i = 0; i < left; ++i) before += spec.fill;
  for (int64_t i = left; i < missing; ++i) after += spec.fill;
  return align == '=' ? prefix + before + body : before + prefix + body + after;
}

[[noreturn]] void FailCode(const Spec& spec, const Value& value) {
  FailValue(fmt::format("Unknown format code '{}' for object of type '{}'", spec.type, value.TypeName()));
}

std::string SignOf(const Spec& spec, bool negative) {
  return negative ? "-" : spec.sign == '-' ? "" : std::string(1, spec.sign);
}

// Digits of a float without its sign, by a type of the mini-language ('\0': as repr, or 'g' with a point).
std::string RealDigits(double value, char type, int64_t precision, bool alternate) {
  bool upper = type == 'E' || type == 'F' || type == 'G';
  std::string out;
  auto digits = static_cast<int>(precision < 0 ? 6 : precision);
  if (!std::isfinite(value)) {
    out = std::isnan(value) ? "nan" : "inf";
  } else {
    switch (type | 32) {
      case 'e':
        out = alternate ? fmt::format("{:#.{}e}", value, digits) : fmt::format("{:.{}e}", value, digits);
        break;
      case 'f':
        out = alternate ? fmt::format("{:#.{}f}", value, digits) : fmt::format("{:.{}f}", value, digits);
        break;
      default:
        out = alternate ? fmt::format("{:#.{}g}", value, digits) : fmt::format("{:.{}g}", value, digits);
    }
  }
  return upper ? UpperText(out) : out;
}

// Digits of a float without a type: as 'g', but with a digit behind the point, and with an exponent as soon as there is
// no room for that digit.
std::string GeneralDigits(double value, int64_t precision, bool alternate) {
  if (!std::isfinite(value)) return RealDigits(value, 'g', precision, alternate);
  std::string scientific = RealDigits(value, 'e', precision - 1, alternate);
  const size_t e = scientific.find('e');
  const int exponent = std::stoi(scientific.substr(e + 1));
  if (exponent >= -4 && exponent < precision - 1) {
    std::string out = RealDigits(value, 'g', precision, alternate);
    return out.find('.') == std::string::npos ? out + ".0" : out;
  }
  std::string digits = scientific.substr(0, e);
  if (!alternate && digits.find('.') != std::string::npos) {
    digits.resize(digits.find_last_not_of('0') + 1);
    if (digits.back() == '.') digits.pop_back();
  }
  return digits + scientific.substr(e);
}

std::string FormatReal(double value, const Spec& spec, const Value& original) {
  bool negative = std::signbit(value) && !std::isnan(value);
  double magnitude = std::fabs(value);
  std::string body, suffix;
  if (spec.type == 'n' && spec.grouping) FailValue(fmt::format("Cannot specify '{}' with 'n'.", spec.grouping));
  switch (spec.type) {
    case '\0':
      if (spec.precision < 0) {
        body = ReprFloat(magnitude);
      } else {
        body = GeneralDigits(magnitude, std::max<int64_t>(spec.precision, 1), spec.alternate);
      }
      break;
    case 'n':
      body = RealDigits(magnitude, 'g', spec.precision, spec.alternate);
      break;
    case '%':
      body = RealDigits(magnitude * 100, 'f', spec.precision, spec.alternate), suffix = "%";
      break;
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G':
      body = RealDigits(magnitude, spec.type, spec.precision == 0 && (spec.type | 32) == 'g' ? 1 : spec.precision,
                        spec.alternate);
      break;
    default:
      FailCode(spec, original);
  }
  size_t whole = body.find_first_not_of("0123456789");
  if (whole == std::string::npos) whole = body.size();
  const bool is_zero = body.find_first_not_of("0.") == std::string::npos;
  const std::string sign = SignOf(spec, negative && !(spec.no_negative_zero && is_zero));
  const size_t taken = sign.size() + (body.size() - whole) + suffix.size();
  const std::string whole_digits = body.substr(0, whole);
  std::string grouped =
      (std::isfinite(value) ? GroupIn(spec, whole_digits, 3, taken) : whole_digits) + body.substr(whole) + suffix;
  return Pad(spec, sign, std::move(grouped), '>');
}

std::string CharacterOf(const Value& value) {
  const int64_t code = IsBig(value) ? -1 : WholeOf(value);
  if (code < 0 || code > 0x10FFFF) Fail(kTemplateOverflow, "%c arg not in range(0x110000)");
  std::string out;
  AppendCodePoint(out, static_cast<char32_t>(code));
  return out;
}

std::string FormatInteger(const Value& value, const Spec& spec) {
  if (spec.type && std::string_view("eEfFgG%").find(spec.type) != std::string_view::npos)
    return FormatReal(IntegerToReal(value), spec, value);
  if (spec.no_negative_zero) FailValue("Negative zero coercion (z) not allowed in format specifier with integer");
  if (spec.precision >= 0) FailValue("Precision not allowed in integer format specifier");
  const int base = spec.type == 'b' ? 2 : spec.type == 'o' ? 8 : (spec.type | 32) == 'x' ? 16 : 10;
  if (spec.type == 'c') {
    if (spec.sign != '-') FailValue("Sign not allowed with integer format specifier 'c'");
    if (spec.alternate) FailValue("Alternate form (#) not allowed with integer format specifier 'c'");
    if (spec.grouping) FailValue(fmt::format("Cannot specify '{}' with 'c'.", spec.grouping));
    return Pad(spec, "", CharacterOf(value), '>');
  }
  if (spec.type && std::string_view("bodnxX").find(spec.type) == std::string_view::npos) FailCode(spec, value);
  const bool may_group = spec.grouping != ',' || spec.type == '\0' || spec.type == 'd';
  if (!may_group || (spec.grouping == '_' && spec.type == 'n'))
    FailValue(fmt::format("Cannot specify '{}' with '{}'.", spec.grouping, spec.type));
  std::string prefix = SignOf(spec, IsNegativeInteger(value)), digits = IntegerDigits(value, base);
  if (spec.alternate && base != 10) prefix += std::string("0") + spec.type;
  digits = GroupIn(spec, std::move(digits), base == 10 ? 3 : 4, prefix.size());
  return Pad(spec, std::move(prefix), spec.type == 'X' ? UpperText(digits) : digits, '>');
}

std::string FormatString(const Value& value, const Spec& spec) {
  if (spec.type && spec.type != 's') FailCode(spec, value);
  if (spec.sign == ' ') FailValue("Space not allowed in string format specifier");
  if (spec.sign == '+') FailValue("Sign not allowed in string format specifier");
  if (spec.no_negative_zero) FailValue("Negative zero coercion (z) not allowed in string format specifier");
  if (spec.alternate) FailValue("Alternate form (#) not allowed in string format specifier");
  if (spec.grouping) FailValue(fmt::format("Cannot specify '{}' with 's'.", spec.grouping));
  if (spec.align == '=') FailValue("'=' alignment not allowed in string format specifier");
  std::string text(value.AsString());
  if (spec.precision >= 0) text.resize(CodePointOffset(text, static_cast<size_t>(spec.precision)));
  return Pad(spec, "", std::move(text), '<');
}

// ascii(): what is not ASCII, escaped.
std::string AsciiOnly(std::string_view text) {
  std::string out;
  for (size_t offset = 0; offset < text.size();) {
    const auto code = static_cast<uint32_t>(NextCodePoint(text, offset));
    out += code < 0x80      ? std::string(1, static_cast<char>(code))
           : code < 0x100   ? fmt::format("\\x{:02x}", code)
           : code < 0x10000 ? fmt::format("\\u{:04x}", code)
                            : fmt::format("\\U{:08x}", code);
  }
  return out;
}

// --- text % values

struct Conversion {
  bool left = false, plus = false, space = false, alternate = false, zero = false;
  int64_t width = 0, precision = -1;
  char type = '\0';
};

class Percent {
 public:
  Percent(std::string_view format, const Value& values, bool html) : format_(format), values_(values), html_(html) {}

  std::string Run() {
    while (at_ < format_.size()) {
      size_t percent = format_.find('%', at_);
      if (percent == std::string_view::npos) percent = format_.size();
      out_ += format_.substr(at_, percent - at_);
      at_ = percent + 1;
      if (percent < format_.size()) Convert();
    }
    const Object* object = values_.AsObject();
    bool takes_all = used_mapping_ || values_.IsDict() || values_.type() == Type::kList || values_.IsUndefined() ||
                     (object && object->IsIndexable());
    size_t given = values_.type() == Type::kTuple ? values_.Items().size() : 1;
    if (next_ < given && !(takes_all && values_.type() != Type::kTuple))
      FailType("not all arguments converted during string formatting");
    return std::move(out_);
  }

 private:
  char Peek() const {
    if (at_ >= format_.size()) FailValue("incomplete format");
    return format_[at_];
  }

  const Value& NextValue() {
    if (values_.type() != Type::kTuple) {
      if (next_++ > 0) FailType("not enough arguments for format string");
      return values_;
    }
    if (next_ >= values_.Items().size()) FailType("not enough arguments for format string");
    return values_.Items()[next_++];
  }

  int64_t TakeNumber(int64_t fallback) {
    if (Peek() != '*') return TakeDigits(format_, at_, fallback);
    ++at_;
    const Value& value = NextValue();
    if (IsBig(value)) Fail(kTemplateOverflow, "Python int too large to convert to C int");
    if (!IsWhole(value)) FailType("* wants int");
    return std::clamp<int64_t>(WholeOf(value), -kMaxWidth, kMaxWidth);
  }

  void Convert() {
    Conversion conversion;
    const Value* keyed = nullptr;
    if (Peek() == '(') keyed = &TakeKey();
    for (bool more = true; more;) {
      switch (Peek()) {
        case '-':
          conversion.left = true;
          break;
        case '+':
          conversion.plus = true;
          break;
        case ' ':
          conversion.space = true;
          break;
        case '#':
          conversion.alternate = true;
          break;
        case '0':
          conversion.zero = true;
          break;
        default:
          more = false;
          continue;
      }
      ++at_;
    }
    conversion.width = TakeNumber(0);
    if (conversion.width < 0) conversion.left = true, conversion.width = -conversion.width;
    if (Peek() == '.') {
      ++at_;
      conversion.precision = std::max<int64_t>(TakeNumber(0), 0);
    }
    while (Peek() == 'l' || Peek() == 'h' || Peek() == 'L') ++at_;
    conversion.type = Peek();
    ++at_;
    if (conversion.type == '%') {
      out_ += '%';
      return;
    }
    const Value& value = keyed ? *keyed : NextValue();
    if (std::string_view("diuoxXeEfFgGcrsa").find(conversion.type) == std::string_view::npos) {
      FailValue(fmt::format("unsupported format character '{}' ({:#x}) at index {}", conversion.type,
                            static_cast<unsigned>(conversion.type), at_ - 1));
    }
    Append(conversion, value);
  }

  const Value& TakeKey() {
    size_t begin = ++at_;
    for (int depth = 1; depth > 0; ++at_) {
      char c = at_ < format_.size() ? format_[at_] : (FailValue("incomplete format key"), '\0');
      depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    }
    if (!values_.IsDict()) FailType("format requires a mapping");
    used_mapping_ = true;
    std::string_view key = format_.substr(begin, at_ - begin - 1);
    const Value* value = values_.AsDict().Find(key);
    if (!value) Fail(kTemplateKey, ReprText(key));
    return *value;
  }

  void Append(const Conversion& conversion, const Value& value) {
    Spec spec;
    spec.width = conversion.width;
    spec.sign = conversion.plus ? '+' : conversion.space ? ' ' : '-';
    spec.alternate = conversion.alternate;
    spec.align = conversion.left ? '<' : '>';
    bool is_text = conversion.type == 's' || conversion.type == 'r' || conversion.type == 'a' || conversion.type == 'c';
    if (conversion.zero && !conversion.left && !is_text) spec.fill = "0", spec.align = '=';
    if (is_text) {
      std::string text = conversion.type == 'c'   ? Character(value)
                         : conversion.type != 's' ? ToRepr(value)
                         : html_                  ? std::string(EscapeValue(value).AsString())
                                                  : ToText(value);
      if (conversion.type == 'a') text = AsciiOnly(text);
      if (html_ && conversion.type != 's') text = EscapeHtml(text);
      if (conversion.precision >= 0 && conversion.type != 'c')
        text.resize(CodePointOffset(text, static_cast<size_t>(conversion.precision)));
      out_ += Pad(spec, "", std::move(text), '>');
      return;
    }
    if (!IsNumber(value) && !IsBig(value)) {
      if (std::string_view("xXo").find(conversion.type) == std::string_view::npos) FailIfUndefined(value);
      Value number = AsNumber(value, conversion.type);
      return Append(conversion, number);
    }
    if (std::string_view("eEfFgG").find(conversion.type) != std::string_view::npos) {
      spec.type = conversion.type;
      spec.precision = conversion.precision < 0 ? 6 : conversion.precision;
      out_ += FormatReal(IsBig(value) ? IntegerToReal(value) : RealOf(value), spec, value);
      return;
    }
    AppendInteger(conversion, spec, value);
  }

  void AppendInteger(const Conversion& conversion, Spec spec, const Value& value) {
    bool is_decimal = std::string_view("diu").find(conversion.type) != std::string_view::npos;
    if (!is_decimal && value.type() == Type::kFloat)
      FailType(fmt::format("%{} format: an integer is required, not float", conversion.type));
    if (value.type() == Type::kFloat && std::isnan(value.AsFloat())) FailValue("cannot convert float NaN to integer");
    if (value.type() == Type::kFloat && std::isinf(value.AsFloat()))
      Fail(kTemplateOverflow, "cannot convert float infinity to integer");
    Value whole = value.type() == Type::kFloat ? IntegerFrom(value.AsFloat()) : value;
    spec.type = is_decimal ? 'd' : conversion.type;
    if (conversion.precision > 0) {
      Spec digits;
      digits.type = spec.type;
      digits.fill = "0";
      digits.align = '=';
      digits.sign = spec.sign;
      digits.width = conversion.precision + (IsNegativeInteger(whole) || spec.sign != '-' ? 1 : 0);
      spec.fill = " ";
      out_ += Pad(spec, "", FormatInteger(whole, digits), '>');
      return;
    }
    out_ += FormatInteger(whole, spec);
  }

  std::string Character(const Value& value) {
    if (value.IsString() && CodePointCount(value.AsString()) == 1) return std::string(value.AsString());
    if (!IsInteger(value)) FailType("%c requires int or char");
    return CharacterOf(value);
  }

  // Decimals know their number as text.
  Value AsNumber(const Value& value, char type) {
    if (value.AsObject() && value.AsObject()->IsNumber())
      return Value::Float(std::strtod(ToText(value).c_str(), nullptr));
    std::string_view wanted =
        std::string_view("xXo").find(type) != std::string_view::npos ? "an integer" : "a real number";
    if (std::string_view("eEfFgG").find(type) != std::string_view::npos)
      FailType(fmt::format("must be real number, not {}", value.TypeName()));
    FailType(fmt::format("%{} format: {} is required, not {}", type, wanted, value.TypeName()));
  }

  std::string_view format_;
  const Value& values_;
  const bool html_;
  std::string out_;
  size_t at_ = 0, next_ = 0;
  bool used_mapping_ = false;
};

// --- text.format(values)

class Braces {
 public:
  Braces(Evaluator& evaluator, const Arguments& arguments, bool html)
      : evaluator_(evaluator), arguments_(arguments), html_(html) {}

  std::string Run(std::string_view format, int depth) {
    if (depth > 2) FailValue("Max string recursion exceeded");
    std::string out;
    for (size_t i = 0; i < format.size(); ++i) {
      char c = format[i];
      if (c != '{' && c != '}') {
        out += c;
      } else if (i + 1 < format.size() && format[i + 1] == c) {
        out += c;
        ++i;
      } else if (c == '}') {
        FailValue("Single '}' encountered in format string");
      } else {
        size_t end = FieldEnd(format, i + 1);
        out += Field(format.substr(i + 1, end - i - 1), depth);
        i = end;
      }
    }
    return out;
  }

 private:
  static size_t FieldEnd(std::string_view format, size_t at) {
    if (at >= format.size()) FailValue("Single '{' encountered in format string");
    for (int depth = 1; at < format.size(); ++at) {
      depth += format[at] == '{' ? 1 : format[at] == '}' ? -1 : 0;
      if (depth == 0) return at;
    }
    FailValue("expected '}' before end of string");
  }

  // name!conversion:spec
  std::string Field(std::string_view field, int depth) {
    size_t name_end = 0;
    for (int brackets = 0;
         name_end < field.size() && (brackets > 0 || (field[name_end] != '!' && field[name_end] != ':')); ++name_end) {
      brackets += field[name_end] == '[' ? 1 : field[name_end] == ']' ? -1 : 0;
    }
    Value value = Lookup(field.substr(0, name_end));
    std::string_view rest = field.substr(name_end);
    if (rest.starts_with('!')) {
      if (rest.size() < 2) FailValue("end of string while looking for conversion specifier");
      char conversion = rest[1];
      rest.remove_prefix(2);
      if (!rest.empty() && rest[0] != ':') FailValue("expected ':' after conversion specifier");
      if (conversion != 's' && conversion != 'r' && conversion != 'a')
        FailValue(fmt::format("Unknown conversion specifier {}", conversion));
      value = conversion == 's'   ? (html_ ? value : Value::String(ToText(value)))
              : conversion == 'a' ? Value::String(AsciiOnly(ToRepr(value)))
                                  : Value::String(ToRepr(value));
    }
    std::string spec = rest.empty() ? std::string() : Run(rest.substr(1), depth + 1);
    if (html_ && IsHtml(value)) {
      if (!spec.empty()) FailValue("Unsupported format specification for Markup.");
      return std::string(EscapeValue(value).AsString());
    }
    std::string text = value.AsObject() && !spec.empty() ? FormatObject(value, spec) : FormatValue(value, spec);
    return html_ ? EscapeHtml(text) : text;
  }

  // A Decimal rounds its own digits, not those of the nearest float.
  std::string FormatNumber(const Value& value, const std::string& spec_text) {
    Spec spec = ParseSpec(spec_text, value);
    bool has_places = (spec.type == 'f' || spec.type == 'F') && spec.precision >= 0;
    std::optional<Value> round =
        has_places ? Take(value.AsObject()->GetAttribute(evaluator_, "__round__")) : std::nullopt;
    if (!round) return FormatValue(value, spec_text);
    Value places = Value::Int(spec.precision);
    return FormatValue(evaluator_.CallValue(*round, {std::span(&places, 1), {}}), spec_text);
  }

  // Dates take a format of their own.
  std::string FormatObject(const Value& value, const std::string& spec) {
    if (value.AsObject()->IsNumber()) return FormatNumber(value, spec);
    std::optional<Value> strftime = Take(value.AsObject()->GetAttribute(evaluator_, "strftime"));
    if (!strftime) FailType(fmt::format("unsupported format string passed to {}.__format__", value.TypeName()));
    Value argument = Value::String(spec);
    return ToText(evaluator_.CallValue(*strftime, {std::span(&argument, 1), {}}));
  }

  // first.attribute[item]
  Value Lookup(std::string_view name) {
    size_t end = std::min(name.find_first_of(".["), name.size());
    if (end == 0 && !name.empty() && evaluator_.is_sandboxed()) Fail(kTemplateKey, "''");
    Value value = First(name.substr(0, end));
    while (end < name.size()) {
      size_t begin = end + 1;
      if (name[end] == '.') {
        end = std::min(name.find_first_of(".[", begin), name.size());
        if (begin == end) FailValue("Empty attribute in format string");
        std::string_view attribute = name.substr(begin, end - begin);
        value = evaluator_.is_sandboxed() ? evaluator_.Attribute(value, attribute) : PlainAttribute(value, attribute);
        continue;
      }
      size_t close = name.find(']', begin);
      if (close == std::string_view::npos) FailValue("Missing ']' in format string");
      std::string_view key = name.substr(begin, close - begin);
      bool is_index = !key.empty() && std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
      Value item_key =
          is_index && key.size() < 18 ? Value::Int(std::stoll(std::string(key))) : Value::String(std::string(key));
      value = evaluator_.is_sandboxed() ? evaluator_.Item(value, item_key) : PlainItem(value, item_key);
      end = close + 1;
    }
    return value;
  }

  // Outside of the sandbox what is not there is an error.
  Value PlainAttribute(const Value& value, std::string_view name) {
    FailIfUndefined(value);
    std::optional<Value> found;
    if (const MethodEntry* method = FindMethod(value, name)) {
      found = BindMethod(value, *method);
    } else if (value.AsObject()) {
      found = Take(value.AsObject()->GetAttribute(evaluator_, name));
    } else {
      found = PropertyOf(value, name);
    }
    if (found) return std::move(*found);
    Fail(kTemplateAttribute, fmt::format("'{}' object has no attribute '{}'", value.TypeName(), name));
  }

  Value PlainItem(const Value& value, const Value& key) {
    FailIfUndefined(value);
    if (value.IsString() || value.IsSequence()) {
      const std::string_view kind = value.IsString() ? "string" : value.TypeName();
      if (!IsWhole(key)) {
        FailType(value.IsString() ? "string indices must be integers, not 'str'"
                                  : fmt::format("{} indices must be integers or slices, not str", kind));
      }
      if (WholeOf(key) >= static_cast<int64_t>(*value.Length()))
        Fail(kTemplateIndex, fmt::format("{} index out of range", kind));
    } else if (value.IsDict()) {
      if (!value.AsDict().Find(key)) Fail(kTemplateKey, ToRepr(key));
    } else if (!value.AsObject()) {
      FailType(fmt::format("'{}' object is not subscriptable", value.TypeName()));
    }
    return evaluator_.Item(value, key);
  }

  Value First(std::string_view name) {
    bool is_index = std::ranges::all_of(name, [](char c) { return c >= '0' && c <= '9'; });
    if (is_index) {
      if (name.empty() ? counts_ == Counts::kManual : counts_ == Counts::kAutomatic) {
        FailValue(name.empty() ? "cannot switch from manual field specification to automatic field numbering"
                               : "cannot switch from automatic field numbering to manual field specification");
      }
      counts_ = name.empty() ? Counts::kAutomatic : Counts::kManual;
      size_t index = name.empty()       ? next_++
                     : name.size() < 10 ? static_cast<size_t>(std::stoul(std::string(name)))
                                        : SIZE_MAX;
      if (index >= arguments_.positional.size())
        Fail(kTemplateIndex, fmt::format("Replacement index {} out of range for positional args tuple", index));
      return arguments_.positional[index];
    }
    auto at = std::ranges::find(arguments_.keywords, name, &KeywordArgument::name);
    if (at == arguments_.keywords.end()) Fail(kTemplateKey, ReprText(name));
    return at->value;
  }

  enum class Counts : uint8_t { kNone, kAutomatic, kManual };
  Evaluator& evaluator_;
  const Arguments& arguments_;
  const bool html_;
  Counts counts_ = Counts::kNone;
  size_t next_ = 0;
};

}  // namespace

Value FormatPercent(const Value& format, const Value& values) {
  const bool is_html = Cells::IsMarkup(format);
  std::string out = Percent(format.AsString(), values, is_html).Run();
  return is_html ? Value::Markup(std::move(out)) : Value::String(std::move(out));
}

Value FormatBraces(Evaluator& evaluator, const Value& format, const Arguments& arguments) {
  const bool is_html = Cells::IsMarkup(format);
  std::string out = Braces(evaluator, arguments, is_html).Run(format.AsString(), 1);
  return is_html ? Value::Markup(std::move(out)) : Value::String(std::move(out));
}

std::string FormatValue(const Value& value, std::string_view spec_text) {
  if (spec_text.empty()) return ToText(value);
  if (IsBig(value)) return FormatInteger(value, ParseSpec(spec_text, value));
  if (value.AsObject() && value.AsObject()->IsNumber())
    return FormatReal(std::strtod(ToText(value).c_str(), nullptr), ParseSpec(spec_text, value), value);
  if (!IsNumber(value) && !value.IsString())
    FailType(fmt::format("unsupported format string passed to {}.__format__", value.TypeName()));
  Spec spec = ParseSpec(spec_text, value);
  if (value.type() == Type::kFloat) return FormatReal(value.AsFloat(), spec, value);
  if (IsWhole(value)) return FormatInteger(value, spec);
  return FormatString(value, spec);
}

}  // namespace stir::jinja
