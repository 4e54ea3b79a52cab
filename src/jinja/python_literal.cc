// Python's literals, as ast.literal_eval reads them: what a native template's text may spell.
#include <algorithm>
#include <cctype>

#include "jinja/big_integer.h"
#include "jinja/errors.h"
#include "jinja/json_text.h"
#include "jinja/operations.h"
#include "jinja/text.h"

namespace stir::jinja {
namespace {

constexpr int kMaxLiteralDepth = 100;

struct NoLiteral {};  // thrown: the text is something else

bool IsWordCharacter(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0; }

class LiteralReader final {
 public:
  explicit LiteralReader(std::string_view text) : text_(text) {}

  Value Read() {
    SkipBlankLines();
    if (At(' ') || At('\t')) throw NoLiteral();
    Value value = ReadTuple();
    const size_t end = at_;
    SkipBlankLines();
    // A last line of white space alone counts as indented.
    const bool is_indented = !text_.empty() && (text_.back() == ' ' || text_.back() == '\t') &&
                             text_.substr(end).find('\n') != std::string_view::npos;
    if (at_ != text_.size() || is_indented) throw NoLiteral();
    return value;
  }

 private:
  bool At(char c) const { return at_ < text_.size() && text_[at_] == c; }
  bool Skip(char c) {
    if (!At(c)) return false;
    ++at_;
    SkipSpace();
    return true;
  }
  void Expect(char c) {
    if (!Skip(c)) throw NoLiteral();
  }

  // Line ends count outside of brackets only.
  void SkipSpace() {
    for (; at_ < text_.size(); ++at_) {
      const char c = text_[at_];
      if (c == '#') {
        at_ = std::min(text_.find('\n', at_), text_.size()) - 1;
      } else if (c != ' ' && c != '\t' && c != '\f' && (brackets_ == 0 || (c != '\n' && c != '\r'))) {
        return;
      }
    }
  }

  // Empty lines and comments around the expression.
  void SkipBlankLines() {
    for (;;) {
      size_t end = at_;
      while (end < text_.size() && (text_[end] == ' ' || text_[end] == '\t' || text_[end] == '\f')) ++end;
      if (end < text_.size() && text_[end] == '#') end = std::min(text_.find('\n', end), text_.size());
      if (end < text_.size() && text_[end] == '\r') ++end;
      if (end < text_.size() && text_[end] == '\n') {
        at_ = end + 1;
        continue;
      }
      if (end >= text_.size()) at_ = end;
      return;
    }
  }

  // Values with commas between are a tuple, also without parentheses.
  Value ReadTuple() {
    Value first = ReadValue();
    if (!At(',')) return first;
    std::vector<Value> items{std::move(first)};
    while (Skip(',')) {
      if (at_ == text_.size() || At(')') || At('\n') || At('\r')) break;
      items.push_back(ReadValue());
    }
    return Value::Tuple(std::move(items));
  }

  Value ReadValue() {
    if (++depth_ > kMaxLiteralDepth || at_ >= text_.size()) throw NoLiteral();
    Value value = ReadOne();
    --depth_;
    SkipSpace();
    return value;
  }

  Value ReadOne() {
    const char c = text_[at_];
    if (c == '-' || c == '+') return ReadSigned(c == '-');
    if (c == '[') return ReadList();
    if (c == '(') return ReadParentheses();
    if (c == '{') return ReadBraces();
    if (c == '"' || c == '\'') return ReadStrings();
    if (std::isdigit(static_cast<unsigned char>(c)) || c == '.') return ReadNumber();
    return ReadWord();
  }

  Value ReadWord() {
    size_t end = at_;
    while (end < text_.size() && IsWordCharacter(text_[end])) ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    const bool is_string = end < text_.size() && (text_[end] == '"' || text_[end] == '\'');
    if (is_string && word.size() == 1 && std::string_view("rRuU").find(word[0]) != std::string_view::npos)
      return ReadStrings();
    at_ = end;
    if (word == "None") return Value::None();
    if (word == "True" || word == "False") return Value::Bool(word == "True");
    if (word != "set") throw NoLiteral();
    OpenBracket();
    CloseBracket(')');
    return Take(MakeSet({}));
  }

  Value ReadSigned(bool negative) {
    ++at_;
    SkipSpace();
    if (at_ >= text_.size() || (!std::isdigit(static_cast<unsigned char>(text_[at_])) && !At('.'))) throw NoLiteral();
    Value number = ReadNumber();
    return negative ? Negate(number) : number;
  }

  void OpenBracket() {
    ++at_;
    ++brackets_;
    SkipSpace();
  }
  void CloseBracket(char c) {
    if (!At(c)) throw NoLiteral();
    --brackets_;
    ++at_;
  }

  std::vector<Value> ReadItems(char close) {
    std::vector<Value> items;
    while (!At(close)) {
      items.push_back(ReadValue());
      if (!At(close)) Expect(',');
    }
    return items;
  }

  Value ReadList() {
    OpenBracket();
    std::vector<Value> items = ReadItems(']');
    CloseBracket(']');
    return Value::List(std::move(items));
  }

  Value ReadParentheses() {
    OpenBracket();
    Value value = At(')') ? Value::Tuple() : ReadTuple();
    CloseBracket(')');
    return value;
  }

  Value ReadBraces() {
    OpenBracket();
    auto dict = MakeRef<Dict>();
    if (!At('}')) {
      Value first = ReadValue();
      if (!At(':')) return ReadSet(std::move(first));
      for (Value key = std::move(first);; key = ReadValue()) {
        Expect(':');
        Hashable(key);
        dict->Set(std::move(key), ReadValue());
        if (!Skip(',') || At('}')) break;
      }
    }
    CloseBracket('}');
    return Value::FromDict(std::move(dict));
  }

  Value ReadSet(Value first) {
    std::vector<Value> items{std::move(first)};
    while (Skip(',') && !At('}')) items.push_back(ReadValue());
    CloseBracket('}');
    for (const Value& each : items) Hashable(each);
    return Take(MakeSet(items));
  }

  static void Hashable(const Value& value) {
    if (!Catching([&] { RequireHashable(value); }).ok()) throw NoLiteral();
  }

  Value ReadNumber() {
    size_t end = at_;
    auto is_exponent_sign = [&] { return (text_[end] == '+' || text_[end] == '-') && (text_[end - 1] | 32) == 'e'; };
    const bool is_named = At('0') && at_ + 1 < text_.size() && std::isalpha(static_cast<unsigned char>(text_[at_ + 1]));
    while (end < text_.size() &&
           (IsWordCharacter(text_[end]) || text_[end] == '.' || (!is_named && end > at_ && is_exponent_sign())))
      ++end;
    const std::string_view word = text_.substr(at_, end - at_);
    at_ = end;
    const bool is_real = !is_named && word.find_first_of(".eE") != std::string_view::npos;
    if (!is_real) {
      const std::optional<Value> whole = ParseInt(word, 0);
      if (!whole) throw NoLiteral();
      return *whole;
    }
    const bool is_digits = word.find_first_not_of("0123456789._eE+-") == std::string_view::npos;
    const std::optional<double> real = is_digits ? ParseFloat(word) : std::nullopt;
    if (!real) throw NoLiteral();
    return Value::Float(*real);
  }

  // Strings side by side are one.
  Value ReadStrings() {
    std::string text;
    for (;;) {
      bool raw = false;
      if (!At('"') && !At('\'')) raw = (text_[at_++] | 32) == 'r';
      text += ReadString(raw);
      SkipSpace();
      const bool more = At('"') || At('\'');
      const bool prefixed = at_ + 1 < text_.size() &&
                            std::string_view("rRuU").find(text_[at_]) != std::string_view::npos &&
                            (text_[at_ + 1] == '"' || text_[at_ + 1] == '\'');
      if (!more && !prefixed) return Value::String(std::move(text));
    }
  }

  std::string ReadString(bool raw) {
    const char quote = text_[at_];
    const std::string triple(3, quote);
    const bool is_long = text_.substr(at_, 3) == triple;
    const std::string_view close = is_long ? std::string_view(triple) : std::string_view(triple).substr(2);
    at_ += close.size();
    std::string out;
    for (;;) {
      if (at_ >= text_.size() || (!is_long && (At('\n') || At('\r')))) throw NoLiteral();
      if (text_.substr(at_, close.size()) == close) break;
      if (!At('\\')) {
        out += text_[at_++];
      } else if (raw) {
        out += text_[at_++];
        if (at_ < text_.size()) out += text_[at_++];
      } else {
        ReadEscape(out);
      }
    }
    at_ += close.size();
    return out;
  }

  void ReadEscape(std::string& out) {
    constexpr std::string_view kFrom = "\\'\"abfnrtv", kTo = "\\'\"\a\b\f\n\r\t\v";
    if (++at_ >= text_.size()) throw NoLiteral();
    const char c = text_[at_++];
    if (const size_t simple = kFrom.find(c); simple != std::string_view::npos) {
      out += kTo[simple];
    } else if (c >= '0' && c <= '7') {
      --at_;
      AppendCodePoint(out, ReadDigits(3, 8, false));
    } else if (c == 'x' || c == 'u' || c == 'U') {
      AppendCodePoint(out, ReadDigits(c == 'x' ? 2 : c == 'u' ? 4 : 8, 16, true));
    } else if (c == 'N') {
      throw NoLiteral();
    } else if (c != '\n') {
      out += '\\';
      out += c;
    }
  }

  char32_t ReadDigits(int most, char32_t base, bool all) {
    char32_t code = 0;
    int count = 0;
    for (; count < most && at_ < text_.size(); ++count, ++at_) {
      const char c = text_[at_];
      const int digit = c >= '0' && c <= '9' ? c - '0' : (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : 99;
      if (digit >= static_cast<int>(base)) break;
      code = code * base + static_cast<char32_t>(digit);
    }
    if ((all && count < most) || code > 0x10FFFF) throw NoLiteral();
    return code;
  }

  const std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0, brackets_ = 0;
};

}  // namespace

std::optional<Value> ParseLiteral(std::string_view text) {
  try {
    return LiteralReader(text).Read();
  } catch (NoLiteral&) {
    return std::nullopt;
  } catch (EvaluationError&) {
    return std::nullopt;
  }
}

}  // namespace stir::jinja
