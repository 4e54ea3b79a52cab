// on-run-start and on-run-end: each hook is an operation with a result of its own.
#pragma once

#include <span>

#include "runtime/node_run.h"

namespace stir::runtime {

// Compiles and sends one hook. `results` become the names `results`, `schemas` and `database_schemas`.
NodeOutcome RunHook(RunState& state, graph::NodeId hook, std::span<const project::NodeResult> results, Worker& worker);

}  // namespace stir::runtime
