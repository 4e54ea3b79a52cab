// Template text to tokens, on demand. Comments, raw blocks and white-space control are dealt with here; the parser sees
// data, tags and what stands in them.
#pragma once

#include <string_view>
#include <vector>

#include "jinja/arena.h"
#include "jinja/kinds.h"
#include "jinja/template.h"

namespace stir::jinja {

enum class TokenKind : uint8_t {
  kEnd,
  kData,
  kVariableBegin,
  kVariableEnd,
  kBlockBegin,
  kBlockEnd,
  kName,
  kString,
  kInteger,
  kFloat,
  kAdd,
  kSubtract,
  kDivide,
  kFloorDivide,
  kMultiply,
  kModulo,
  kPower,
  kTilde,
  kLeftBracket,
  kRightBracket,
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kEqual,
  kNotEqual,
  kGreater,
  kGreaterEqual,
  kLess,
  kLessEqual,
  kAssign,
  kDot,
  kColon,
  kPipe,
  kComma,
  kSemicolon
};

struct Token {
  TokenKind kind = TokenKind::kEnd;
  uint32_t begin = 0, end = 0;
  std::string_view value;  // data and strings: their text after escapes; names and numbers: as written

  bool IsName(std::string_view name) const { return kind == TokenKind::kName && value == name; }
};

// What the lexer and parser throw: the parser's owner turns the offset into a span.
struct SyntaxFailure {
  std::string message;
  uint32_t begin = 0, end = 0;
  std::string hint;
  Kind kind = kTemplateSyntax;
};

// Jinja2's words for a kind of token ("end of print statement") and for a token (a name is its own text).
std::string_view DescribeToken(TokenKind kind);
std::string_view DescribeToken(const Token& token);

class Lexer {
 public:
  // `text` and `syntax` must outlive the lexer; texts that are not slices of `text` are put in `arena`.
  Lexer(std::string_view text, const Syntax& syntax, Arena& arena);
  // Throws SyntaxFailure. After the last token: kEnd, again and again.
  Token Next();
  // Whether there was anything but text so far.
  bool saw_tag() const { return saw_tag_; }

 private:
  enum class State : uint8_t { kText, kVariable, kBlock, kLine };
  enum class Opens : uint8_t {
    kBlock,
    kComment,
    kLineComment,
    kLineStatement,
    kVariable
  };  // in the order of their names
  struct Delimiter {
    std::string_view text;
    Opens opens;
  };
  // An opening tag in the text: where it begins (with the white space that belongs to it) and where its delimiter ends.
  struct Tag {
    size_t begin = 0, after = 0;
    Opens opens = Opens::kBlock;
  };

  Token NextText();
  Token NextInTag();
  bool FindTag(size_t from, Tag& found) const;
  bool FindDelimiter(size_t from, Tag& found) const;
  bool FindLinePrefix(size_t from, Opens opens, Tag& found) const;
  bool IsLineStart(size_t at) const { return at == 0 || text_[at - 1] == '\n' || text_[at - 1] == '\r'; }
  size_t EndOfLine(size_t at) const;
  bool AtLineEnd(size_t& after) const;
  void SkipComment();
  bool MatchRaw(size_t at, size_t& body) const;
  Token TakeRaw(size_t tag, size_t body);
  bool FindEndRaw(size_t from, size_t& tag, char& sign, size_t& after) const;
  Token Data(size_t begin, size_t end);
  size_t StrippedEnd(size_t begin, size_t end, char sign, bool is_variable) const;
  size_t SkipSpace(size_t at) const;
  size_t SkipNewline(size_t at) const;
  bool AtTagEnd(size_t& after) const;
  bool TakeNumber(Token& token);
  bool TakeString(Token& token);
  bool TakeName(Token& token);
  bool TakeOperator(Token& token);
  void Balance(char c);
  std::string_view Unescape(std::string_view text, size_t offset);
  bool StartsWith(size_t at, std::string_view what) const { return text_.substr(at, what.size()) == what; }
  char At(size_t at) const { return at < text_.size() ? text_[at] : '\0'; }
  void MoveTo(size_t at);
  Token Take(TokenKind kind, size_t end);
  [[noreturn]] void Fail(size_t begin, size_t end, std::string message, std::string hint = {}) const;

  std::string_view text_;
  const Syntax& syntax_;
  Arena& arena_;
  Token End() const;

  std::vector<Delimiter> delimiters_;  // longest first
  std::string first_characters_;       // of the delimiters, each once
  State state_ = State::kText;
  size_t position_ = 0;
  bool line_starting_ = true;  // the last thing that was read ended a line
  bool saw_tag_ = false;
  uint32_t last_begin_ = 0, last_end_ = 0;  // of the last token: where an error about the text's end is shown
  std::vector<char> open_;                  // closing brackets that are awaited
};

}  // namespace stir::jinja
