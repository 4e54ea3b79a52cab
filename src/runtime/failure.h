// What went wrong with a node: at the user's place, and in dbt's words for artifacts and logs.
#pragma once

#include <string>

#include "base/diagnostic.h"
#include "project/manifest.h"

namespace stir::runtime {

class NodeRun;
class RunState;

// dbt's words for what a template or the engine said: with what it most often means, and macros by dbt's names for
// them.
std::string DbtWords(const Diagnostic& error);

// An exception of Python's own, as a division by zero is: dbt knows nothing of it but its words.
bool IsOfPython(const Kind& kind);
// The macros that dbt names, "\n> in macro ...\n> called by ..."; empty: none. Of what a template raised it leaves out
// the macro where that happened, and of Python's own exceptions all.
std::string DbtTrace(const Diagnostic& error, const project::Manifest& manifest, std::string_view package);

// Gives engine errors the place in the user's files that wrote the refused SQL (the macros it came through as trace),
// and every error without a place the node's own.
void PlaceErrors(Diagnostics& errors, NodeRun& run);

// "Runtime Error in model orders (models/orders.sql)\n  ...": dbt's message for run_results.json.
// `run_file`: where the SQL stands that the engine refused; empty: nowhere.
std::string FailureMessage(const Diagnostics& errors, const RunState& state, const project::Node& node,
                           const std::string& run_file = {});

}  // namespace stir::runtime
