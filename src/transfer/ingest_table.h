// A table, view or query of PostgreSQL as a load takes it: like one file of typed columns, whose rows the server has
// filtered.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/cancel.h"
#include "base/result.h"
#include "transfer/columns.h"
#include "transfer/ingest.h"
#include "transfer/ingest_cursor.h"
#include "transfer/postgres_source.h"

namespace stir::transfer {

// Open, Begin, then a statement with sql(), then Finish.
class TableIntake {
 public:
  // Connects and asks for the columns, which stay as they are as long as this lives.
  static Result<std::unique_ptr<TableIntake>> Open(const IngestRequest& request, const CancelToken& cancel);

  const std::string& name() const { return source_->name(); }
  std::vector<Shape> Shapes() const;
  // The server says that no two rows have one key (which does not matter where there are no rows yet that could have
  // it, `is_new`), and that none lacks its key or its cursor.
  bool KeysHold(bool is_new) const;

  // Starts to read what `columns` want of it.
  Status Begin(const std::vector<PlannedColumn>& columns, const LoadCursor& cursor, adapter::Connection& connection);
  std::string sql() const { return source_->sql(); }
  const std::string& safe_moment() const { return safe_moment_; }
  // `taken`: how the statement with sql() ended. Why it failed, where it was the server that did.
  Result<PgRead> Finish(Status taken);
  IngestProgress ProgressOf(const PgRead& read) const;

 private:
  using Clock = std::chrono::steady_clock;
  TableIntake(const IngestRequest& request, std::unique_ptr<PgSource> source)
      : request_(request), source_(std::move(source)) {}
  void Tell(const PgRead& read);
  static Diagnostics Placed(Diagnostics errors, const IngestRequest& request);

  const IngestRequest& request_;
  std::unique_ptr<PgSource> source_;
  std::string safe_moment_;
  Clock::time_point begun_, told_;
};

}  // namespace stir::transfer
