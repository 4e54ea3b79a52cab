// What a profile of type duckdb asks for, in dbt-duckdb's words, as the settings and statements that bring it about.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "adapter/connection.h"

namespace stir::adapter::duckdb {

struct Options {
  std::string path = ":memory:";
  std::string database;                                     // the catalogue's name, which follows from the path
  std::vector<std::pair<std::string, std::string>> config;  // config_options: fixed when the file is opened
  std::vector<std::string> extensions;                      // names or paths, to be installed and loaded
  std::vector<std::string> setup;                           // SQL once an adapter: repositories, secrets, attach
  std::vector<std::string> session;                         // SQL once a session: settings
  int connect_attempts = 1;

  bool InMemory() const { return path.starts_with(":memory:"); }
};

// Wrong or unsupported words are all reported at once.
Result<Options> ReadOptions(const Profile& profile);

// The catalogue name that the engine gives to a file: "data/my.db.duckdb" is "my", ":memory:" is "memory".
std::string DatabaseNameOf(std::string_view path);

}  // namespace stir::adapter::duckdb
