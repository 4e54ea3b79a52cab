// What a unit test puts in the place of macros, variables and the environment.
#pragma once

#include "runtime/node_run.h"

namespace stir::runtime {

// `overrides`: a dict of `macros`, `vars` and `env_vars`, or none.
void ApplyOverrides(NodeRun& run, const jinja::Value& overrides);

}  // namespace stir::runtime
