// A Connection to a DuckDB database.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>

#include "adapter/connection.h"
#include "adapter/drain.h"
#include "adapter/duckdb/database.h"
#include "adapter/duckdb/statement.h"
#include "adapter/duckdb/values.h"
#include "adapter/feed.h"

namespace stir::adapter::duckdb {

// What a session shares with the rows it gave out: the engine's connection, and which statement runs on it.
struct SessionState {
  SessionState(std::shared_ptr<Database> of, ConnectionHandle with)
      : database(std::move(of)), connection(std::move(with)) {}

  // A statement that runs until it is ended; ending one that is no longer the newest does nothing.
  uint64_t Start();
  void End(uint64_t run);
  void Cancel();
  // Another connection to the same database takes the place of the one there was, which no row may be read from then.
  void Replace(ConnectionHandle with);
  // False when it was cut short by Cancel.
  bool Sleep(std::chrono::seconds time);
  const Api& api() const { return database->api(); }

  std::shared_ptr<Database> database;
  ConnectionHandle connection;
  std::mutex mutex;
  std::condition_variable canceled_now;
  uint64_t newest = 0;                 // guarded by mutex
  bool running = false;                // guarded by mutex
  std::atomic<bool> canceled = false;  // of the newest run; written under mutex
};

class Session final : public Connection, public FeedTaker, public DrainGiver {
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
  Status Reset() override;

  Result<std::unique_ptr<Feed>> OpenFeed(std::vector<FeedColumn> columns, FeedSource source) override;
  Result<std::unique_ptr<Drain>> OpenDrain(std::string_view sql, const std::vector<FeedType>& types) override;

 private:
  Session(std::shared_ptr<SessionState> state, const Options& options)
      : state_(std::move(state)),
        attempts_(options.query_attempts),
        retryable_(options.retryable),
        settings_(options.session),
        secrets_(options.secrets) {}
  Status ApplySettings();
  Result<Outcome> ExecuteOnce(std::string_view sql);
  Result<std::unique_ptr<Rows>> QueryOnce(std::string_view sql);
  // Calls `run` again, after 1, 2, 4, ... seconds, as long as the profile's `retries` allow it.
  template <typename T, typename F>
  Result<T> Retrying(F run);
  Result<std::optional<Executed>> RunText(std::string_view sql, Fetch fetch);
  Status Transact(std::string_view sql, bool open_after);
  void ProbeTransaction();
  ScribeSource scribe() const;

  std::shared_ptr<SessionState> state_;
  int attempts_;
  std::vector<std::string> retryable_;
  std::vector<std::string> settings_;  // statements that each connection begins with
  std::vector<std::string> secrets_;
  bool in_transaction_ = false;
};

}  // namespace stir::adapter::duckdb
