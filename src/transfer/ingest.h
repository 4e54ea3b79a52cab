// One ingestion into a table of a DuckDB target: a drop of files is found and checked, or a table of PostgreSQL opened;
// its rows are staged once, counted and judged, and made visible in one transaction together with their checkpoint.
// Repeating a load changes nothing.
#pragma once

#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/cancel.h"
#include "base/files.h"
#include "base/result.h"
#include "platform/definitions.h"
#include "transfer/columns.h"
#include "transfer/failpoints.h"
#include "transfer/ledger.h"
#include "transfer/quarantine.h"

namespace stir::transfer {

// How far the reading of a table has come.
struct IngestProgress {
  int64_t rows = 0;
  int64_t bytes = 0;  // as the server sends them
  Duration elapsed{0};
};

struct IngestRequest {
  const platform::Ingestion& ingestion;  // bound: every text final
  const platform::Connection& from;      // bound; of type files or postgres
  adapter::Relation target;              // the source's table
  std::vector<TypedColumn> declared;     // sources.yml: columns that have a data_type
  std::string run_id;
  Timestamp now;
  std::optional<Interval> interval;  // the run's data interval
  bool backfill = false;             // leaves the watermark alone
  bool full_refresh = false;         // forgets what was loaded and loads everything
  std::filesystem::path scratch;     // a folder for temporary files; made when needed
  // Every ten seconds while a table is read, by a thread of the engine.
  std::function<void(const IngestProgress&)> on_progress = {};
};

struct IngestOutcome {
  Checkpoint checkpoint;                     // counters, files, watermark
  std::vector<Rejected> rejected;            // by reason, the most frequent first
  int64_t files_skipped = 0;                 // taken by an earlier load
  std::vector<std::string> added_columns;    // "channel VARCHAR"
  std::vector<std::string> widened_columns;  // "quantity INTEGER -> BIGINT"
  IngestProgress table;                      // of a table: all of it
  bool already_done = false;                 // this run had loaded just these files: nothing was done again
};

// Thread: the caller's. Opens a session of its own; a cancel stops its running statement and leaves nothing behind.
Result<IngestOutcome> Ingest(const IngestRequest& request, adapter::Adapter& adapter, Files& files,
                             const Failpoints& failpoints = {}, const CancelToken& cancel = {});

struct ReplayOutcome {
  int64_t tried = 0;
  int64_t loaded = 0;              // now in the table, and no longer in the quarantine
  std::vector<Rejected> rejected;  // still there, with today's reasons
};

// Tries the quarantined rows of an ingestion again, all in one transaction, against the table and the declarations of
// today.
Result<ReplayOutcome> Replay(const IngestRequest& request, adapter::Adapter& adapter, Files& files,
                             const Failpoints& failpoints = {}, const CancelToken& cancel = {});

}  // namespace stir::transfer
