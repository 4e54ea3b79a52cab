// Runs a compiled node: finds its materialization, calls it, keeps the cache true, ends the transaction.
#pragma once

#include "runtime/node_run.h"

namespace stir::runtime {

// On success the answer of the statement named `main` is in `run`. On failure nothing is left open and the cache knows
// what a rollback undid.
Status Materialize(NodeRun& run);

// The materialization `clone` instead of the node's own: a copy of its deferred relation.
Status CloneRelation(NodeRun& run);

}  // namespace stir::runtime
