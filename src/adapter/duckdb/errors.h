// DuckDB's errors as Diagnostics: its own words without its picture of the statement, the place as a byte offset, the
// kind.
#pragma once

#include <string_view>

#include "base/diagnostic.h"

namespace stir::adapter::duckdb {

// `text` as the engine gives it with `errors_as_json`, or plain as the parts of it that do not know that setting write:
// "Binder Error: ...\n\nLINE 1: ...". The message of the Diagnostic is "Binder Error: ..." in either case.
Diagnostic ErrorFrom(std::string_view text, bool interrupted = false);

// The same for a failed open of `path`; a file that another process has open becomes kDatabaseHeld and names the
// process.
Diagnostic OpenErrorFrom(std::string_view text, std::string_view path);

}  // namespace stir::adapter::duckdb
