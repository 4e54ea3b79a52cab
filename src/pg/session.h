// One session with a PostgreSQL server: statements, rows as they come, COPY both ways, cancel from any thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace stir::pg {

// libpq's keywords ("host", "dbname", "sslmode", "options", ...). What is not given libpq takes from a service file,
// PG* variables and .pgpass, as psql does. UTF-8 is always set.
struct ConnectSpec {
  std::vector<std::pair<std::string, std::string>> parameters{};
  int attempts = 1;                                   // at making the connection; 1, 4, 9, ... seconds between them
  std::function<void(std::string_view)> on_notice{};  // the server's notices and warnings; none: dropped
};

struct Column {
  std::string name;
  uint32_t type = 0;      // pg_type.oid
  int32_t modifier = -1;  // pg_attribute.atttypmod
  bool operator==(const Column&) const = default;
};

// "INSERT 0 5" and its count; -1 when the command counts nothing.
struct Outcome {
  std::string tag;
  int64_t rows = -1;
};

// Views into the current row; valid until the next call.
using Row = std::vector<std::optional<std::string_view>>;

// A result that is read while the server sends it. It stands until the session is used again.
class Rows {
 public:
  virtual ~Rows() = default;
  virtual const std::vector<Column>& columns() const = 0;
  // False at the end, and ever after.
  virtual Result<bool> Next(Row& row) = 0;
  virtual Outcome outcome() const = 0;
  // Takes everything that is still to come into memory, so that the session is free while the rows stay.
  virtual Status Buffer() = 0;
};

// Bytes for COPY ... FROM STDIN. One that is let go without Finish is aborted: nothing of it stays.
class CopyIn {
 public:
  virtual ~CopyIn() = default;
  virtual Status Write(std::string_view bytes) = 0;
  virtual Result<int64_t> Finish() = 0;  // rows
};

// Used by one thread at a time, but for Cancel. An error is of the kinds in pg/kinds.h; sqlstate() tells more.
class Session {
 public:
  static Result<std::unique_ptr<Session>> Open(const ConnectSpec& spec);
  ~Session();

  // Any number of statements. Without BEGIN in it the server takes the text as one transaction.
  Result<Outcome> Execute(std::string_view sql);
  // One statement is streamed; of several, all run and the last one's rows are given.
  Result<std::unique_ptr<Rows>> Query(std::string_view sql);
  // The columns of a query, without running it.
  Result<std::vector<Column>> Describe(std::string_view sql);

  // `sql` is a COPY ... TO STDOUT; `sink` gets each message as it comes. Returns the rows copied.
  Result<int64_t> CopyOut(std::string_view sql, const std::function<Status(std::string_view)>& sink);
  // `sql` is a COPY ... FROM STDIN.
  Result<std::unique_ptr<CopyIn>> BeginCopyIn(std::string_view sql);

  // From any thread: the running statement stops on the server. Harmless when nothing runs.
  void Cancel();

  bool InTransaction() const;                     // also in one that failed and waits for its rollback
  bool IsLost() const;                            // the connection is gone for good
  int server_version() const;                     // 150018
  std::string Parameter(const char* name) const;  // "server_version", "TimeZone", ...; empty when unknown
  const std::string& sqlstate() const;            // of the last error; empty when it came from the client

 private:
  struct State;
  class StreamedRows;
  class Copy;
  explicit Session(std::shared_ptr<State> state);
  std::shared_ptr<State> state_;
};

}  // namespace stir::pg
