// yaml.safe_dump: block style, 80 columns, quotes only where YAML would read something else.
#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "jinja/text.h"
#include "pylib/convert.h"
#include "pylib/temporal.h"
#include "yaml/resolver.h"

namespace stir::pylib {
namespace {

using jinja::Type;
using jinja::Value;

constexpr size_t kWidth = 80;
constexpr int kMaxDepth = 500;

bool IsPlainCharacter(char c) { return c == '\n' || (c >= 0x20 && c <= 0x7E); }

// Indicators that a plain scalar may not begin with or contain.
bool MayBePlain(std::string_view text) {
  if (text.empty() || text.front() == ' ' || text.back() == ' ' || text.contains('\n')) return false;
  if (text.starts_with("---") || text.starts_with("...")) return false;
  const bool space_follows = text.size() == 1 || text[1] == ' ';
  if (std::string_view("#,[]{}&*!|>'\"%@`").contains(text.front())) return false;
  if (std::string_view("?:-").contains(text.front()) && space_follows) return false;
  return !text.contains(": ") && text.back() != ':' && !text.contains(" #");
}

// A space before a line end would be lost by folding.
bool MayBeSingleQuoted(std::string_view text) {
  return std::ranges::all_of(text, IsPlainCharacter) && !text.contains(" \n");
}

class YamlWriter {
 public:
  explicit YamlWriter(bool sort_keys) : sort_keys_(sort_keys) {}

  Result<std::string> Document(const Value& value) {
    STIR_TRY(Node(value, 0));
    if (!out_.ends_with('\n')) out_ += '\n';
    if (plain_root_) out_ += "...\n";
    return std::move(out_);
  }

 private:
  size_t Column() const { return out_.size() - (out_.rfind('\n') + 1); }

  void NewLine(size_t indent) {
    if (!out_.empty() && !out_.ends_with('\n')) out_ += '\n';
    out_.append(indent, ' ');
  }

  // A collection with entries begins on a line of its own; everything else stands where it is.
  static bool IsBlock(const Value& value) {
    return (value.IsSequence() && !value.Items().empty()) || (value.IsDict() && value.AsDict().size() != 0);
  }

  Status Node(const Value& value, size_t indent) {
    if (++depth_ > kMaxDepth) return ValueError("the value is nested too deeply, or contains itself");
    if (value.IsSequence()) {
      STIR_TRY(Sequence(value.Items(), indent));
    } else if (value.IsDict()) {
      STIR_TRY(Mapping(value.AsDict(), indent));
    } else {
      STIR_TRY(Scalar(value, indent, depth_ == 1));
    }
    --depth_;
    return {};
  }

  Status Sequence(const std::vector<Value>& items, size_t indent) {
    if (items.empty()) out_ += "[]";
    for (size_t i = 0; i < items.size(); ++i) {
      if (i > 0 || Column() != indent) NewLine(indent);
      out_ += "- ";
      STIR_TRY(Node(items[i], IsBlock(items[i]) ? indent + 2 : indent));
    }
    return {};
  }

  Status Mapping(const jinja::Dict& dict, size_t indent) {
    if (dict.size() == 0) out_ += "{}";
    std::vector<std::pair<Value, Value>> entries(dict.entries().begin(), dict.entries().end());
    if (sort_keys_) {
      std::ranges::stable_sort(entries, [](const auto& a, const auto& b) { return Text(a.first) < Text(b.first); });
    }
    bool first = true;
    for (const auto& [key, value] : entries) {
      if (!std::exchange(first, false) || Column() != indent) NewLine(indent);
      STIR_TRY(Scalar(key, indent, false, /*is_key=*/true));
      out_ += ':';
      if (!IsBlock(value)) {
        out_ += ' ';
        STIR_TRY(Node(value, indent));
      } else {
        // The items of a sequence stand below its key, not to the right of it.
        const size_t inner = value.IsSequence() ? indent : indent + 2;
        NewLine(inner);
        STIR_TRY(Node(value, inner));
      }
    }
    return {};
  }

  static std::string Text(const Value& value) {
    Result<std::string> text = value.Str();
    return text.ok() ? *text : std::string();
  }

  Status Scalar(const Value& value, size_t indent, bool is_root, bool is_key = false) {
    plain_root_ = is_root;
    switch (value.type()) {
      case Type::kNone:
        return out_ += "null", Status();
      case Type::kBool:
        return out_ += value.AsBool() ? "true" : "false", Status();
      case Type::kInt:
        return out_ += fmt::format("{}", value.AsInt()), Status();
      case Type::kFloat:
        return out_ += Real(value.AsFloat()), Status();
      case Type::kString:
        String(value.AsString(), indent + 2, is_key);
        return {};
      default:
        break;
    }
    if (!value.As<DateObject>() && !value.As<DatetimeObject>()) {
      return ValueError(fmt::format("cannot represent an object of type {} as YAML", value.TypeName()));
    }
    STIR_ASSIGN(const std::string text, value.Str());
    out_ += text;
    return {};
  }

  static std::string Real(double number) {
    if (std::isnan(number)) return ".nan";
    if (std::isinf(number)) return number < 0 ? "-.inf" : ".inf";
    std::string text = jinja::ReprFloat(number);
    // YAML 1.1 wants a point before the exponent.
    if (!text.contains('.')) text.insert(text.find('e'), ".0");
    return text;
  }

  void String(std::string_view text, size_t indent, bool is_key) {
    const bool printable = std::ranges::all_of(text, IsPlainCharacter);
    const bool plain =
        printable && MayBePlain(text) && yaml::TypeOfPlain(text) == yaml::Type::kString && text != "=" && text != "<<";
    if (plain) return Plain(text, indent, !is_key);
    plain_root_ = false;
    if (MayBeSingleQuoted(text) && !(is_key && text.contains('\n'))) return SingleQuoted(text, indent, !is_key);
    DoubleQuoted(text, indent, !is_key);
  }

  // Words with single spaces between them are folded behind the 80th column.
  void Plain(std::string_view text, size_t indent, bool folds) {
    for (size_t at = 0; at < text.size();) {
      const size_t end = EndOfRun(text, at, ' ');
      if (text[at] == ' ' && end == at + 1 && folds && Column() > kWidth) {
        NewLine(indent);
      } else {
        out_ += text.substr(at, end - at);
      }
      at = end;
    }
  }

  // Where the run of `what`, or of everything else, that begins here ends.
  static size_t EndOfRun(std::string_view text, size_t at, char what) {
    const bool inside = text[at] == what;
    while (at < text.size() && (text[at] == what) == inside) ++at;
    return at;
  }

  void SingleQuoted(std::string_view text, size_t indent, bool folds) {
    out_ += '\'';
    for (size_t at = 0; at < text.size();) {
      size_t end = at;
      if (text[at] == '\n') {
        // One line end is a space when read; so there is one more than the text has.
        end = EndOfRun(text, at, '\n');
        out_.append(end - at + 1, '\n');
        out_.append(indent, ' ');
      } else if (text[at] == ' ') {
        end = EndOfRun(text, at, ' ');
        if (end == at + 1 && folds && Column() > kWidth && at != 0 && end != text.size()) {
          NewLine(indent);
        } else {
          out_ += text.substr(at, end - at);
        }
      } else {
        for (; end < text.size() && text[end] != ' ' && text[end] != '\n'; ++end)
          out_.append(text[end] == '\'' ? 2 : 1, text[end]);
      }
      at = end;
    }
    out_ += '\'';
  }

  static std::string Escape(char32_t code) {
    constexpr std::string_view kFrom("\0\a\b\t\n\v\f\r\x1b\"\\", 11), kTo = "0abtnvfre\"\\";
    if (size_t at = code < 0x80 ? kFrom.find(static_cast<char>(code)) : kFrom.npos; at != kFrom.npos)
      return {'\\', kTo[at]};
    const auto number = static_cast<uint32_t>(code);
    if (code == 0x85) return "\\N";
    if (code == 0xA0) return "\\_";
    if (code == 0x2028 || code == 0x2029) return code == 0x2028 ? "\\L" : "\\P";
    return number < 0x100     ? fmt::format("\\x{:02X}", number)
           : number < 0x10000 ? fmt::format("\\u{:04X}", number)
                              : fmt::format("\\U{:08X}", number);
  }

  void DoubleQuoted(std::string_view text, size_t indent, bool folds) {
    out_ += '"';
    for (size_t at = 0; at < text.size();) {
      const size_t begin = at;
      const char32_t code = jinja::NextCodePoint(text, at);
      const bool plain = code >= 0x20 && code <= 0x7E && code != '"' && code != '\\';
      const bool breaks = folds && begin > 0 && at < text.size() && (code == ' ' || !plain) && Column() > kWidth;
      if (code == ' ' && breaks) {
        out_ += '\\';
        NewLine(indent);
        out_ += "\\ ";
        continue;
      }
      out_ += plain ? std::string(text.substr(begin, at - begin)) : Escape(code);
      if (!plain && folds && at < text.size() && Column() > kWidth) {
        out_ += '\\';
        NewLine(indent);
        if (text[at] == ' ') out_ += '\\';
      }
    }
    out_ += '"';
  }

  const bool sort_keys_;
  std::string out_;
  int depth_ = 0;
  bool plain_root_ = false;  // the document is one plain scalar: it needs an end
};

}  // namespace

Result<std::string> DumpYaml(const Value& value, bool sort_keys) { return YamlWriter(sort_keys).Document(value); }

}  // namespace stir::pylib
