// SQLite behind values and diagnostics: a connection, a prepared statement that binds and reads by type.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/result.h"

struct sqlite3;
struct sqlite3_stmt;

namespace stir::store {

class Connection;

// A statement in use; returned to the connection's cache when destroyed. Parameters are bound in order by the arguments
// of Connection::Query. The first error sticks and is what Finish() reports.
class Statement {
 public:
  template <typename... Arguments>
  Statement(Connection& connection, sqlite3_stmt* raw, const Arguments&... arguments)
      : connection_(connection), raw_(raw) {
    int index = 0;
    (Bind(++index, arguments), ...);
  }
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;
  ~Statement();

  void Bind(int index, std::nullptr_t);
  void Bind(int index, int64_t value);
  void Bind(int index, int value) { Bind(index, int64_t{value}); }
  void Bind(int index, bool value) { Bind(index, int64_t{value}); }
  void Bind(int index, std::string_view value);
  void Bind(int index, const std::string& value) { Bind(index, std::string_view(value)); }
  void Bind(int index, const char* value) { Bind(index, std::string_view(value)); }
  void Bind(int index, Timestamp value) { Bind(index, std::string_view(FormatTimestamp(value))); }
  template <typename T>
  void Bind(int index, const std::optional<T>& value) {
    if (value)
      Bind(index, *value);
    else
      Bind(index, nullptr);
  }

  // True when there is a row to read.
  bool Step();
  // Runs to the end and says how it went.
  Status Finish();

  bool IsNull(int column) const;
  int64_t Int(int column) const;
  std::string Text(int column) const;
  Timestamp Time(int column) const;  // the epoch when it is not a time
  std::optional<int64_t> OptionalInt(int column) const;
  std::optional<Timestamp> OptionalTime(int column) const;

 private:
  Connection& connection_;
  sqlite3_stmt* raw_;
  int error_ = 0;
};

// One connection; used by one thread at a time.
class Connection {
 public:
  static Result<std::unique_ptr<Connection>> Open(const std::string& path, bool writable, Duration busy_timeout);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Any number of statements without parameters.
  Status Execute(std::string_view sql);
  // `sql` must be a constant: statements are cached by its address. Arguments are bound to `?1`, `?2`, ...
  template <typename... Arguments>
  Statement Query(std::string_view sql, const Arguments&... arguments) {
    return Statement(*this, Prepare(sql), arguments...);
  }
  template <typename... Arguments>
  Status Run(std::string_view sql, const Arguments&... arguments) {
    return Query(sql, arguments...).Finish();
  }

  int64_t Changes() const;  // rows changed by the last statement
  int64_t LastInsertId() const;
  bool InTransaction() const;
  Diagnostic Explain(int code) const;

 private:
  friend class Statement;
  Connection(sqlite3* raw, std::string path) : raw_(raw), path_(std::move(path)) {}
  sqlite3_stmt* Prepare(std::string_view sql);

  sqlite3* raw_;
  const std::string path_;
  std::unordered_map<const char*, sqlite3_stmt*> cache_;
};

}  // namespace stir::store
