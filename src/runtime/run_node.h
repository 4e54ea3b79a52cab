// One node, from its template to its result: compiled, materialized, and what came of it in dbt's words.
#pragma once

#include "runtime/node_run.h"

namespace stir::runtime {

// Never fails as a call: what went wrong is in the outcome. `batch`: the one of a microbatch model's batches to run.
NodeOutcome RunNode(RunState& state, const project::Node& node, Worker& worker, const BatchPart* batch = nullptr);

// Compiles what `run` is about, notes it in the result and writes it below target/compiled.
Status CompileInto(NodeOutcome& outcome, NodeRun& run);

// Words `errors` as dbt does and gives each its place.
void Fail(NodeOutcome& outcome, Diagnostics errors, NodeRun& run);

// A test whose failing rows are kept, by its configuration or by the command line.
bool StoresFailures(const project::Node& node, const RunState& state);

// A node's result before anything was done.
project::NodeResult BlankResult(const project::Node& node, const RunState& state, const Worker& worker);

}  // namespace stir::runtime
