// A Cell as text, the way the engines print it: for counts, checks, messages and tables on a terminal.
#pragma once

#include <string>
#include <vector>

#include "adapter/connection.h"

namespace stir::adapter {

// NULL is ""; numbers keep every digit; dates and timestamps are ISO 8601 with a space, those with a zone in UTC
// ("+00").
std::string CellText(const Cell& cell);

// The whole of a small result. Use it for what is known to be a handful of rows.
Result<std::vector<std::vector<Cell>>> QueryAll(Connection& connection, std::string_view sql);

// The one value of a query of one row and one column as an integer; NULL and no row are 0.
Result<int64_t> QueryCount(Connection& connection, std::string_view sql);

}  // namespace stir::adapter
