#include "jinja/json_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "jinja/big_integer.h"
#include "jinja/errors.h"
#include "jinja/operations.h"
#include "jinja/template.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

constexpr int kMaxJsonTextDepth = 500;

class Writer {
 public:
  explicit Writer(const JsonStyle& style) : style_(style) {}

  void Write(const Value& value) {
    if (++depth_ > kMaxJsonTextDepth) FailValue("Circular reference detected");
    switch (value.type()) {
      case Type::kNone:
        out_ += "null";
        break;
      case Type::kBool:
        out_ += value.AsBool() ? "true" : "false";
        break;
      case Type::kInt:
        out_ += fmt::format("{}", value.AsInt());
        break;
      case Type::kFloat:
        out_ += Real(value.AsFloat());
        break;
      case Type::kString:
        WriteText(value.AsString());
        break;
      case Type::kList:
      case Type::kTuple:
        WriteItems(value.Items());
        break;
      case Type::kDict:
        WriteEntries(value.AsDict());
        break;
      default:
        if (IsBig(value)) {
          out_ += ToText(value);
          break;
        }
        if (style_.any_value) {
          WriteText(value.IsUndefined() ? "" : ToText(value));
          break;
        }
        FailType(fmt::format("Object of type {} is not JSON serializable", value.TypeName()));
    }
    --depth_;
  }

  std::string Take() { return std::move(out_); }

 private:
  static std::string Real(double value) {
    if (std::isnan(value)) return "NaN";
    if (std::isinf(value)) return value < 0 ? "-Infinity" : "Infinity";
    return ReprFloat(value);
  }

  std::string KeyText(const Value& key) const {
    switch (key.type()) {
      case Type::kString:
        return std::string(key.AsString());
      case Type::kNone:
        return "null";
      case Type::kBool:
        return key.AsBool() ? "true" : "false";
      case Type::kFloat:
        return Real(key.AsFloat());
      case Type::kInt:
        return fmt::format("{}", key.AsInt());
      default:
        if (style_.any_value || IsBig(key)) return ToText(key);
        FailType(fmt::format("keys must be str, int, float, bool or None, not {}", key.TypeName()));
    }
  }

  void NewLine() {
    if (!style_.indent) return;
    out_ += '\n';
    for (int i = 0; i < depth_; ++i) out_ += *style_.indent;
  }

  void Separate(bool is_first) {
    if (!is_first) out_ += style_.indent ? "," : ", ";
    NewLine();
  }

  void WriteItems(const std::vector<Value>& items) {
    out_ += '[';
    for (size_t i = 0; i < items.size(); ++i) {
      Separate(i == 0);
      Write(items[i]);
    }
    Close(items.empty(), ']');
  }

  void WriteEntries(const Dict& dict) {
    std::vector<std::pair<Value, Value>> entries(dict.entries().begin(), dict.entries().end());
    if (style_.sort_keys)
      std::ranges::stable_sort(entries, [](const auto& a, const auto& b) { return Less(a.first, b.first); });
    out_ += '{';
    bool is_first = true;
    for (const auto& [key, value] : entries) {
      Separate(std::exchange(is_first, false));
      WriteText(KeyText(key));
      out_ += ": ";
      Write(value);
    }
    Close(is_first, '}');
  }

  void Close(bool is_empty, char bracket) {
    --depth_;
    if (!is_empty) NewLine();
    ++depth_;
    out_ += bracket;
  }

  void WriteText(std::string_view text) {
    out_ += '"';
    for (size_t offset = 0; offset < text.size();) {
      char32_t code = NextCodePoint(text, offset);
      constexpr std::string_view kFrom = "\"\\\n\r\t\b\f", kTo = "\"\\nrtbf";
      size_t simple = code < 0x80 ? kFrom.find(static_cast<char>(code)) : std::string_view::npos;
      if (simple != std::string_view::npos) {
        out_ += '\\';
        out_ += kTo[simple];
      } else if (code >= 0x20 && code < 0x7F) {
        out_ += static_cast<char>(code);
      } else if (code < 0x10000) {
        out_ += fmt::format("\\u{:04x}", static_cast<uint32_t>(code));
      } else {
        uint32_t rest = static_cast<uint32_t>(code) - 0x10000;
        out_ += fmt::format("\\u{:04x}\\u{:04x}", 0xD800 + (rest >> 10), 0xDC00 + (rest & 0x3FF));
      }
    }
    out_ += '"';
  }

  const JsonStyle& style_;
  std::string out_;
  int depth_ = 0;
};

// The digits of a number without white space and without `_` between digits; nullopt when a `_` stands elsewhere.
std::optional<std::string> NumberDigits(std::string_view text) {
  text = StripLeft(StripRight(text));
  std::string digits;
  for (size_t i = 0; i < text.size(); ++i) {
    auto is_digit = [&](size_t at) { return at < text.size() && std::isalnum(static_cast<unsigned char>(text[at])); };
    if (text[i] != '_') {
      digits += text[i];
    } else if (i == 0 || !is_digit(i - 1) || !is_digit(i + 1)) {
      return std::nullopt;
    }
  }
  return digits;
}

}  // namespace

Result<std::string> JsonText(const Value& value, const JsonStyle& style) {
  return Catching([&] {
    Writer writer(style);
    writer.Write(value);
    return writer.Take();
  });
}

Result<Value> WholeNumber(std::string_view digits, bool negative) {
  return Catching([&] { return IntegerFrom(digits, 10, negative); });
}

std::optional<Value> ParseInt(std::string_view text, int base) {
  std::optional<std::string> cleaned = NumberDigits(text);
  if (!cleaned || cleaned->empty()) return std::nullopt;
  std::string_view digits = *cleaned;
  bool negative = digits[0] == '-';
  if (negative || digits[0] == '+') digits.remove_prefix(1);
  if (digits.size() > 2 && digits[0] == '0') {
    int named = (digits[1] | 32) == 'x' ? 16 : (digits[1] | 32) == 'o' ? 8 : (digits[1] | 32) == 'b' ? 2 : 0;
    if (named && (base == named || base == 0)) {
      base = named;
      digits.remove_prefix(2);
    }
  }
  // A number of base 0 is a literal: it does not begin with a zero.
  if (base == 0) {
    if (digits.find_first_not_of('0') != std::string_view::npos && digits[0] == '0') return std::nullopt;
    base = 10;
  }
  auto is_digit = [base](char c) {
    const int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'z' ? (c | 32) - 'a' + 10 : 99;
    return digit < base;
  };
  if (digits.empty() || !std::ranges::all_of(digits, is_digit)) return std::nullopt;
  int64_t magnitude = 0;
  auto result = std::from_chars(digits.data(), digits.data() + digits.size(), magnitude, base);
  if (result.ec == std::errc()) return Value::Int(negative ? -magnitude : magnitude);
  return IntegerFrom(digits, base, negative);
}

std::optional<double> ParseFloat(std::string_view text) {
  std::optional<std::string> digits = NumberDigits(text);
  if (!digits || digits->empty() || digits->find_first_of("xX(") != std::string::npos) return std::nullopt;
  char* end = nullptr;
  double value = std::strtod(digits->c_str(), &end);
  return end == digits->c_str() + digits->size() ? std::optional(value) : std::nullopt;
}

}  // namespace stir::jinja
