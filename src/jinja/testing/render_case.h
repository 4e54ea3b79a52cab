// What the tests of templates share: a scope made from a list, and rendering in one call.
#pragma once

#include <map>
#include <string>

#include "jinja/template.h"

namespace stir::jinja::testing {

class MapScope : public Scope {
 public:
  MapScope(std::initializer_list<std::pair<const std::string, Value>> initial = {}) : values(initial) {}
  bool Lookup(std::string_view name, Value& value) override {
    ++lookups;
    auto found = values.find(std::string(name));
    if (found != values.end()) value = found->second;
    return found != values.end();
  }

  std::map<std::string, Value> values;
  int lookups = 0;
};

inline constexpr SourceId kSource{7};

inline std::shared_ptr<const Template> Parsed(std::string text, const Syntax& syntax = {}) {
  auto parsed = Template::Parse(std::move(text), Origin{kSource, 0, true, {}}, syntax);
  return parsed.ok() ? *parsed : nullptr;
}

// The text, or "error: <message>".
inline std::string Rendered(std::string text, Scope& scope, const RenderOptions& options = {},
                            const Syntax& syntax = {}) {
  auto parsed = Template::Parse(std::move(text), Origin{kSource, 0, true, {}}, syntax);
  if (!parsed.ok()) return "error: " + parsed.error().front().message;
  Result<std::string> output = Render(**parsed, scope, options);
  return output.ok() ? *output : "error: " + output.error().front().message;
}

inline std::string Rendered(std::string text) {
  MapScope scope;
  return Rendered(std::move(text), scope);
}

}  // namespace stir::jinja::testing
