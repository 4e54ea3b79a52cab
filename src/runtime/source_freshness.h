// How fresh a source is: the project's macros asked, their one row of two times read.
#pragma once

#include <string_view>

#include "runtime/node_run.h"

namespace stir::runtime {

// `run` is about a source with loaded_at_field or loaded_at_query; one with neither is an error, since no engine here
// tells when a table last changed.
Result<Freshness> AskFreshness(NodeRun& run);

// "pass", "warn" or "error": the first threshold that the age exceeds, the harder one first.
std::string_view FreshnessStatus(const Freshness& freshness, const project::SourcePart& source);

}  // namespace stir::runtime
