// What went wrong with a node: at the user's place, and in dbt's words for artifacts and logs.
#pragma once

#include <string>

#include "runtime/node_run.h"

namespace stir::runtime {

// Gives engine errors the place in the user's files that wrote the refused SQL (the macros it came through as trace),
// and every error without a place the node's own.
void PlaceErrors(Diagnostics& errors, NodeRun& run);

// "Runtime Error in model orders (models/orders.sql)\n  ...": dbt's message for run_results.json.
std::string FailureMessage(const Diagnostics& errors, const NodeRun& run);

}  // namespace stir::runtime
