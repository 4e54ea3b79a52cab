// Python's default JSON form.
#include "engine/python_json.h"

#include <nlohmann/json.hpp>

namespace stir::engine {
namespace {

void Append(std::string& out, const Json& value) {
  if (value.is_object()) {
    out += '{';
    bool first = true;
    for (const auto& [key, inner] : value.items()) {
      if (!first) out += ", ";
      first = false;
      out += Json(key).dump(-1, ' ', true) + ": ";
      Append(out, inner);
    }
    out += '}';
  } else if (value.is_array()) {
    out += '[';
    for (size_t i = 0; i < value.size(); ++i) {
      if (i > 0) out += ", ";
      Append(out, value[i]);
    }
    out += ']';
  } else {
    out += value.dump(-1, ' ', true);
  }
}

}  // namespace

std::string PythonJson(const Json& value) {
  std::string out;
  Append(out, value);
  return out;
}

}  // namespace stir::engine
