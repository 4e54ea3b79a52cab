// on-run-start and on-run-end: each hook is an operation with a result of its own.
#pragma once

#include <span>

#include "runtime/node_run.h"

namespace stir::runtime {

// "shop.on-run-end.0": how the `number`-th hook of those that run then is called, from 1.
std::string HookName(const project::Node& hook, int number);

// Compiles and sends one hook. `number`: its place among those that run with it, from 1. `results` become the names
// `results`, `schemas` and `database_schemas`.
NodeOutcome RunHook(RunState& state, graph::NodeId hook, int number, std::span<const project::NodeResult> results,
                    Worker& worker);
// What becomes of a hook after one that failed.
NodeOutcome SkipHook(RunState& state, graph::NodeId hook, int number);

}  // namespace stir::runtime
