// The one time that a load reads its files: every record lands in a temporary table with its values in the table's
// types, where it came from, and a verdict. What is good, what is not and why is then a matter of counting.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/result.h"
#include "transfer/columns.h"
#include "transfer/source.h"

namespace stir::transfer {

// Verdicts, the column `_stir_state`. From kFirstReason on: rejected, for the reason at (state - kFirstReason).
enum State : int {
  kGood = 0,
  kFiltered = 1,   // `where` is not true
  kOutside = 2,    // the cursor is outside the window
  kDuplicate = 3,  // a newer record of the load has the key
  kBlank = 4,      // an empty line
  kFirstReason = 10,
};

inline constexpr const char* kStage = "temp.main._stir_stage";

// Half open, on the cursor. Without an end: everything from `begin` on.
struct Window {
  std::string begin;  // SQL literals of the cursor's type
  std::string end;
};

struct StageSpec {
  const platform::Ingestion& ingestion;
  const std::vector<DropFile>& drop;
  const std::vector<Shape>& shapes;
  const ReadOptions& options;
  const std::vector<PlannedColumn>& columns;
  std::optional<Window> window;
};

struct StageQuery {
  std::string sql;
  std::vector<std::string> reasons;
};
StageQuery MakeStageQuery(const StageSpec& spec);

struct StageCounts {
  int64_t read = 0;  // records, blank lines not among them
  int64_t good = 0;
  int64_t filtered = 0;
  int64_t outside = 0;
  int64_t duplicates = 0;
  std::vector<int64_t> rejected;  // by reason
};

// Lines that the engine could not read as records at all.
struct BrokenRecord {
  size_t file = 0;     // in the drop
  int64_t record = 0;  // 1-based, header and empty lines counted
  std::string reason;
  std::string text;  // as the engine cut it out
};

struct Staged {
  StageCounts counts;
  std::vector<std::string> reasons;
  std::vector<BrokenRecord> broken;  // by file and record
  int64_t rejected = 0;              // those by reason and the broken ones
};

// Makes the stage table anew, and marks all but the newest record of each key. A file that turns out to be cut off is
// an error.
Result<Staged> Stage(adapter::Connection& connection, const StageSpec& spec);

}  // namespace stir::transfer
