// Rendering rows.
#include "engine/table_text.h"

#include <fmt/format.h>
#include <algorithm>

#include "adapter/cell.h"
#include "base/json.h"
#include "base/strings.h"
#include "base/utf8.h"

namespace stir::engine {
namespace {

using adapter::Cell;

bool IsNumber(const Cell& cell) {
  return std::holds_alternative<int64_t>(cell) || std::holds_alternative<double>(cell) ||
         std::holds_alternative<adapter::Decimal>(cell);
}

bool IsNull(const Cell& cell) { return std::holds_alternative<std::monostate>(cell); }

size_t WidthOf(std::string_view text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const CodePoint point = DecodeUtf8(text, at);
    width += static_cast<size_t>(DisplayWidth(point.value));
    at += point.length;
  }
  return width;
}

std::string OneLine(std::string text, size_t max_cell) {
  text = ReplaceAll(ReplaceAll(text, "\r", " "), "\n", " ");
  if (max_cell == 0 || WidthOf(text) <= max_cell) return text;
  size_t at = 0;
  for (size_t width = 0; at < text.size();) {
    const CodePoint point = DecodeUtf8(text, at);
    width += static_cast<size_t>(DisplayWidth(point.value));
    if (width > max_cell - 3) break;
    at += point.length;
  }
  return text.substr(0, at) + "...";
}

std::string Padded(std::string_view text, size_t width, bool right) {
  const std::string space(width - std::min(width, WidthOf(text)), ' ');
  return right ? space + std::string(text) : std::string(text) + space;
}

std::string CsvField(std::string_view text, bool quote_empty) {
  if (text.empty()) return quote_empty ? "\"\"" : "";
  if (text.find_first_of(",\"\r\n") == text.npos) return std::string(text);
  return "\"" + ReplaceAll(text, "\"", "\"\"") + "\"";
}

}  // namespace

std::string TableText(std::span<const adapter::ColumnInfo> columns, std::span<const TableRow> rows, size_t max_cell) {
  std::vector<size_t> widths;
  std::vector<bool> numeric(columns.size(), !rows.empty());
  for (const adapter::ColumnInfo& column : columns) widths.push_back(std::max<size_t>(WidthOf(column.name), 1));
  std::vector<std::vector<std::string>> texts;
  for (const TableRow& row : rows) {
    std::vector<std::string>& line = texts.emplace_back();
    for (size_t i = 0; i < columns.size(); ++i) {
      line.push_back(OneLine(adapter::CellText(row[i]), max_cell));
      widths[i] = std::max(widths[i], WidthOf(line.back()));
      if (!IsNumber(row[i]) && !IsNull(row[i])) numeric[i] = false;
    }
  }
  std::string out = "|";
  for (size_t i = 0; i < columns.size(); ++i) out += " " + Padded(columns[i].name, widths[i], numeric[i]) + " |";
  out += "\n|";
  for (const size_t width : widths) out += " " + std::string(width, '-') + " |";
  for (const std::vector<std::string>& line : texts) {
    out += "\n|";
    for (size_t i = 0; i < line.size(); ++i) out += " " + Padded(line[i], widths[i], numeric[i]) + " |";
  }
  return out + "\n";
}

void AppendJsonCell(std::string& out, const Cell& cell) {
  if (IsNull(cell)) {
    out += "null";
  } else if (const bool* boolean = std::get_if<bool>(&cell)) {
    out += *boolean ? "true" : "false";
  } else if (IsNumber(cell)) {
    const std::string text = adapter::CellText(cell);
    const bool finite = text.find_first_not_of("0123456789+-.eE") == text.npos;
    if (finite) {
      out += text;
    } else {
      AppendJsonString(out, text);  // JSON has no nan and inf
    }
  } else {
    AppendJsonString(out, adapter::CellText(cell));
  }
}

std::string JsonRow(std::span<const adapter::ColumnInfo> columns, const TableRow& row, int indent) {
  const std::string newline = indent < 0 ? "" : "\n" + std::string(static_cast<size_t>(indent), ' ');
  std::string out = "{";
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += indent < 0 ? ", " : ",";
    if (indent >= 0) out += newline + "  ";
    AppendJsonString(out, columns[i].name);
    out += ": ";
    AppendJsonCell(out, row[i]);
  }
  return out + newline + "}";
}

std::string CsvHeader(std::span<const adapter::ColumnInfo> columns) {
  std::string out;
  for (const adapter::ColumnInfo& column : columns) {
    if (&column != columns.data()) out += ',';
    out += CsvField(column.name, true);
  }
  return out + "\n";
}

std::string CsvRow(const TableRow& row) {
  std::string out;
  for (const Cell& cell : row) {
    if (&cell != row.data()) out += ',';
    out += CsvField(adapter::CellText(cell), !IsNull(cell));
  }
  return out + "\n";
}

}  // namespace stir::engine
