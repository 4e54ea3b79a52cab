// Files that were compiled into the binary: SQL macros, migrations, the project that `stir init` writes.
// The build writes the tables (cmake/StirEmbed.cmake); a new table is one line there and one function here.
#pragma once

#include <span>
#include <string_view>

namespace stir::embedded {

// One file as it stood in the repository. Both views live as long as the program and end with a zero byte.
struct EmbeddedFile {
  std::string_view path;  // relative to the table's folder, with `/`, e.g. "duckdb/materializations/table.sql"
  std::string_view text;
};

// Each table is sorted by path, constant and safe to read from any thread.
std::span<const EmbeddedFile> Macros();      // macros/**: the built-in macros, by engine
std::span<const EmbeddedFile> Migrations();  // src/store/migrations/**: numbered SQL files
std::span<const EmbeddedFile> DocsPage();    // src/engine/docs_page/**: the page of `docs generate`
std::span<const EmbeddedFile> Api();         // api/**: what the HTTP API is
std::span<const EmbeddedFile> Starter();     // src/cli/starter/**: what `stir init` writes

// The version of this program as CMakeLists.txt has it, e.g. "0.1.0".
std::string_view Version();

}  // namespace stir::embedded
