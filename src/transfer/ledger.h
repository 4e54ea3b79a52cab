// What was loaded, as rows of `_stir.checkpoints` in the target itself, written in the transaction of the load they
// tell of: the one place that can never disagree with the data.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/clock.h"
#include "base/result.h"
#include "transfer/drop.h"

namespace stir::transfer {

struct Interval {
  Timestamp begin;
  Timestamp end;  // not in it
  bool operator==(const Interval&) const = default;
};

// One load of one ingestion.
struct Checkpoint {
  std::string ingestion;
  std::string run_id;
  std::optional<Interval> interval;
  Timestamp loaded_at;
  bool backfill = false;
  std::string watermark;  // of the cursor, in the engine's text; empty: none
  std::vector<DropFile> files;
  // read = duplicates + filtered + outside + rejected + stale + inserted + updated
  int64_t read = 0;
  int64_t duplicates = 0;  // records whose key a newer record of the same load has
  int64_t filtered = 0;    // not wanted by `where`
  int64_t outside = 0;     // of the window
  int64_t rejected = 0;
  int64_t stale = 0;  // the table has a newer row of their key
  int64_t inserted = 0;
  int64_t updated = 0;
  int64_t removed = 0;  // rows of an earlier load of the same interval that this one no longer has
};

// The ingestion's history that decides what a load does.
struct History {
  std::string watermark;                   // of the newest load
  std::vector<DropFile> taken;             // files of all loads, of the same interval not among them
  std::vector<std::string> interval_runs;  // runs that loaded the same interval
  std::optional<Checkpoint> same_run;      // this run has already loaded it
};

class Ledger {
 public:
  // In the database that `target` names.
  Ledger(adapter::Connection& connection, std::string database)
      : connection_(connection), database_(std::move(database)) {}

  // Makes the schema and the table where they are missing. Outside of a transaction; safe when many do it at once.
  Status Prepare();
  Result<History> Read(const std::string& ingestion, const std::string& run_id,
                       const std::optional<Interval>& interval);
  // Inside the load's transaction.
  Status Write(const Checkpoint& checkpoint);
  // Forgets an ingestion: the next load starts from nothing.
  Status Forget(const std::string& ingestion);

 private:
  std::string table() const;
  Result<bool> Exists();
  Status Create();

  adapter::Connection& connection_;
  std::string database_;
};

}  // namespace stir::transfer
