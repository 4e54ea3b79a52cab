// Finding the ends of statements without understanding them: only what may hide a semicolon is looked at.
#include <cctype>

#include "engine/sql.h"

namespace stir::engine {
namespace {

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_(text) {}

  std::vector<StatementRange> Split() {
    while (at_ < text_.size()) Step();
    EndStatement();
    return std::move(found_);
  }

 private:
  void Step() {
    const char c = text_[at_];
    if (c == ';') {
      EndStatement();
      ++at_;
    } else if (c == '\'' || c == '"') {
      Token(at_, PastQuoted(c));
    } else if (Looking("--")) {
      at_ = PastText("\n");
    } else if (Looking("/*")) {
      at_ = PastComment();
    } else if (const size_t tag = DollarTag(); tag > 0) {
      const std::string_view fence = text_.substr(at_, tag);
      at_ += tag;
      Token(at_ - tag, PastText(fence));
    } else if (std::isspace(static_cast<unsigned char>(c)) != 0) {
      ++at_;
    } else {
      Token(at_, at_ + 1);
    }
  }

  bool Looking(std::string_view word) const { return text_.substr(at_).starts_with(word); }

  // Something that counts: the statement starts at the first and ends with the last of them.
  void Token(size_t begin, size_t end) {
    if (!any_) first_ = begin;
    any_ = true;
    last_ = end;
    at_ = end;
  }

  void EndStatement() {
    if (any_) found_.push_back({first_, last_});
    any_ = false;
  }

  size_t PastText(std::string_view end) const {
    const size_t found = text_.find(end, at_);
    return found == text_.npos ? text_.size() : found + end.size();
  }

  // A doubled quote inside reads as two strings side by side, which ends at the same place.
  size_t PastQuoted(char quote) const {
    const size_t found = text_.find(quote, at_ + 1);
    return found == text_.npos ? text_.size() : found + 1;
  }

  size_t PastComment() const {
    int depth = 0;
    for (size_t i = at_; i + 1 < text_.size(); ++i) {
      if (text_[i] == '/' && text_[i + 1] == '*') {
        ++depth;
        ++i;
      } else if (text_[i] == '*' && text_[i + 1] == '/') {
        ++i;
        if (--depth == 0) return i + 1;
      }
    }
    return text_.size();
  }

  // The length of `$$` or `$word$` here, or 0.
  size_t DollarTag() const {
    if (text_[at_] != '$') return 0;
    if (at_ > 0 && (std::isalnum(static_cast<unsigned char>(text_[at_ - 1])) != 0 || text_[at_ - 1] == '_')) return 0;
    size_t end = at_ + 1;
    while (end < text_.size() && (std::isalpha(static_cast<unsigned char>(text_[end])) != 0 || text_[end] == '_'))
      ++end;
    return end < text_.size() && text_[end] == '$' ? end - at_ + 1 : 0;
  }

  std::string_view text_;
  size_t at_ = 0;
  bool any_ = false;
  size_t first_ = 0, last_ = 0;
  std::vector<StatementRange> found_;
};

}  // namespace

std::vector<StatementRange> SplitStatements(std::string_view text) { return Splitter(text).Split(); }

}  // namespace stir::engine
