// The engine that the tests of this room load into and publish from.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "adapter/connection.h"

namespace stir::transfer {

// DuckDB on a file; a failure to open it fails the test.
std::unique_ptr<adapter::Adapter> OpenDuckDb(const std::filesystem::path& file);
// Rows one a line, cells joined by `|`, in UTC, in a session of its own; the engine's words when it refuses the query.
std::string RowsOf(adapter::Adapter& adapter, const std::string& query);

}  // namespace stir::transfer
