// A microbatch model: one run a batch, and one result for all of them.
#pragma once

#include "runtime/run_node.h"

namespace stir::runtime {

// Oldest batch first, one after the other: an engine with one writer gains nothing from more. When the first fails, the
// others are skipped; when a later one fails, the rest still run.
NodeOutcome RunBatches(RunState& state, const project::Node& node, Worker& worker);

}  // namespace stir::runtime
