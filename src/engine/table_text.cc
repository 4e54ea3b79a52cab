// Rendering rows.
#include "engine/table_text.h"

#include <fmt/format.h>
#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <optional>

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

namespace {

constexpr size_t kMostColumns = 6, kWidestCell = 20, kMostDecimals = 3;

// A number's digits, written out: "-" or "", "1234", "500".
struct Digits {
  std::string sign, whole, decimals;
};

// None: it is no finite number. From "1.5e+20", "-0.25", "12".
std::optional<Digits> DigitsOf(const Cell& cell) {
  std::string text = adapter::CellText(cell);
  if (!IsNumber(cell) || text.find_first_not_of("0123456789+-.eE") != text.npos) return std::nullopt;
  Digits digits;
  if (text.starts_with('-')) digits.sign = "-", text.erase(0, 1);
  int exponent = 0;
  if (const size_t e = text.find_first_of("eE"); e != text.npos) {
    const size_t from = e + (text[e + 1] == '+' ? 2 : 1);
    std::from_chars(text.data() + from, text.data() + text.size(), exponent);
    text.resize(e);
  }
  const size_t point = std::min(text.find('.'), text.size());
  digits.whole = text.substr(0, point);
  digits.decimals = point < text.size() ? text.substr(point + 1) : "";
  for (; exponent > 0; --exponent) {
    digits.whole += digits.decimals.empty() ? '0' : digits.decimals.front();
    if (!digits.decimals.empty()) digits.decimals.erase(0, 1);
  }
  for (; exponent < 0; ++exponent) {
    digits.decimals.insert(0, 1, digits.whole.empty() ? '0' : digits.whole.back());
    if (!digits.whole.empty()) digits.whole.pop_back();
  }
  digits.whole.erase(0, std::min(digits.whole.find_first_not_of('0'), digits.whole.size()));
  while (digits.decimals.ends_with('0')) digits.decimals.pop_back();
  return digits;
}

// Rounds to `places` decimals, half to even.
void Round(Digits& digits, size_t places) {
  if (digits.decimals.size() <= places) return digits.decimals.resize(places, '0');
  const std::string rest = digits.decimals.substr(places);
  digits.decimals.resize(places);
  std::string all = "0" + digits.whole + digits.decimals;
  const bool half = rest.front() == '5' && rest.find_first_not_of('0', 1) == rest.npos;
  const bool up = half ? (all.back() - '0') % 2 != 0 : rest.front() >= '5';
  for (size_t i = all.size(); up && i-- > 0;) {
    if (all[i] != '9') {
      ++all[i];
      break;
    }
    all[i] = '0';
  }
  digits.decimals = all.substr(all.size() - places);
  digits.whole = all.substr(0, all.size() - places);
  digits.whole.erase(0, std::min(digits.whole.find_first_not_of('0'), digits.whole.size()));
}

std::string Grouped(std::string whole) {
  if (whole.empty()) return "0";
  for (size_t at = whole.size(); at > 3;) whole.insert(at -= 3, 1, ',');
  return whole;
}

// How agate writes the cells of one column.
struct AgateColumn {
  bool is_text = false;
  size_t decimals = 0;
  bool cut = false;  // some have more decimals than are shown

  AgateColumn(std::span<const TableRow> rows, size_t column) {
    for (const TableRow& row : rows) {
      is_text = is_text || std::holds_alternative<adapter::Text>(row[column]) ||
                std::holds_alternative<adapter::Other>(row[column]);
      if (const auto digits = DigitsOf(row[column])) decimals = std::max(decimals, digits->decimals.size());
    }
    cut = decimals > kMostDecimals;
    decimals = std::min(decimals, kMostDecimals);
  }

  std::string Text(const Cell& cell) const {
    if (IsNull(cell)) return "";
    if (const bool* boolean = std::get_if<bool>(&cell)) return *boolean ? "True" : "False";
    std::optional<Digits> digits = DigitsOf(cell);
    if (!digits) return adapter::CellText(cell);
    Round(*digits, decimals);
    std::string text = digits->sign + Grouped(digits->whole);
    if (decimals > 0) text += "." + digits->decimals;
    return cut ? text + "\u2026" : text;
  }
};

std::string Shortened(std::string text) {
  size_t at = 0, end = 0;
  for (size_t count = 0; at < text.size(); ++count) {
    if (count == kWidestCell - 3) end = at;
    if (count == kWidestCell) return text.substr(0, end) + "...";
    at += DecodeUtf8(text, at).length;
  }
  return text;
}

}  // namespace

std::string AgateText(std::span<const adapter::ColumnInfo> columns, std::span<const TableRow> rows) {
  const size_t shown = std::min(columns.size(), kMostColumns);
  std::vector<std::string> lines(rows.size() + 2, "|");
  const auto add = [&](std::vector<std::string> cells, bool right) {
    size_t width = 0;
    for (const std::string& cell : cells) width = std::max(width, CountCodePoints(cell));
    cells.insert(cells.begin() + 1, std::string(width, '-'));
    for (size_t i = 0; i < cells.size(); ++i) {
      const std::string space(width - CountCodePoints(cells[i]), ' ');
      lines[i] += " " + (right ? space + cells[i] : cells[i] + space) + " |";
    }
  };
  for (size_t i = 0; i < shown; ++i) {
    const AgateColumn column(rows, i);
    std::vector<std::string> cells{Shortened(columns[i].name)};
    for (const TableRow& row : rows) cells.push_back(Shortened(column.Text(row[i])));
    add(std::move(cells), !column.is_text);
  }
  if (shown < columns.size()) add(std::vector<std::string>(rows.size() + 1, "..."), false);
  return Join(lines, "\n") + "\n";
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

std::string JsonRow(std::span<const adapter::ColumnInfo> columns, const TableRow& row, int indent, bool floats) {
  const std::string newline = indent < 0 ? "" : "\n" + std::string(static_cast<size_t>(indent), ' ');
  std::string out = "{";
  for (size_t i = 0; i < columns.size(); ++i) {
    if (i > 0) out += indent < 0 ? ", " : ",";
    if (indent >= 0) out += newline + "  ";
    AppendJsonString(out, columns[i].name);
    out += ": ";
    const auto* decimal = std::get_if<adapter::Decimal>(&row[i]);
    const bool as_double = floats && decimal != nullptr;
    AppendJsonCell(out, as_double ? Cell(std::strtod(decimal->digits.c_str(), nullptr)) : row[i]);
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
