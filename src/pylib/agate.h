// agate tables as dbt's macros use them: the result of a query, or a seed's rows.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "jinja/value.h"

namespace stir::pylib {

// Column-major in meaning, row-major in storage: rows[i] has one value a column. The value has agate's surface:
// columns, rows, column_names, print_table, rename, ... (dbt.md 2.4).
jinja::Value MakeTable(std::vector<std::string> column_names, std::vector<std::vector<jinja::Value>> rows);

// What a table holds, for C++ that called a macro; none when the value is no table.
struct TableContent {
  std::vector<std::string> column_names;
  std::vector<std::vector<jinja::Value>> rows;
};
std::optional<TableContent> ReadTable(const jinja::Value& value);

}  // namespace stir::pylib
