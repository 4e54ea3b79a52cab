// Rows as text: a table for people (as dbt shows one), JSON and CSV for programs.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/connection.h"

namespace stir::engine {

using TableRow = std::vector<adapter::Cell>;

// "| id | name |" with a rule below and numbers to the right; long cells are cut at `max_cell` columns (0: never).
std::string TableText(std::span<const adapter::ColumnInfo> columns, std::span<const TableRow> rows,
                      size_t max_cell = 0);

// The same rows as dbt prints them, which leaves it to agate: at most six columns and twenty characters a cell, text to
// the left and all else to the right, numbers in groups of three digits and with at most three decimals.
std::string AgateText(std::span<const adapter::ColumnInfo> columns, std::span<const TableRow> rows);

// A cell as JSON: numbers as numbers (decimals with all their digits), dates and times as text, null.
void AppendJsonCell(std::string& out, const adapter::Cell& cell);
// {"id": 1, "name": "x"}; `indent`: every key on a line of its own, so many spaces in. `floats`: decimals as the
// nearest double, as dbt has them.
std::string JsonRow(std::span<const adapter::ColumnInfo> columns, const TableRow& row, int indent = -1,
                    bool floats = false);

// One CSV record with its line end (RFC 4180); null is empty, an empty text is "".
std::string CsvHeader(std::span<const adapter::ColumnInfo> columns);
std::string CsvRow(const TableRow& row);

}  // namespace stir::engine
