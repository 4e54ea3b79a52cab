// Printing lists.
#include "cli/listing.h"

#include <fmt/format.h>

#include "adapter/connection.h"
#include "base/strings.h"
#include "engine/table_text.h"

namespace stir::cli {

int Listing::Print(std::string_view form) const {
  std::vector<adapter::ColumnInfo> columns;
  for (const std::string& name : columns_)
    columns.push_back({form == "table" ? name : ReplaceAll(name, " ", "_"), "text"});
  std::vector<engine::TableRow> rows;
  for (const std::vector<std::string>& texts : rows_) {
    engine::TableRow& row = rows.emplace_back();
    for (const std::string& text : texts) row.emplace_back(adapter::Text{text});
  }
  std::string out;
  if (form == "json") {
    for (const engine::TableRow& row : rows) out += (out.empty() ? "[" : ",\n ") + engine::JsonRow(columns, row);
    out += out.empty() ? "[]\n" : "]\n";
  } else if (form == "csv") {
    out = engine::CsvHeader(columns);
    for (const engine::TableRow& row : rows) out += engine::CsvRow(row);
  } else {
    out = engine::TableText(columns, rows, 60);
  }
  fmt::print("{}", out);
  return 0;
}

}  // namespace stir::cli
