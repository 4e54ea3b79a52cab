// `exceptions`: how templates report errors and warnings.
#pragma once

#include "jinja/value.h"
#include "project/invocation.h"

namespace stir::project {

// The object templates see. The invocation's events outlive it.
jinja::Value MakeExceptions(const Invocation& invocation);

}  // namespace stir::project
