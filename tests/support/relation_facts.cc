// Rows as facts.
#include "tests/support/relation_facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/digest.h"
#include "base/strings.h"
#include "tests/support/artifact_facts.h"

namespace stir::testing_support {
namespace {

constexpr int kMostRows = 40;  // of a relation that are recorded one by one

std::string CellText(const adapter::Cell& cell) {
  if (const auto* text = std::get_if<adapter::Text>(&cell)) return text->value;
  if (const auto* other = std::get_if<adapter::Other>(&cell)) return other->text;
  if (const auto* number = std::get_if<int64_t>(&cell)) return std::to_string(*number);
  return std::holds_alternative<std::monostate>(cell) ? "NULL" : "?";
}

// A row as JSON. An id that was computed from the time of the run is as new in every run as that time.
std::string RowText(std::vector<std::string> cells, const std::vector<std::string>& names) {
  for (std::string& cell : cells) cell = WithoutNow(std::move(cell));
  const bool now = std::ranges::find(cells, "<now>") != cells.end();
  for (size_t i = 0; now && i < cells.size(); ++i) {
    if (names[i] == "dbt_scd_id") cells[i] = "<run>";
  }
  return nlohmann::json(cells).dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

}  // namespace

Result<Table> Ask(adapter::Connection& session, const std::string& sql, std::vector<std::string>* names) {
  auto rows = session.Query(sql);
  if (!rows.ok()) return std::move(rows).error();
  if (names != nullptr) {
    for (const adapter::ColumnInfo& column : (*rows)->columns()) names->push_back(column.name);
  }
  Table table;
  std::vector<adapter::Cell> row;
  while (true) {
    auto more = (*rows)->Next(row);
    if (!more.ok()) return std::move(more).error();
    if (!*more) return table;
    std::vector<std::string>& cells = table.emplace_back();
    for (const adapter::Cell& cell : row) cells.push_back(CellText(cell));
  }
}

void AddRows(adapter::Connection& session, const std::string& sql, Entries& entries) {
  std::vector<std::string> names;
  auto rows = Ask(session, sql, &names);
  if (!rows.ok()) {
    entries["error"] = JsonText(rows.error().front().message);
    return;
  }
  std::vector<std::string> shown;
  for (std::vector<std::string>& row : *rows) shown.push_back(RowText(std::move(row), names));
  std::ranges::sort(shown);
  entries["rows"] = std::to_string(shown.size());
  for (size_t i = 0; i < shown.size() && i < kMostRows; ++i) entries[fmt::format("row {:02}", i + 1)] = shown[i];
  if (shown.size() > kMostRows) entries["row hash"] = JsonText(Md5Hex(Join(shown, "\n")));
}

}  // namespace stir::testing_support
