// dbt's `args`: what a command was asked, as run_results.json, `retry` and templates (invocation_args_dict) read it.
#pragma once

#include <string>

#include "engine/options.h"
#include "jinja/value.h"

namespace stir::engine {

// A JSON object, its keys in the order of their names. `project_flags`: the dict `flags:` of dbt_project.yml, or
// undefined.
std::string InvocationArguments(const Options& options, const jinja::Value& project_flags);
// The same as run_results.json has it: dbt's operations keep others.
std::string ResultArguments(const Options& options, const jinja::Value& project_flags);

}  // namespace stir::engine
