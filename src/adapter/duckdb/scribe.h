// Writes values and types in the engine's own words. The C API hands out vectors but cannot print a list, an interval
// or a type's full name, and a second printer of ours would drift from the engine's: so a private engine in memory,
// with one table function that no user's SQL can reach, is shown the vectors and casts them to text.
#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "adapter/duckdb/api.h"

namespace stir::adapter::duckdb {

// Thread safe. Zone-aware values are written in UTC.
class Scribe {
 public:
  static Result<std::unique_ptr<Scribe>> Open(const Api& api);

  // "STRUCT(a INTEGER, b VARCHAR[])" for each type.
  Result<std::vector<std::string>> TypeNames(std::span<const duckdb_logical_type> types);

  // The rows of `vectors[i]`, which is of `types[i]`, as text: [column][row], "" for NULL.
  Result<std::vector<std::vector<std::string>>> Texts(std::span<const duckdb_logical_type> types,
                                                      std::span<const duckdb_vector> vectors, idx_t rows);

 private:
  struct Shown;  // what the table function shows to the statement that is running
  explicit Scribe(const Api& api) : api_(api), database_(api), connection_(api) {}
  Status Start();
  Result<std::vector<std::vector<std::string>>> Ask(const char* sql, const Shown& shown);
  static void Bind(duckdb_bind_info info);
  static void Produce(duckdb_function_info info, duckdb_data_chunk output);

  const Api& api_;
  DatabaseHandle database_;
  ConnectionHandle connection_;
  std::mutex mutex_;
  const Shown* shown_ = nullptr;  // guarded by mutex_, which is held while a statement runs
  bool produced_ = false;         // likewise
};

// The text of a VARCHAR at `row` of a vector's data.
std::string_view StringAt(const void* data, idx_t row);
bool ValidAt(const uint64_t* validity, idx_t row);

}  // namespace stir::adapter::duckdb
