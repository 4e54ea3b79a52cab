// JSON text as Python's json.dumps writes it by default, which is what dbt's tools compare and split.
#pragma once

#include <string>

#include "base/json.h"

namespace stir::engine {

// ", " and ": " between, everything beyond ASCII escaped.
std::string PythonJson(const Json& value);

}  // namespace stir::engine
