// From a node's template to the SQL that the engine gets.
#pragma once

#include "runtime/node_run.h"

namespace stir::runtime {

// The node's own SQL; `run` notes which ephemeral models it uses.
Result<CompiledNode> RenderOwn(NodeRun& run);
// The node's SQL with its ephemeral parents in it. `run` notes which those are.
Result<CompiledNode> CompileNode(NodeRun& run);

}  // namespace stir::runtime
