// The difference of two tables with the same columns, as a text: what a failed unit test shows. The form is that of the
// tabular diffs that dbt prints, which people and tools know; the way rows are paired is theirs too, so that the same
// rows are shown as changed. Pure.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace stir::runtime {

// Cells as Python prints them; none: null. All rows are as wide as `columns`.
struct DiffTable {
  std::vector<std::string> columns;
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::vector<bool> booleans = {};  // which columns hold truth values; empty: none
};

struct TableDiff {
  bool different = false;
  std::string text;  // lines that end in \r\n; empty when nothing differs
};

// `expected` and `actual` have the same columns. `colors`: with the escapes of a terminal.
TableDiff CompareTables(const DiffTable& expected, const DiffTable& actual, bool colors);

}  // namespace stir::runtime
