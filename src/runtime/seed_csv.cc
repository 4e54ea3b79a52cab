// Most cells are views of the text; only those with doubled quotes or carriage returns inside quotes are written anew.
#include "runtime/seed_csv.h"

#include <algorithm>

namespace stir::runtime {

std::string_view CsvReader::Bare() {
  const size_t begin = at_;
  while (at_ < text_.size() && text_[at_] != delimiter_ && text_[at_] != '\n' && text_[at_] != '\r') ++at_;
  return text_.substr(begin, at_ - begin);
}

std::string_view CsvReader::Quoted() {
  const size_t begin = at_ + 1;
  const size_t end = text_.find('"', begin);
  const size_t after = end == std::string_view::npos ? end : end + 1;
  const bool closed =
      after == text_.size() ||
      (after < text_.size() && (text_[after] == delimiter_ || text_[after] == '\n' || text_[after] == '\r'));
  const std::string_view inside = closed ? text_.substr(begin, end - begin) : std::string_view();
  if (!closed || inside.find('\r') != std::string_view::npos) return Unescape();
  line_ += static_cast<size_t>(std::ranges::count(inside, '\n'));
  at_ = after;
  return inside;
}

std::string_view CsvReader::Unescape() {
  std::string& cell = unescaped_.emplace_back();
  bool quoted = true;
  for (++at_; at_ < text_.size(); ++at_) {
    const char c = text_[at_];
    const char next = at_ + 1 < text_.size() ? text_[at_ + 1] : '\0';
    if (quoted && c == '"') {
      quoted = next == '"';
      if (!quoted) continue;
      ++at_;
    }
    if (!quoted && (c == delimiter_ || c == '\n' || c == '\r')) break;
    if (c == '\r' && next == '\n') continue;
    if (c == '\n' || c == '\r') ++line_;
    cell += c == '\r' ? '\n' : c;
  }
  return cell;
}

void CsvReader::EndLine() {
  if (at_ < text_.size() && text_[at_] == '\r') ++at_;
  if (at_ < text_.size() && text_[at_] == '\n') ++at_;
  ++line_;
}

bool CsvReader::Next(std::vector<std::string_view>& cells) {
  cells.clear();
  unescaped_.clear();
  if (at_ >= text_.size()) return false;
  const bool empty = text_[at_] == '\n' || text_[at_] == '\r';
  while (!empty) {
    cells.push_back(at_ < text_.size() && text_[at_] == '"' ? Quoted() : Bare());
    if (at_ >= text_.size() || text_[at_] != delimiter_) break;
    ++at_;
  }
  EndLine();
  return true;
}

}  // namespace stir::runtime
