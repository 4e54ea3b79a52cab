// A unit test: its model's query, with given rows in place of its inputs, is compared with the rows that are expected.
#pragma once

#include "runtime/run_node.h"

namespace stir::runtime {

NodeOutcome RunUnitTest(RunState& state, const project::Node& test, Worker& worker);
// Only its query, as target/compiled keeps it.
Result<CompiledNode> CompileUnitTest(RunState& state, const project::Node& test, Worker& worker);

}  // namespace stir::runtime
