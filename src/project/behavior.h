// adapter.behavior.<flag>: behaviour that a project switches on in `flags:` of dbt_project.yml.
#pragma once

#include "jinja/value.h"
#include "project/invocation.h"

namespace stir::project {

// Every name is a flag: true or false by itself, and by `.setting` and `.no_warn`. `invocation` outlives the value.
jinja::Value MakeBehavior(const Invocation& invocation);

}  // namespace stir::project
