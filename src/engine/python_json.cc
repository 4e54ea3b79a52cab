// Python's default JSON form.
#include "engine/python_json.h"

#include <map>
#include <nlohmann/json.hpp>

#include "yaml/node.h"

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

Json JsonOf(const yaml::Node& node) {
  switch (node.type) {
    case yaml::Type::kNull:
      return nullptr;
    case yaml::Type::kBool:
      return node.boolean;
    case yaml::Type::kInt:
      return node.big ? Json(node.text) : Json(node.integer);
    case yaml::Type::kFloat:
      return node.real;
    case yaml::Type::kSequence: {
      Json list = Json::array();
      for (const auto& item : node.items) list.push_back(JsonOf(*item));
      return list;
    }
    case yaml::Type::kMapping: {
      std::map<std::string, Json> sorted;
      for (const yaml::Entry& entry : node.entries) sorted.emplace(entry.key->text, JsonOf(*entry.value));
      Json mapping = Json::object();
      for (auto& [key, value] : sorted) mapping[key] = std::move(value);
      return mapping;
    }
    default:
      return node.text;
  }
}

}  // namespace stir::engine
