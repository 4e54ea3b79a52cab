// The feeds of a database: one table function, which finds the rows of a statement by a number.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "adapter/duckdb/api.h"
#include "adapter/feed.h"

namespace stir::adapter::duckdb {

// Thread safe.
class Feeds {
 public:
  // Makes the table function known to the database of `connection`.
  static Result<std::unique_ptr<Feeds>> Open(const Api& api, duckdb_connection connection);

  // The database must outlive what it gives.
  Result<std::unique_ptr<Feed>> Add(std::vector<FeedColumn> columns, FeedSource source);

 private:
  struct Entry;
  class Handle;
  explicit Feeds(const Api& api) : api_(api) {}
  std::shared_ptr<Entry> Find(int64_t number);
  void Remove(int64_t number);
  static void Bind(duckdb_bind_info info);
  static void Produce(duckdb_function_info info, duckdb_data_chunk output);

  const Api& api_;
  std::mutex mutex_;
  std::map<int64_t, std::shared_ptr<Entry>> entries_;  // guarded by mutex_
  int64_t last_ = 0;                                   // guarded by mutex_
};

}  // namespace stir::adapter::duckdb
