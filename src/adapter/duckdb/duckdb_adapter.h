// DuckDB through its C API, opened at run time (dlopen), so that commands without a database pay nothing for it.
#pragma once

#include <memory>

#include "adapter/connection.h"

namespace stir::adapter::duckdb {

const Dialect& DuckDbDialect();

// Opens (or shares: one Database per inode and process) the file of the profile's `path` (":memory:" or a file),
// applies settings, extensions and attach. A file held by another process is kDatabaseHeld and names the holder's pid
// and command.
Result<std::unique_ptr<Adapter>> OpenDuckDb(const Profile& profile);

}  // namespace stir::adapter::duckdb
