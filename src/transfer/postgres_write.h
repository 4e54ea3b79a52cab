// Rows that were gathered in a table beside go into the one that is there: merged, appended, or by partition.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "platform/definitions.h"
#include "transfer/postgres_server.h"
#include "transfer/postgres_table.h"

namespace stir::transfer {

struct InPlace {
  std::vector<std::string> columns;  // that are written, quoted
  std::vector<std::string>
      compared;                  // those that IS DISTINCT FROM cannot compare as they are, as texts: SQL after `t.`
  std::vector<std::string> key;  // of a merge, or the partitions
  std::string signature;         // of the rows: a run appends them once
  int64_t gathered = 0;
};

struct Written {
  int64_t before = 0, rows = 0;  // in the table
  int64_t inserted = 0, updated = 0, removed = 0, partitions = 0;
};

struct WriteRequest {
  Server& server;
  const platform::Publication& publication;
  const std::string& run_id;
  const PgName& live;
  const PgName& from;  // the gathered rows
  std::string ledger;  // of publications, quoted
  const InPlace& rows;
};

// The ledger's word for rows that were appended.
inline constexpr std::string_view kAppended = "appended";

// Inside of a transaction that keeps other writers away, and is rolled back after an error.
Result<Written> WriteInPlace(const WriteRequest& request);

}  // namespace stir::transfer
