// One publication of a model: built beside what is live, verified there, then made visible by one rename. Whatever dies
// in between, the next publication finds from the disk alone what is live and what is left over, and clears that away.
//
//   begun -> built -> verified -> switched -> done        abandoned: a generation that died before it was switched
//
//   to PostgreSQL      <table>__stir_g<generation> takes the table's name in one transaction, with all that hangs on it
//   to a DuckDB file   x.duckdb.<generation> is built and closed; x.duckdb is another name of the live generation's
//   file to files           <folder>/generations/<generation>/...; <folder>/current is a link to the live one
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/cancel.h"
#include "base/files.h"
#include "base/result.h"
#include "platform/definitions.h"
#include "transfer/failpoints.h"

namespace stir::transfer {

enum class PublicationState : uint8_t { kBegun, kBuilt, kVerified, kSwitched, kDone, kAbandoned, kRolledBack };
std::string_view ToString(PublicationState state);

struct JournalEntry {
  std::string publication;
  std::string run_id;
  int64_t generation = 0;
  PublicationState state = PublicationState::kBegun;
  int64_t rows = -1;  // from kBuilt on
};

// Where each step is written down before the next one begins. `engine` gives the store's.
class Journal {
 public:
  virtual ~Journal() = default;
  // Durable when it returns.
  virtual Status Record(const JournalEntry& entry) = 0;
};

struct PublishRequest {
  const platform::Publication& publication;  // bound
  const platform::Connection& to;            // bound; of type duckdb, postgres or files
  adapter::Relation model;                   // in the adapter's database
  std::string run_id;
  Timestamp now;
  Duration patience = std::chrono::seconds(60);  // with sessions that hold a lock on a table to be replaced
  const platform::Connection* stage = nullptr;   // bound; where `stage` writes its file
};

struct PublishOutcome {
  int64_t generation = 0;
  int64_t rows = 0;          // that readers see now
  int64_t rows_before = -1;  // -1: this is the first
  int64_t inserted = 0;      // merge: new keys; else all rows of the model
  int64_t updated = 0;       // merge: keys that were there
  int64_t partitions = 0;    // written; the others stay as they were
  int64_t files = 0;
  std::string location;       // what readers open
  std::vector<int64_t> kept;  // old generations that can be rolled back to, newest first
};

// Thread: the caller's; opens a session of its own. Fails with nothing visible changed.
Result<PublishOutcome> Publish(const PublishRequest& request, adapter::Adapter& adapter, Files& files, Journal& journal,
                               const Failpoints& failpoints = {}, const CancelToken& cancel = {});

// Makes the newest kept generation before the live one live again; kNothingToRollBack when there is none.
Result<PublishOutcome> RollBack(const PublishRequest& request, Files& files, Journal& journal);

}  // namespace stir::transfer
