// Quotes may enclose commas and line ends; a doubled quote is one.
#include "project/csv_rows.h"

#include <string>
#include <vector>

namespace stir::project {

namespace {

using jinja::Value;
using CsvRecord = std::vector<std::string>;

class CsvParser {
 public:
  explicit CsvParser(std::string_view text) : text_(text) {}

  bool Next(CsvRecord& record) {
    record.clear();
    while (at_ < text_.size() && record.empty()) ReadRecord(record);
    return !record.empty();
  }

 private:
  bool AtLineEnd() const { return text_[at_] == '\n' || text_[at_] == '\r'; }

  void SkipLineEnd() {
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
  }

  void ReadRecord(CsvRecord& record) {
    if (AtLineEnd()) return SkipLineEnd();
    for (;;) {
      record.push_back(ReadField());
      if (at_ >= text_.size() || text_[at_] != ',') break;
      ++at_;
    }
    SkipLineEnd();
  }

  std::string ReadField() {
    std::string field;
    bool quoted = at_ < text_.size() && text_[at_] == '"';
    if (quoted) ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (quoted && c == '"') {
        ++at_;
        quoted = at_ < text_.size() && text_[at_] == '"';
        if (quoted) field += text_[at_++];
        continue;
      }
      if (!quoted && (c == ',' || AtLineEnd())) break;
      field += c;
      ++at_;
    }
    return field;
  }

  std::string_view text_;
  size_t at_ = 0;
};

Value RowOf(const CsvRecord& names, const CsvRecord& record) {
  Value row = Value::MakeDict();
  for (size_t i = 0; i < names.size(); ++i) {
    row.AsDict().Set(names[i], i < record.size() ? Value::String(record[i]) : Value::None());
  }
  if (record.size() <= names.size()) return row;
  std::vector<Value> rest;
  for (size_t i = names.size(); i < record.size(); ++i) rest.push_back(Value::String(record[i]));
  row.AsDict().Set(Value::None(), Value::List(std::move(rest)));
  return row;
}

}  // namespace

Value CsvRows(std::string_view text) {
  CsvParser reader(text);
  CsvRecord names, record;
  std::vector<Value> rows;
  if (reader.Next(names)) {
    while (reader.Next(record)) rows.push_back(RowOf(names, record));
  }
  return Value::List(std::move(rows));
}

}  // namespace stir::project
