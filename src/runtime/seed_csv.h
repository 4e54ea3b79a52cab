// Rows of a CSV text as Python's csv module gives them to dbt: quotes doubled inside quotes, a quote inside a bare cell
// is a letter, line ends of any kind, the last quote may be missing, an empty line is a row without cells. Pure.
#pragma once

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace stir::runtime {

class CsvReader {
 public:
  // `text` outlives the reader.
  CsvReader(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {}
  // Fills `cells`, which are valid until the next call; false at the end.
  bool Next(std::vector<std::string_view>& cells);
  size_t at() const { return at_; }      // where the next row begins
  size_t line() const { return line_; }  // its line, from 1

 private:
  std::string_view Bare();
  std::string_view Quoted();
  std::string_view Unescape();
  void EndLine();

  std::string_view text_;
  char delimiter_;
  size_t at_ = 0, line_ = 1;
  std::deque<std::string> unescaped_;  // the cells of this row that are not in the text as they are
};

}  // namespace stir::runtime
