// Runs a compiled node: finds its materialization, calls it, keeps the cache true, ends the transaction.
#pragma once

#include "runtime/node_run.h"

namespace stir::runtime {

// On success the answer of the statement named `main` is in `run`. On failure nothing is left open and the cache knows
// what a rollback undid.
Status Materialize(NodeRun& run);

}  // namespace stir::runtime
