// What a load is refused for once its rows have been seen: too many of them do not fit, there are none where there were
// some, or no line has a field that the table has a column for.
#pragma once

#include <map>
#include <string>

#include "adapter/connection.h"
#include "base/result.h"
#include "transfer/ingest.h"
#include "transfer/stage.h"

namespace stir::transfer {

// Collects what was rejected, with its reasons, into `outcome`; an error where the rules of `quarantine` are broken.
Status JudgeRejected(adapter::Connection& connection, const StageSpec& spec, const Staged& staged,
                     IngestOutcome& outcome);

// In JSON a column is missing when no line has it, which only the whole drop can tell.
Status CheckAbsentFields(adapter::Connection& connection, const StageSpec& spec, const Staged& staged,
                         const std::map<std::string, std::string>& sniffed);

// `from`: "`public.sales`", "the drop".
Diagnostic WouldEmpty(const platform::Ingestion& ingestion, const std::string& from, const std::string& target);

}  // namespace stir::transfer
