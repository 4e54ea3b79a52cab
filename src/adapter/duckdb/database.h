// An open DuckDB database. A process has at most one for a file, whatever names the file goes by: a second open would
// corrupt it, and closing any other descriptor of the file would drop the engine's lock on it.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "adapter/duckdb/api.h"
#include "adapter/duckdb/feeds.h"
#include "adapter/duckdb/options.h"
#include "adapter/duckdb/scribe.h"

namespace stir::adapter::duckdb {

// Thread safe.
class Database {
 public:
  // Opens the file, or shares it with those in this process who have it open. It is closed with its last owner.
  static Result<std::shared_ptr<Database>> Open(const Options& options);

  const Api& api() const { return api_; }
  Result<ConnectionHandle> Connect() const;
  // Opened when first asked for.
  Result<Scribe*> scribe();
  Result<Feeds*> feeds();
  // Held while a schema is created: the engine lets two transactions that create one conflict, `if not exists` or not.
  std::mutex& schema_mutex() { return schema_mutex_; }

 private:
  friend class OpenFiles;
  Database(const Api& api, DatabaseHandle handle) : api_(api), handle_(std::move(handle)) {}

  const Api& api_;
  DatabaseHandle handle_;
  std::mutex schema_mutex_;
  std::mutex scribe_mutex_;
  std::unique_ptr<Scribe> scribe_;  // guarded by scribe_mutex_
  std::mutex feeds_mutex_;
  std::unique_ptr<Feeds> feeds_;  // guarded by feeds_mutex_
};

}  // namespace stir::adapter::duckdb
