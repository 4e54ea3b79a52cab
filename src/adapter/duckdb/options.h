// What a profile of type duckdb asks for, in dbt-duckdb's words, as the settings and statements that bring it about.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adapter/connection.h"

namespace stir::adapter::duckdb {

// One thing that makes a new database ready.
struct SetupStep {
  enum class Kind : uint8_t { kExtension, kSecret, kAttach };
  Kind kind = Kind::kExtension;
  std::string name;  // of the extension (or its file), of the secret, of the attached path
  std::string sql;   // an extension: how it is installed; empty: from where it is found
  std::string type;  // of what is attached, when it is no DuckDB file
};

struct Options {
  std::string path = ":memory:";
  std::string database;                                     // the catalogue's name, which follows from the path
  std::vector<std::pair<std::string, std::string>> config;  // config_options: fixed when the file is opened
  std::vector<SetupStep> setup;                             // once an adapter, in this order
  std::vector<std::string> session;                         // SQL once a session: settings
  std::vector<std::string> secrets;                         // values that no message may show
  int connect_attempts = 1;
  int query_attempts = 1;
  std::vector<std::string> retryable{"IOException"};  // DuckDB's errors by the names of its Python exceptions

  bool InMemory() const { return path.starts_with(":memory:"); }
};

// Wrong, unknown and unsupported words are all reported at once.
Result<Options> ReadOptions(const Profile& profile);

// The catalogue name that the engine gives to a file: "data/my.db.duckdb" is "my", ":memory:" is "memory".
std::string DatabaseNameOf(std::string_view path);

}  // namespace stir::adapter::duckdb
