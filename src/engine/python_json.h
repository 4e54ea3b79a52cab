// JSON text as Python's json.dumps writes it by default, which is what dbt's tools compare and split.
#pragma once

#include <string>

#include "base/json.h"

namespace stir::yaml {
struct Node;
}

namespace stir::engine {

// ", " and ": " between, everything beyond ASCII escaped.
std::string PythonJson(const Json& value);

// A YAML value as JSON; keys of mappings in the order of their names.
Json JsonOf(const yaml::Node& node);

}  // namespace stir::engine
