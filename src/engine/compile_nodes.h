// The selected nodes compiled, none run: what `compile` and `docs generate` share.
#pragma once

#include "base/result.h"
#include "engine/execute.h"
#include "engine/workbench.h"

namespace stir::engine {

// `bench` is connected. Writes compiled SQL and run_results.json; a node that does not compile is a report with an
// error.
Result<RunResults> CompileSelected(Workbench& bench);

// What ends the command when a node did not compile.
Status Compiled(const RunResults& results, const Options& options);

// A node's failure as the command's: dbt has one error, the first, with the node's `message` in it.
Diagnostics AsCommandError(Diagnostics errors, std::string_view message, const Options& options);

}  // namespace stir::engine
