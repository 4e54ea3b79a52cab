// A Connection to a DuckDB database.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>

#include "adapter/connection.h"
#include "adapter/duckdb/database.h"
#include "adapter/duckdb/statement.h"
#include "adapter/duckdb/values.h"

namespace stir::adapter::duckdb {

// What a session shares with the rows it gave out: the engine's connection, and which statement runs on it.
struct SessionState {
  SessionState(std::shared_ptr<Database> of, ConnectionHandle with)
      : database(std::move(of)), connection(std::move(with)) {}

  // A statement that runs until it is ended; ending one that is no longer the newest does nothing.
  uint64_t Start();
  void End(uint64_t run);
  void Cancel();
  const Api& api() const { return database->api(); }

  std::shared_ptr<Database> database;
  ConnectionHandle connection;
  std::mutex mutex;
  uint64_t newest = 0;                 // guarded by mutex
  bool running = false;                // guarded by mutex
  std::atomic<bool> canceled = false;  // of the newest run; written under mutex
};

class Session final : public Connection {
 public:
  static Result<std::unique_ptr<Connection>> Open(std::shared_ptr<Database> database, const Options& options);
  ~Session() override;

  Result<Outcome> Execute(std::string_view sql) override;
  Result<std::unique_ptr<Rows>> Query(std::string_view sql) override;
  void Cancel() override { state_->Cancel(); }

  Status Begin() override;
  Status Commit() override;
  Status Rollback() override;
  bool InTransaction() const override { return in_transaction_; }

  Result<std::vector<std::string>> ListSchemas(std::string_view database) override;
  Result<std::vector<Relation>> ListRelations(std::string_view database, std::string_view schema) override;
  Result<std::vector<Column>> ListColumns(const Relation& relation) override;
  Result<std::vector<ColumnInfo>> Describe(std::string_view query) override;
  Status CreateSchema(std::string_view database, std::string_view schema) override;

 private:
  explicit Session(std::shared_ptr<SessionState> state) : state_(std::move(state)) {}
  Result<std::optional<Executed>> RunText(std::string_view sql, Fetch fetch);
  Status Transact(std::string_view sql, bool open_after);
  void ProbeTransaction();
  ScribeSource scribe() const;

  std::shared_ptr<SessionState> state_;
  bool in_transaction_ = false;
};

}  // namespace stir::adapter::duckdb
