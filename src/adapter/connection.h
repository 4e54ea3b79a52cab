// What every engine must offer: sessions that execute, query, load, cancel and describe. Equal in shape for all
// engines; a contract suite (adapter/contract.h) runs every promise made here on each of them.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "adapter/relation.h"
#include "base/json.h"
#include "base/result.h"

namespace stir::adapter {

// What a statement did. `message` is what dbt's adapter shows ("OK", "INSERT 0 5").
struct Outcome {
  std::string message;
  std::string code;
  int64_t rows_affected = -1;  // -1: the engine does not say
};

// One cell as read back, for small results (macros, show, checks). Large moves never pass through cells.
struct Decimal {
  std::string digits;
};
struct Date {
  int32_t days;
};  // since 1970-01-01
struct TimestampCell {
  int64_t micros;
  bool with_zone;
};  // since epoch, UTC
struct Text {
  std::string value;
};
struct Other {
  std::string type;
  std::string text;
};  // anything else, in the engine's own text form
using Cell = std::variant<std::monostate, bool, int64_t, double, Decimal, Date, TimestampCell, Text, Other>;

struct ColumnInfo {
  std::string name;
  std::string type;              // the engine's name of the type: "DECIMAL(18,3)", "INTEGER[]"
  std::string driver_type = {};  // what dbt's driver calls it, where that is another name
};

// A result, pulled row by row. Valid until its connection is used again. Next fills `row` (resized to the columns) and
// returns false at the end.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual const std::vector<ColumnInfo>& columns() const = 0;
  virtual Result<bool> Next(std::vector<Cell>& row) = 0;
  virtual Outcome outcome() const = 0;
};

struct CatalogEntry {
  Relation relation;
};

// One session; used by one thread at a time, but for Cancel.
class Connection {
 public:
  virtual ~Connection() = default;
  // One or more statements separated by semicolons; the outcome is the last one's. An engine's error becomes a
  // Diagnostic of kind kDatabaseError (adapter/kinds.h) with the engine's own message, and `engine_offset` in `sql`
  // where it tells one.
  virtual Result<Outcome> Execute(std::string_view sql) = 0;
  virtual Result<std::unique_ptr<Rows>> Query(std::string_view sql) = 0;
  // From any thread: the running statement stops with kCanceled, on the server too. Harmless when nothing runs.
  virtual void Cancel() = 0;

  virtual Status Begin() = 0;
  virtual Status Commit() = 0;
  virtual Status Rollback() = 0;  // harmless outside a transaction
  virtual bool InTransaction() const = 0;

  // The catalogue. Names are exact (already folded by the caller's dialect).
  virtual Result<std::vector<std::string>> ListSchemas(std::string_view database) = 0;
  virtual Result<std::vector<Relation>> ListRelations(std::string_view database, std::string_view schema) = 0;
  virtual Result<std::vector<Column>> ListColumns(const Relation& relation) = 0;
  // Column names and types that a query would have, without running it.
  virtual Result<std::vector<ColumnInfo>> Describe(std::string_view query) = 0;
  virtual Status CreateSchema(std::string_view database, std::string_view schema) = 0;  // fine when it exists
  // The relations that dropping this one with `cascade` takes along, also by way of others.
  virtual Result<std::vector<Relation>> ListDependents(const Relation& relation) {
    static_cast<void>(relation);
    return std::vector<Relation>();
  }
  // Forgets what statements left in the session: settings, temporary tables. Outside a transaction.
  virtual Status Reset() = 0;
};

// A settings map as in profiles.yml's output (values rendered): type, path, schema, threads, settings, extensions,
// attach...
struct Profile {
  std::string type;
  std::string database;
  std::string schema;
  int threads = 1;
  std::shared_ptr<const Json> settings;  // the whole output, rendered
};

// An engine opened for one target: makes sessions and says what the engine can do. Thread safe.
class Adapter {
 public:
  virtual ~Adapter() = default;
  virtual const Dialect& dialect() const = 0;
  virtual const Profile& profile() const = 0;
  virtual std::string EngineVersion() = 0;
  virtual Result<std::unique_ptr<Connection>> Connect() = 0;
};

// Opens adapters by profile type. `cli` fills it with the engines it was built with; other rooms only ask.
using AdapterFactory = std::function<Result<std::unique_ptr<Adapter>>(const Profile&)>;
class AdapterRegistry {
 public:
  void Add(std::string type, AdapterFactory factory, Dialect dialect = {});
  // An unknown type names the ones there are.
  Result<std::unique_ptr<Adapter>> Open(const Profile& profile) const;
  // How SQL is written for a type, without opening an engine: all that parsing a project needs.
  Result<const Dialect*> FindDialect(std::string_view type) const;
  bool Knows(std::string_view type) const;

 private:
  struct Entry {
    std::string type;
    AdapterFactory factory;
    Dialect dialect;
  };
  Result<const Entry*> Find(std::string_view type) const;
  std::deque<Entry> entries_;  // never move: dialects are given out by address
};

}  // namespace stir::adapter
