// The names of dbt's run-time context (dbt.md 2.3): ref, source, config, this, adapter, model, graph, load_result, ...
#pragma once

#include <string_view>

#include "jinja/value.h"
#include "project/base_context.h"

namespace stir::runtime {

class NodeRun;

// Makes the value of `name` for this run; false when it is none of these names. `key` is the name with static life, or
// empty when the value must be made anew each time.
bool MakeNodeName(NodeRun& run, std::string_view name, std::string_view& key, jinja::Value& value);

// The run's node as one that asks for variables.
project::VarAsker AskerOf(NodeRun& run);

}  // namespace stir::runtime
