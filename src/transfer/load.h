// What makes a staged load visible: the statements of its one transaction.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/result.h"
#include "transfer/columns.h"
#include "transfer/failpoints.h"
#include "transfer/ledger.h"
#include "transfer/stage.h"

namespace stir::transfer {

struct LoadSpec {
  const platform::Ingestion& ingestion;
  const adapter::Relation& target;
  const std::vector<PlannedColumn>& columns;
  bool table_exists = false;
  bool replaces = false;                  // mode full: the table becomes what was staged
  bool lacks_stir_columns = false;        // a table that somebody else made
  std::string rows = kStage;              // SQL of what is staged, or of rows that need no stage
  std::vector<std::string> earlier_runs;  // whose rows this load replaces
  std::string run_id_sql;  // of the staged row `s`, where rows belong to several runs; empty: the checkpoint's
};

// Inside a transaction: makes or alters the table, removes, updates, inserts; fills the counters of `checkpoint`.
Status WriteLoad(adapter::Connection& connection, const LoadSpec& spec, Checkpoint& checkpoint);

// Runs `body` between BEGIN and COMMIT; any failure rolls back.
Status InTransaction(adapter::Connection& connection, const Failpoints& failpoints,
                     const std::function<Status()>& body);

}  // namespace stir::transfer
