// The kinds of error that only the DuckDB adapter reports.
#pragma once

#include "base/diagnostic.h"

namespace stir::adapter::duckdb {

inline constexpr Kind kBadProfile{"bad-duckdb-profile", Category::kConfig};

}  // namespace stir::adapter::duckdb
