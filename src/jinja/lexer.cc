// The lexer: a state for the text between tags and one for each kind of tag. Offsets are those of the text as it was
// given, so line ends stay as they are and become "\n" only in the data that is handed out, as in Jinja2.
#include "jinja/lexer.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "jinja/text.h"

namespace stir::jinja {
namespace {

struct Operator {
  std::string_view text;
  TokenKind kind;
};

// Two characters first: the longest match wins.
constexpr std::array kOperators{
    Operator{"//", TokenKind::kFloorDivide},  Operator{"**", TokenKind::kPower},
    Operator{"==", TokenKind::kEqual},        Operator{"!=", TokenKind::kNotEqual},
    Operator{">=", TokenKind::kGreaterEqual}, Operator{"<=", TokenKind::kLessEqual},
    Operator{"+", TokenKind::kAdd},           Operator{"-", TokenKind::kSubtract},
    Operator{"/", TokenKind::kDivide},        Operator{"*", TokenKind::kMultiply},
    Operator{"%", TokenKind::kModulo},        Operator{"~", TokenKind::kTilde},
    Operator{"[", TokenKind::kLeftBracket},   Operator{"]", TokenKind::kRightBracket},
    Operator{"(", TokenKind::kLeftParen},     Operator{")", TokenKind::kRightParen},
    Operator{"{", TokenKind::kLeftBrace},     Operator{"}", TokenKind::kRightBrace},
    Operator{">", TokenKind::kGreater},       Operator{"<", TokenKind::kLess},
    Operator{"=", TokenKind::kAssign},        Operator{".", TokenKind::kDot},
    Operator{":", TokenKind::kColon},         Operator{"|", TokenKind::kPipe},
    Operator{",", TokenKind::kComma},         Operator{";", TokenKind::kSemicolon},
};

bool IsAsciiDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAsciiWord(char c) { return IsAsciiDigit(c) || c == '_' || ((c | 32) >= 'a' && (c | 32) <= 'z'); }
int HexDigit(char c) {
  if (IsAsciiDigit(c)) return c - '0';
  return (c | 32) >= 'a' && (c | 32) <= 'f' ? (c | 32) - 'a' + 10 : -1;
}

size_t EndOfDigits(std::string_view text, size_t at, bool (*is_digit)(char)) {
  // `_` may stand between digits.
  while (at < text.size() &&
         (is_digit(text[at]) || (text[at] == '_' && at + 1 < text.size() && is_digit(text[at + 1]))))
    ++at;
  return at;
}

// Digits that begin with a digit: where they end, or `at`.
size_t EndOfNumber(std::string_view text, size_t at) {
  return at < text.size() && IsAsciiDigit(text[at]) ? EndOfDigits(text, at, IsAsciiDigit) : at;
}

std::string NormalizeNewlines(std::string_view text, std::string_view newline) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' && text[i] != '\n') {
      out += text[i];
      continue;
    }
    out += newline;
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
  }
  return out;
}

}  // namespace

std::string_view DescribeToken(TokenKind kind) {
  switch (kind) {
    case TokenKind::kEnd:
      return "end of template";
    case TokenKind::kData:
      return "template data / text";
    case TokenKind::kVariableBegin:
      return "begin of print statement";
    case TokenKind::kVariableEnd:
      return "end of print statement";
    case TokenKind::kBlockBegin:
      return "begin of statement block";
    case TokenKind::kBlockEnd:
      return "end of statement block";
    case TokenKind::kName:
      return "name";
    case TokenKind::kString:
      return "string";
    case TokenKind::kInteger:
      return "integer";
    case TokenKind::kFloat:
      return "float";
    default:
      return std::ranges::find(kOperators, kind, &Operator::kind)->text;
  }
}

std::string_view DescribeToken(const Token& token) {
  return token.kind == TokenKind::kName ? token.value : DescribeToken(token.kind);
}

Lexer::Lexer(std::string_view text, const Syntax& syntax, Arena& arena) : text_(text), syntax_(syntax), arena_(arena) {
  if (!syntax.keep_trailing_newline) {
    if (text_.ends_with("\r\n")) {
      text_.remove_suffix(2);
    } else if (text_.ends_with('\n') || text_.ends_with('\r')) {
      text_.remove_suffix(1);
    }
  }
  delimiters_ = {{syntax.comment_start, Opens::kComment},
                 {syntax.block_start, Opens::kBlock},
                 {syntax.variable_start, Opens::kVariable}};
  std::ranges::sort(delimiters_, [](const Delimiter& a, const Delimiter& b) {
    return std::pair(a.text.size(), a.opens) > std::pair(b.text.size(), b.opens);
  });
  for (const Delimiter& each : delimiters_) {
    if (first_characters_.find(each.text[0]) == std::string::npos) first_characters_ += each.text[0];
  }
}

Token Lexer::Next() {
  const Token token = state_ == State::kText ? NextText() : NextInTag();
  last_begin_ = token.begin;
  last_end_ = token.kind == TokenKind::kData ? token.begin : token.end;
  return token;
}

// The end stands where the last token does: that is the line Jinja2 tells.
Token Lexer::End() const { return {TokenKind::kEnd, last_begin_, last_end_, {}}; }

Token Lexer::NextText() {
  while (position_ < text_.size()) {
    Tag tag;
    if (!FindTag(position_, tag)) {
      size_t begin = position_;
      MoveTo(text_.size());
      return Data(begin, position_);
    }
    saw_tag_ = true;
    size_t body = 0;
    const bool is_raw = tag.opens == Opens::kBlock && MatchRaw(tag.begin, body);
    const char sign = At(tag.after) == '-' || At(tag.after) == '+' ? At(tag.after) : '\0';
    size_t begin = position_, end = StrippedEnd(begin, tag.begin, sign, tag.opens == Opens::kVariable);
    MoveTo(tag.begin);
    if (end > begin) return Data(begin, end);
    if (is_raw) {
      Token data = TakeRaw(tag.begin, body);
      if (!data.value.empty()) return data;
      continue;
    }
    const size_t after = tag.after + (sign ? 1 : 0);
    switch (tag.opens) {
      case Opens::kComment:
        MoveTo(after);
        SkipComment();
        break;
      case Opens::kLineComment:
        MoveTo(EndOfLine(after));
        break;
      case Opens::kVariable:
        state_ = State::kVariable;
        return Take(TokenKind::kVariableBegin, after);
      default:
        state_ = tag.opens == Opens::kLineStatement ? State::kLine : State::kBlock;
        return Take(TokenKind::kBlockBegin, after);
    }
  }
  return End();
}

bool Lexer::FindDelimiter(size_t from, Tag& found) const {
  for (size_t at = from;; ++at) {
    at = first_characters_.size() == 1 ? text_.find(first_characters_[0], at)
                                       : text_.find_first_of(first_characters_, at);
    if (at == std::string_view::npos) return false;
    for (const Delimiter& each : delimiters_) {
      if (StartsWith(at, each.text)) return found = {at, at + each.text.size(), each.opens}, true;
    }
  }
}

// A line statement stands at the beginning of its line; a line comment also behind other text. White space before them
// is theirs.
bool Lexer::FindLinePrefix(size_t from, Opens opens, Tag& found) const {
  const std::string& prefix =
      opens == Opens::kLineStatement ? syntax_.line_statement_prefix : syntax_.line_comment_prefix;
  if (prefix.empty()) return false;
  for (size_t at = text_.find(prefix, from); at != std::string_view::npos; at = text_.find(prefix, at + 1)) {
    size_t begin = at;
    auto is_blank = [&](char c) {
      return c == ' ' || c == '\t' || c == '\v' || (c == '\f' && opens == Opens::kLineComment);
    };
    while (begin > from && is_blank(text_[begin - 1])) --begin;
    if (opens == Opens::kLineStatement && !IsLineStart(begin)) continue;
    return found = {begin, at + prefix.size(), opens}, true;
  }
  return false;
}

// The first opening tag; of two that begin at one place the longer one, as Jinja2 orders them.
bool Lexer::FindTag(size_t from, Tag& found) const {
  bool any = FindDelimiter(from, found);
  if (syntax_.line_statement_prefix.empty() && syntax_.line_comment_prefix.empty()) return any;
  auto length = [&](const Tag& tag) {
    return tag.opens == Opens::kLineStatement ? syntax_.line_statement_prefix.size()
           : tag.opens == Opens::kLineComment ? syntax_.line_comment_prefix.size()
                                              : tag.after - tag.begin;
  };
  for (Opens opens : {Opens::kLineStatement, Opens::kLineComment}) {
    Tag tag;
    if (!FindLinePrefix(from, opens, tag)) continue;
    const bool is_raw = any && found.begin == tag.begin && found.opens == Opens::kBlock && [&] {
      size_t ignored = 0;
      return MatchRaw(found.begin, ignored);
    }();
    const bool is_first = !any || tag.begin < found.begin ||
                          (tag.begin == found.begin && !is_raw &&
                           std::pair(length(tag), tag.opens) > std::pair(length(found), found.opens));
    if (is_first) found = tag;
    any = true;
  }
  return any;
}

size_t Lexer::EndOfLine(size_t at) const { return std::min(text_.find_first_of("\r\n", at), text_.size()); }

// A line statement ends with its line, and takes the blank lines behind it along.
bool Lexer::AtLineEnd(size_t& after) const {
  const size_t end = SkipSpace(position_);
  if (end >= text_.size()) return after = text_.size(), true;
  const size_t newline = text_.substr(position_, end - position_).find_last_of("\r\n");
  if (newline == std::string_view::npos) return false;
  after = position_ + newline + 1;
  return true;
}

// Data up to `end`, where a tag with this white-space control begins.
size_t Lexer::StrippedEnd(size_t begin, size_t end, char sign, bool is_variable) const {
  std::string_view data = text_.substr(begin, end - begin);
  if (sign == '-') return begin + StripRight(data).size();
  if (sign == '+' || !syntax_.lstrip_blocks || is_variable) return end;
  size_t line = data.find_last_of("\r\n") + 1;
  bool only_space = StripLeft(data.substr(line)).empty() && line < data.size();
  return only_space && (line > 0 || line_starting_) ? begin + line : end;
}

Token Lexer::Data(size_t begin, size_t end) {
  std::string_view data = text_.substr(begin, end - begin);
  const bool as_is = syntax_.newline_sequence == "\n" ? data.find('\r') == std::string_view::npos
                                                      : data.find_first_of("\r\n") == std::string_view::npos;
  if (!as_is) data = arena_.Copy(NormalizeNewlines(data, syntax_.newline_sequence));
  return {TokenKind::kData, static_cast<uint32_t>(begin), static_cast<uint32_t>(end), data};
}

size_t Lexer::SkipSpace(size_t at) const { return text_.size() - StripLeft(text_.substr(at)).size(); }

size_t Lexer::SkipNewline(size_t at) const {
  if (!syntax_.trim_blocks) return at;
  if (StartsWith(at, "\r\n")) return at + 2;
  return At(at) == '\n' || At(at) == '\r' ? at + 1 : at;
}

void Lexer::SkipComment() {
  size_t at = text_.find(syntax_.comment_end, position_);
  if (at == std::string_view::npos) Fail(position_, text_.size(), "Missing end of comment tag");
  size_t after = at + syntax_.comment_end.size();
  char sign = at > position_ ? text_[at - 1] : '\0';
  MoveTo(sign == '-' ? SkipSpace(after) : sign == '+' ? after : SkipNewline(after));
}

// Whether the block tag at `at` is {% raw %}; `body` is where its text begins.
bool Lexer::MatchRaw(size_t at, size_t& body) const {
  size_t next = at + syntax_.block_start.size();
  if (At(next) == '-' || At(next) == '+') ++next;
  next = SkipSpace(next);
  if (!StartsWith(next, "raw")) return false;
  next = SkipSpace(next + 3);
  bool strips = At(next) == '-' && StartsWith(next + 1, syntax_.block_end);
  if (!strips && !StartsWith(next, syntax_.block_end)) return false;
  body = next + syntax_.block_end.size() + (strips ? 1 : 0);
  if (strips) body = SkipSpace(body);
  return true;
}

bool Lexer::FindEndRaw(size_t from, size_t& tag, char& sign, size_t& after) const {
  for (tag = text_.find(syntax_.block_start, from); tag != std::string_view::npos;
       tag = text_.find(syntax_.block_start, tag + 1)) {
    size_t next = tag + syntax_.block_start.size();
    sign = At(next) == '-' || At(next) == '+' ? At(next) : '\0';
    next = SkipSpace(next + (sign ? 1 : 0));
    if (!StartsWith(next, "endraw")) continue;
    next = SkipSpace(next + 6);
    char close = At(next) == '-' || At(next) == '+' ? At(next) : '\0';
    if (!StartsWith(next + (close ? 1 : 0), syntax_.block_end)) continue;
    after = next + (close ? 1 : 0) + syntax_.block_end.size();
    after = close == '-' ? SkipSpace(after) : close == '+' ? after : SkipNewline(after);
    return true;
  }
  return false;
}

Token Lexer::TakeRaw(size_t tag, size_t body) {
  size_t end = 0, after = 0;
  char sign = '\0';
  if (!FindEndRaw(body, end, sign, after)) Fail(tag, body, "Missing end of raw directive");
  MoveTo(body);
  size_t stripped = StrippedEnd(body, end, sign, false);
  MoveTo(after);
  return Data(body, stripped);
}

void Lexer::MoveTo(size_t at) {
  if (at > position_) line_starting_ = text_[at - 1] == '\n' || text_[at - 1] == '\r';
  position_ = at;
}

Token Lexer::Take(TokenKind kind, size_t end) {
  size_t begin = position_;
  MoveTo(end);
  return {kind, static_cast<uint32_t>(begin), static_cast<uint32_t>(end), text_.substr(begin, end - begin)};
}

// Whether the tag ends here; `after` is where the text goes on.
bool Lexer::AtTagEnd(size_t& after) const {
  if (state_ == State::kLine) return AtLineEnd(after);
  bool is_block = state_ == State::kBlock;
  const std::string& close = is_block ? syntax_.block_end : syntax_.variable_end;
  char sign = At(position_);
  if ((sign == '-' || (sign == '+' && is_block)) && StartsWith(position_ + 1, close)) {
    after = position_ + 1 + close.size();
    if (sign == '-') after = SkipSpace(after);
    return true;
  }
  if (!StartsWith(position_, close)) return false;
  after = position_ + close.size();
  if (is_block) after = SkipNewline(after);
  return true;
}

Token Lexer::NextInTag() {
  for (;;) {
    size_t after = 0;
    // Inside brackets what looks like the end is an operator: {{ {'a': {}} }}.
    if (open_.empty() && AtTagEnd(after)) {
      TokenKind kind = state_ == State::kVariable ? TokenKind::kVariableEnd : TokenKind::kBlockEnd;
      state_ = State::kText;
      return Take(kind, after);
    }
    size_t next = SkipSpace(position_);
    if (next == position_) break;
    MoveTo(next);
  }
  if (position_ >= text_.size()) return End();
  Token token;
  if (TakeNumber(token) || TakeName(token) || TakeString(token) || TakeOperator(token)) return token;
  size_t next = position_;
  NextCodePoint(text_, next);
  std::string_view character = text_.substr(position_, next - position_);
  bool is_quote = character == "'" || character == "\"";
  Fail(position_, next,
       fmt::format("unexpected char {} at {}", ReprText(character),
                   CodePointCount(NormalizeNewlines(text_.substr(0, position_), "\n"))),
       is_quote ? "the text that begins here has no closing quote" : "");
}

bool Lexer::TakeNumber(Token& token) {
  if (!IsAsciiDigit(At(position_))) return false;
  bool after_dot = position_ > 0 && text_[position_ - 1] == '.';
  size_t whole = EndOfNumber(text_, position_), end = whole;
  if (!after_dot) {
    if (At(end) == '.') {
      size_t fraction = EndOfNumber(text_, end + 1);
      if (fraction > end + 1) end = fraction;
    }
    if ((At(end) | 32) == 'e') {
      size_t digits = end + (At(end + 1) == '+' || At(end + 1) == '-' ? 2 : 1), exponent = EndOfNumber(text_, digits);
      if (exponent > digits) end = exponent;
    }
    if (end > whole) return token = Take(TokenKind::kFloat, end), true;
  }
  if (At(position_) == '0') {
    char base = static_cast<char>(At(position_ + 1) | 32);
    auto is_digit = base == 'x'   ? +[](char c) { return HexDigit(c) >= 0; }
                    : base == 'o' ? +[](char c) { return c >= '0' && c <= '7'; }
                    : base == 'b' ? +[](char c) { return c == '0' || c == '1'; }
                                  : nullptr;
    if (is_digit) end = EndOfDigits(text_, position_ + 2, is_digit);
    if (is_digit && end > position_ + 2) return token = Take(TokenKind::kInteger, end), true;
    // Jinja2 reads `007` as 0, 0 and 7: a number does not begin with a zero.
    whole = EndOfDigits(text_, position_, [](char c) { return c == '0'; });
  }
  return token = Take(TokenKind::kInteger, whole), true;
}

bool Lexer::TakeName(Token& token) {
  size_t end = position_;
  while (end < text_.size()) {
    if (IsAsciiWord(text_[end])) {
      ++end;
      continue;
    }
    if (static_cast<unsigned char>(text_[end]) < 0x80) break;
    size_t next = end;
    char32_t code = NextCodePoint(text_, next);
    if (!IsAlpha(code) && !IsDigit(code)) break;
    end = next;
  }
  if (end == position_) return false;
  return token = Take(TokenKind::kName, end), true;
}

bool Lexer::TakeString(Token& token) {
  char quote = At(position_);
  if (quote != '\'' && quote != '"') return false;
  size_t end = position_ + 1;
  bool plain = true;
  while (end < text_.size() && text_[end] != quote) {
    if (text_[end] == '\\') ++end, plain = false;
    if (At(end) == '\r' || (At(end) == '\n' && syntax_.newline_sequence != "\n")) plain = false;
    ++end;
  }
  if (end >= text_.size()) return false;
  std::string_view inner = text_.substr(position_ + 1, end - position_ - 1);
  if (!plain) inner = Unescape(inner, position_);
  token = Take(TokenKind::kString, end + 1);
  token.value = inner;
  return true;
}

bool Lexer::TakeOperator(Token& token) {
  for (const Operator& each : kOperators) {
    if (!StartsWith(position_, each.text)) continue;
    Balance(each.text[0]);
    return token = Take(each.kind, position_ + each.text.size()), true;
  }
  return false;
}

void Lexer::Balance(char c) {
  if (c == '{' || c == '(' || c == '[') open_.push_back(c == '{' ? '}' : c == '(' ? ')' : ']');
  if (c != '}' && c != ')' && c != ']') return;
  if (open_.empty()) Fail(position_, position_ + 1, fmt::format("unexpected '{}'", c));
  if (open_.back() != c) Fail(position_, position_ + 1, fmt::format("unexpected '{}', expected '{}'", c, open_.back()));
  open_.pop_back();
}

std::string_view Lexer::Unescape(std::string_view raw, size_t offset) {
  std::string text = NormalizeNewlines(raw, syntax_.newline_sequence), out;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\\') {
      out += text[i];
      continue;
    }
    constexpr std::string_view kFrom = "\\'\"abfnrtv", kTo = "\\'\"\a\b\f\n\r\t\v";
    char c = text[++i];
    if (size_t simple = kFrom.find(c); simple != std::string_view::npos) {
      out += kTo[simple];
    } else if (c == '\n') {
      continue;
    } else if (c >= '0' && c <= '7') {
      char32_t code = 0;
      size_t end = std::min(i + 3, text.size());
      for (; i < end && text[i] >= '0' && text[i] <= '7'; ++i) code = code * 8 + static_cast<char32_t>(text[i] - '0');
      --i;
      AppendCodePoint(out, code);
    } else if (c == 'x' || c == 'u' || c == 'U') {
      size_t count = c == 'x' ? 2 : c == 'u' ? 4 : 8;
      char32_t code = 0;
      for (size_t k = 1; k <= count; ++k) {
        int digit = i + k < text.size() ? HexDigit(text[i + k]) : -1;
        if (digit < 0)
          Fail(offset, offset + raw.size() + 2, fmt::format("truncated \\{}{} escape", c, std::string(count, 'X')));
        code = code * 16 + static_cast<char32_t>(digit);
      }
      if (code > 0x10FFFF) Fail(offset, offset + raw.size() + 2, "illegal Unicode character");
      i += count;
      AppendCodePoint(out, code);
    } else if (c == 'N') {
      Fail(offset, offset + raw.size() + 2, "the escape `\\N{...}` is not supported",
           "write the character itself, or its number as `\\uXXXX`");
    } else {
      out += '\\';
      out += c;
    }
  }
  return arena_.Copy(out);
}

void Lexer::Fail(size_t begin, size_t end, std::string message, std::string hint) const {
  throw SyntaxFailure{std::move(message), static_cast<uint32_t>(begin), static_cast<uint32_t>(end), std::move(hint),
                      kTemplateSyntax};
}

}  // namespace stir::jinja
