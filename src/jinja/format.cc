// Python's two ways of formatting: `text % values` and `text.format(values)`, with the mini-language of format specs.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "jinja/cells.h"
#include "jinja/errors.h"
#include "jinja/evaluator.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

constexpr int64_t kMaxWidth = 1 << 20;

struct Spec {
  std::string fill = " ";
  char align = '\0';  // < > ^ =
  char sign = '-';    // - + space
  bool alternate = false, zero = false;
  int64_t width = 0, precision = -1;
  char grouping = '\0';  // , _
  char type = '\0';
};

int64_t TakeDigits(std::string_view text, size_t& at, int64_t fallback) {
  int64_t number = fallback;
  for (bool first = true; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at, first = false) {
    number = (first ? 0 : number) * 10 + (text[at] - '0');
    if (number > kMaxWidth) FailValue("Too many decimal digits in format string");
  }
  return number;
}

bool IsAlign(char c) { return c == '<' || c == '>' || c == '^' || c == '='; }

Spec ParseSpec(std::string_view text, const Value& value) {
  Spec spec;
  size_t at = 0, after_fill = 0;
  if (!text.empty()) NextCodePoint(text, after_fill);
  if (after_fill < text.size() && IsAlign(text[after_fill])) {
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
  spec.alternate = skip('#');
  if (skip('0')) {
    spec.zero = true;
    if (!spec.align) spec.fill = "0", spec.align = '=';
  }
  spec.width = TakeDigits(text, at, 0);
  if (skip(','))
    spec.grouping = ',';
  else if (skip('_'))
    spec.grouping = '_';
  if (skip('.')) {
    spec.precision = TakeDigits(text, at, -1);
    if (spec.precision < 0) FailValue("Format specifier missing precision");
  }
  if (at < text.size()) spec.type = text[at++];
  if (at < text.size())
    FailValue(fmt::format("Invalid format specifier '{}' for object of type '{}'", text, value.TypeName()));
  return spec;
}

std::string Group(std::string digits, char separator, size_t size) {
  if (!separator) return digits;
  std::string out;
  for (size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % size == 0) out += separator;
    out += digits[i];
  }
  return out;
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

std::string FormatReal(double value, const Spec& spec, const Value& original) {
  bool negative = std::signbit(value) && !std::isnan(value);
  double magnitude = std::fabs(value);
  std::string body, suffix;
  switch (spec.type) {
    case '\0':
      if (spec.precision < 0) {
        body = ReprFloat(magnitude);
      } else {
        body = RealDigits(magnitude, 'g', std::max<int64_t>(spec.precision, 1), spec.alternate);
        if (body.find_first_of(".en") == std::string::npos) body += ".0";
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
  std::string grouped = Group(body.substr(0, whole), spec.grouping, 3) + body.substr(whole) + suffix;
  return Pad(spec, SignOf(spec, negative), std::move(grouped), '>');
}

std::string FormatInteger(const Value& value, const Spec& spec) {
  int64_t number = WholeOf(value);
  if (std::string_view("eEfFgG%").find(spec.type) != std::string_view::npos && spec.type)
    return FormatReal(static_cast<double>(number), spec, value);
  if (spec.precision >= 0) FailValue("Precision not allowed in integer format specifier");
  uint64_t magnitude = number < 0 ? 0 - static_cast<uint64_t>(number) : static_cast<uint64_t>(number);
  std::string prefix = SignOf(spec, number < 0), digits;
  switch (spec.type) {
    case '\0':
    case 'd':
    case 'n':
      digits = Group(fmt::format("{}", magnitude), spec.grouping, 3);
      break;
    case 'b':
      digits = Group(fmt::format("{:b}", magnitude), spec.grouping, 4);
      break;
    case 'o':
      digits = Group(fmt::format("{:o}", magnitude), spec.grouping, 4);
      break;
    case 'x':
      digits = Group(fmt::format("{:x}", magnitude), spec.grouping, 4);
      break;
    case 'X':
      digits = Group(fmt::format("{:X}", magnitude), spec.grouping, 4);
      break;
    case 'c':
      AppendCodePoint(digits, static_cast<char32_t>(number));
      break;
    default:
      FailCode(spec, value);
  }
  if (spec.alternate && std::string_view("boxX").find(spec.type) != std::string_view::npos && spec.type)
    prefix += std::string("0") + spec.type;
  return Pad(spec, std::move(prefix), std::move(digits), '>');
}

std::string FormatString(const Value& value, const Spec& spec) {
  if (spec.type && spec.type != 's') FailCode(spec, value);
  if (spec.align == '=' && !spec.zero) FailValue("'=' alignment not allowed in string format specifier");
  std::string text(value.AsString());
  if (spec.precision >= 0) text.resize(CodePointOffset(text, static_cast<size_t>(spec.precision)));
  Spec aligned = spec;
  if (aligned.align == '=') aligned.align = '<';
  return Pad(aligned, "", std::move(text), '<');
}

// --- text % values

struct Conversion {
  bool left = false, plus = false, space = false, alternate = false, zero = false;
  int64_t width = 0, precision = -1;
  char type = '\0';
};

class Percent {
 public:
  Percent(std::string_view format, const Value& values) : format_(format), values_(values) {}

  std::string Run() {
    while (at_ < format_.size()) {
      size_t percent = format_.find('%', at_);
      if (percent == std::string_view::npos) percent = format_.size();
      out_ += format_.substr(at_, percent - at_);
      at_ = percent + 1;
      if (percent < format_.size()) Convert();
    }
    bool takes_all =
        used_mapping_ || values_.IsDict() || values_.type() == Type::kList || values_.type() == Type::kObject;
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
    if (!value) FailValue(ReprText(key));
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
      std::string text = conversion.type == 's'   ? ToText(value)
                         : conversion.type == 'c' ? Character(value)
                                                  : ToRepr(value);
      if (conversion.precision >= 0 && conversion.type != 'c')
        text.resize(CodePointOffset(text, static_cast<size_t>(conversion.precision)));
      out_ += Pad(spec, "", std::move(text), '>');
      return;
    }
    if (!IsNumber(value)) {
      FailIfUndefined(value);
      Value number = AsNumber(value, conversion.type);
      return Append(conversion, number);
    }
    if (std::string_view("eEfFgG").find(conversion.type) != std::string_view::npos) {
      spec.type = conversion.type;
      spec.precision = conversion.precision < 0 ? 6 : conversion.precision;
      out_ += FormatReal(RealOf(value), spec, value);
      return;
    }
    AppendInteger(conversion, spec, value);
  }

  void AppendInteger(const Conversion& conversion, Spec spec, const Value& value) {
    bool is_decimal = std::string_view("diu").find(conversion.type) != std::string_view::npos;
    if (!is_decimal && value.type() == Type::kFloat)
      FailType(fmt::format("%{} format: an integer is required, not float", conversion.type));
    if (value.type() == Type::kFloat && !(std::fabs(value.AsFloat()) < 9.2e18))
      FailValue("cannot convert float to integer");
    Value whole = Value::Int(value.type() == Type::kFloat ? static_cast<int64_t>(value.AsFloat()) : WholeOf(value));
    spec.type = is_decimal ? 'd' : conversion.type;
    if (conversion.precision > 0) {
      Spec digits;
      digits.type = spec.type;
      digits.fill = "0";
      digits.align = '=';
      digits.sign = spec.sign;
      digits.width = conversion.precision + (whole.AsInt() < 0 || spec.sign != '-' ? 1 : 0);
      spec.fill = " ";
      out_ += Pad(spec, "", FormatInteger(whole, digits), '>');
      return;
    }
    out_ += FormatInteger(whole, spec);
  }

  std::string Character(const Value& value) {
    if (value.IsString() && CodePointCount(value.AsString()) == 1) return std::string(value.AsString());
    if (!IsWhole(value)) FailType("%c requires int or char");
    std::string out;
    AppendCodePoint(out, static_cast<char32_t>(WholeOf(value)));
    return out;
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
  std::string out_;
  size_t at_ = 0, next_ = 0;
  bool used_mapping_ = false;
};

// --- text.format(values)

class Braces {
 public:
  Braces(Evaluator& evaluator, const Arguments& arguments) : evaluator_(evaluator), arguments_(arguments) {}

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
      value = Value::String(conversion == 's' ? ToText(value) : ToRepr(value));
    }
    std::string spec = rest.empty() ? std::string() : Run(rest.substr(1), depth + 1);
    if (value.AsObject() && !spec.empty()) return FormatObject(value, spec);
    return FormatValue(value, spec);
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
    Value value = First(name.substr(0, end));
    while (end < name.size()) {
      size_t begin = end + 1;
      if (name[end] == '.') {
        end = std::min(name.find_first_of(".[", begin), name.size());
        if (begin == end) FailValue("Empty attribute in format string");
        std::string_view attribute = name.substr(begin, end - begin);
        value = evaluator_.Attribute(value, attribute);
        continue;
      }
      size_t close = name.find(']', begin);
      if (close == std::string_view::npos) FailValue("Missing ']' in format string");
      std::string_view key = name.substr(begin, close - begin);
      bool is_index = !key.empty() && std::ranges::all_of(key, [](char c) { return c >= '0' && c <= '9'; });
      Value item_key =
          is_index && key.size() < 18 ? Value::Int(std::stoll(std::string(key))) : Value::String(std::string(key));
      value = evaluator_.Item(value, item_key);
      end = close + 1;
    }
    return value;
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
      if (index >= arguments_.positional.size()) FailValue("tuple index out of range");
      return arguments_.positional[index];
    }
    auto at = std::ranges::find(arguments_.keywords, name, &KeywordArgument::name);
    if (at == arguments_.keywords.end()) FailValue(ReprText(name));
    return at->value;
  }

  enum class Counts : uint8_t { kNone, kAutomatic, kManual };
  Evaluator& evaluator_;
  const Arguments& arguments_;
  Counts counts_ = Counts::kNone;
  size_t next_ = 0;
};

}  // namespace

Value FormatPercent(const Value& format, const Value& values) {
  std::string out = Percent(format.AsString(), values).Run();
  return Cells::IsMarkup(format) ? Value::Markup(std::move(out)) : Value::String(std::move(out));
}

std::string FormatBraces(Evaluator& evaluator, std::string_view format, const Arguments& arguments) {
  return Braces(evaluator, arguments).Run(format, 1);
}

std::string FormatValue(const Value& value, std::string_view spec_text) {
  if (spec_text.empty()) return ToText(value);
  if (value.AsObject() && value.AsObject()->IsNumber())
    return FormatReal(std::strtod(ToText(value).c_str(), nullptr), ParseSpec(spec_text, value), value);
  Spec spec = ParseSpec(spec_text, value);
  if (value.type() == Type::kFloat) return FormatReal(value.AsFloat(), spec, value);
  if (value.type() == Type::kBool && !spec.type) return FormatString(Value::String(ToText(value)), spec);
  if (IsWhole(value)) return FormatInteger(value, spec);
  if (value.IsString()) return FormatString(value, spec);
  FailType(fmt::format("unsupported format string passed to {}.__format__", value.TypeName()));
}

}  // namespace stir::jinja
