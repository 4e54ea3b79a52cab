// What var(name) finds, and where it looks.
#pragma once

#include <string_view>

#include "jinja/value.h"
#include "project/manifest.h"

namespace stir::project {

// var(name) in a node of a package whose own vars are `own`: --vars, then the root's, then the package's; in both,
// those under the package's name come first.
const jinja::Value* FindVarIn(const jinja::Value& command_line, const jinja::Value& root, const jinja::Value* own,
                              std::string_view package, std::string_view name);

// A dict of all that a node of `package` may find, as dbt's message about a missing one shows it: the scopes themselves
// stand in it.
jinja::Value AllVars(const Manifest& manifest, const jinja::Value& command_line, std::string_view package);

}  // namespace stir::project
