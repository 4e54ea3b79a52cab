#include "project/contract_error.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include <fmt/format.h>

namespace stir::project {

namespace {

using jinja::Value;

using Row = std::array<std::string, 4>;
using NamesAndTypes = std::vector<std::pair<std::string, std::string>>;

constexpr size_t kWidest = 50;  // longer cells are cut

Result<std::string> TextAt(const Value& column, std::string_view key) {
  const Value* value = column.IsDict() ? column.AsDict().Find(key) : nullptr;
  return value ? value->Str() : Result<std::string>(std::string());
}

Result<NamesAndTypes> Read(const Value& columns) {
  NamesAndTypes read;
  if (!columns.IsSequence()) return read;
  for (const Value& column : columns.Items()) {
    STIR_ASSIGN(std::string name, TextAt(column, "name"));
    STIR_ASSIGN(std::string type, TextAt(column, "data_type"));
    read.emplace_back(std::move(name), std::move(type));
  }
  return read;
}

const std::string* TypeOf(const NamesAndTypes& columns, const std::string& name) {
  const auto found = std::ranges::find(columns, name, &NamesAndTypes::value_type::first);
  return found == columns.end() ? nullptr : &found->second;
}

std::vector<Row> Mismatches(const NamesAndTypes& declared, const NamesAndTypes& found) {
  std::vector<Row> rows;
  for (const auto& [name, type] : found) {
    const std::string* wanted = TypeOf(declared, name);
    if (!wanted) {
      rows.push_back({name, type, "", "missing in contract"});
    } else if (*wanted != type) {
      rows.push_back({name, type, *wanted, "data type mismatch"});
    }
  }
  for (const auto& [name, type] : declared)
    if (!TypeOf(found, name)) rows.push_back({name, "", type, "missing in definition"});
  std::ranges::stable_sort(rows, {}, [](const Row& row) { return row[0]; });
  return rows;
}

std::string Line(const Row& cells, const std::array<size_t, 4>& widths) {
  std::string line = "|";
  for (size_t i = 0; i < cells.size(); ++i) line += fmt::format(" {:<{}} |", cells[i], widths[i]);
  return line + "\n";
}

std::string TableText(std::vector<Row> rows) {
  const Row head{"column_name", "definition_type", "contract_type", "mismatch_reason"};
  std::array<size_t, 4> widths{};
  for (size_t i = 0; i < head.size(); ++i) widths[i] = head[i].size();
  for (Row& row : rows)
    for (size_t i = 0; i < row.size(); ++i) {
      if (row[i].size() > kWidest) row[i] = row[i].substr(0, kWidest - 3) + "...";
      widths[i] = std::max(widths[i], row[i].size());
    }
  Row rule;
  for (size_t i = 0; i < rule.size(); ++i) rule[i] = std::string(widths[i], '-');
  std::string text = Line(head, widths) + Line(rule, widths);
  for (const Row& row : rows) text += Line(row, widths);
  return text;
}

}  // namespace

Result<std::string> ContractMessage(const Value& declared, const Value& found) {
  STIR_ASSIGN(const NamesAndTypes wanted, Read(declared));
  if (wanted.empty())
    return std::string("This model has an enforced contract, and its 'columns' specification is missing");
  STIR_ASSIGN(const NamesAndTypes seen, Read(found));
  return "This model has an enforced contract that failed.\n"
         "Please ensure the name, data_type, and number of columns in your contract match the columns in your model's "
         "definition.\n\n" +
         TableText(Mismatches(wanted, seen));
}

}  // namespace stir::project
