// The selected nodes compiled, none run: what `compile` and `docs generate` share.
#pragma once

#include "base/result.h"
#include "engine/execute.h"
#include "engine/workbench.h"

namespace stir::engine {

// `bench` is connected. Writes compiled SQL and run_results.json; a node that does not compile is a report with an
// error.
Result<RunResults> CompileSelected(Workbench& bench);

}  // namespace stir::engine
