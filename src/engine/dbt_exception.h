// The name of the exception that dbt would have raised: what programs read in MainEncounteredError.
#pragma once

#include <string_view>

#include "base/diagnostic.h"

namespace stir::engine {

std::string_view DbtExceptionClass(const Diagnostic& diagnostic);

}  // namespace stir::engine
