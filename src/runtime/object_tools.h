// Small helpers to write objects for templates.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "jinja/value.h"

namespace stir::runtime {

// none for an empty text, as dbt's null.
jinja::Value TextOrNone(std::string_view text);
jinja::Value TextValue(std::string_view text);
template <typename Texts>
jinja::Value TextList(const Texts& texts) {
  std::vector<jinja::Value> items;
  for (const auto& text : texts) items.push_back(TextValue(text));
  return jinja::Value::List(std::move(items));
}

// A callable that keeps `owner` alive as long as it lives; `body` may use the owner's members.
jinja::Value BoundMethod(std::string name, jinja::Object* owner, jinja::Function body);

// An immutable bag of named values, read as attributes or items; `in`, get(), keys(), items() work as on a dict. Prints
// as `Type(a=1)`.
jinja::Value MakeRecord(std::string type, std::vector<std::pair<std::string, jinja::Value>> fields);

}  // namespace stir::runtime
