// The scanner over a CSV file's records.
#include "transfer/csv_records.h"

#include <fmt/format.h>
#include <algorithm>
#include <fstream>

#include "base/utf8.h"
#include "transfer/kinds.h"

namespace stir::transfer {
namespace {

std::string Printable(const std::string& text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeUtf8(text, at);
    if (point.valid)
      out.append(text, at, point.length);
    else
      out += fmt::format("\\x{:02X}", static_cast<unsigned char>(text[at]));
    at += point.length;
  }
  return out;
}

class Scanner {
 public:
  explicit Scanner(const CsvSearch& search) : search_(search) {}

  void Take(char c) {
    if (c == search_.quote) quoted_ = !quoted_;
    if (c == '\n') ++line_;
    if (c == '\n' && !quoted_) return EndRecord();
    text_.push_back(c);
  }

  CsvFound Finish() {
    if (!text_.empty()) EndRecord();
    return std::move(found_);
  }

 private:
  void EndRecord() {
    if (text_.ends_with('\r')) text_.pop_back();
    ++record_;
    const bool broken = std::ranges::binary_search(search_.broken, record_);
    if (broken) {
      Keep(0);
    } else if (!(search_.header && record_ == 1) && !(search_.skip_empty && text_.empty())) {
      ++found_.rows;
      if (std::ranges::binary_search(search_.rows, found_.rows)) Keep(found_.rows);
    }
    text_.clear();
    quoted_ = false;
    begin_ = line_;
  }

  void Keep(int64_t row) {
    found_.records.push_back({.record = record_, .row = row, .line = begin_, .text = Printable(text_)});
  }

  const CsvSearch& search_;
  CsvFound found_;
  std::string text_;
  bool quoted_ = false;
  int64_t record_ = 0;
  int64_t line_ = 1;
  int64_t begin_ = 1;
};

}  // namespace

std::vector<std::string> SplitCsvRecord(std::string_view record, std::string_view delimiter, std::string_view quote) {
  const char mark = quote.empty() ? '\0' : quote[0];
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (size_t i = 0; i < record.size(); ++i) {
    if (mark != '\0' && record[i] == mark) {
      const bool doubled = quoted && i + 1 < record.size() && record[i + 1] == mark;
      if (doubled)
        fields.back().push_back(record[++i]);
      else
        quoted = !quoted;
    } else if (!quoted && record.substr(i).starts_with(delimiter)) {
      fields.emplace_back();
      i += delimiter.size() - 1;
    } else {
      fields.back().push_back(record[i]);
    }
  }
  return fields;
}

Result<CsvFound> FindCsvRecords(const std::filesystem::path& path, const CsvSearch& search) {
  std::ifstream in(path, std::ios::binary);
  Scanner scanner(search);
  std::vector<char> buffer(1 << 20);
  while (in.read(buffer.data(), static_cast<std::streamsize>(buffer.size())) || in.gcount() > 0) {
    std::for_each(buffer.begin(), buffer.begin() + in.gcount(), [&](char c) { scanner.Take(c); });
  }
  if (in.bad() || !in.eof()) return Diagnostic(kDropUnreadable, fmt::format("`{}` could not be read", path.string()));
  return scanner.Finish();
}

}  // namespace stir::transfer
