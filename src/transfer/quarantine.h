// Rows that did not fit, kept beside the table they were for: `<table>__quarantine` with the reason, the file, the
// place in it and the record as it was written.
#pragma once

#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/result.h"
#include "transfer/ledger.h"
#include "transfer/stage.h"

namespace stir::transfer {

adapter::Relation QuarantineOf(adapter::Relation table);

// Reason, how many, and the first of them: "us_east/sales.csv:17", of a table the row itself.
struct Rejected {
  std::string reason;
  int64_t rows = 0;
  std::string example;
};

// Fills the temporary table `_stir_rejected` from the stage: file, position (CSV and JSON: line; Parquet: row), reason,
// original, form ("csv", "json") and layout (the header that a "csv" original was under). At most `limit` rows of the
// stage when >= 0.
Status CollectRejected(adapter::Connection& connection, const StageSpec& spec, const Staged& staged, int64_t limit);

// What was collected, the most frequent reason first.
Result<std::vector<Rejected>> SummarizeRejected(adapter::Connection& connection, const std::vector<DropFile>& drop);

// The same of what one run left in the quarantine.
Result<std::vector<Rejected>> SummarizeQuarantined(adapter::Connection& connection, const adapter::Relation& table,
                                                   const std::string& ingestion, const std::string& run_id);

// Makes the quarantine table when it is missing. Inside a transaction, as the rest.
Status PrepareQuarantine(adapter::Connection& connection, const adapter::Relation& table);
Status ForgetQuarantined(adapter::Connection& connection, const adapter::Relation& table, const std::string& ingestion,
                         const std::vector<std::string>& runs);  // no runs: all of the ingestion
// What is kept already of the collected rows.
Status ForgetKept(adapter::Connection& connection, const adapter::Relation& table, const std::string& ingestion);
Status KeepRejected(adapter::Connection& connection, const adapter::Relation& table, const std::vector<DropFile>& drop,
                    const Checkpoint& checkpoint);

}  // namespace stir::transfer
