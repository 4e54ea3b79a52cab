// PostgreSQL's types: their names as the server writes them, and values in its text form as Cells.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "adapter/connection.h"
#include "pg/session.h"

namespace stir::adapter::postgres {

// The name of a built-in type with its modifier, as format_type() gives it: "numeric(20,4)", "character varying(20)".
// Nothing for types that only the server knows (enums, domains, extensions).
std::optional<std::string> BuiltinTypeName(uint32_t type, int32_t modifier);

// What dbt calls a type by way of psycopg2: "INTEGER", "TEXT"; "unknown type_code 2950" for one that psycopg2 does not
// know.
std::string DriverTypeName(uint32_t type);

// A value in the server's text form (DateStyle ISO) as a Cell. What has no exact Cell stays text, with the type's name:
// infinite dates, dates before Christ, intervals, arrays, JSON.
Cell CellOf(uint32_t type, std::string_view type_name, std::string_view text);

// Names of types that were asked of the server, shared by the sessions of an adapter. Thread safe.
class TypeNames {
 public:
  // Nothing when it is neither built in nor known yet.
  std::optional<std::string> Find(const pg::Column& column) const;
  void Remember(const pg::Column& column, std::string name);

 private:
  using Key = std::pair<uint32_t, int32_t>;
  mutable std::mutex mutex_;
  std::map<Key, std::string> names_;  // guarded by mutex_
};

}  // namespace stir::adapter::postgres
