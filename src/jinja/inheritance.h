// The objects that template inheritance shows to templates: `self`, `super`, imported templates.
#pragma once

#include <string>
#include <string_view>

#include "jinja/context.h"

namespace stir::jinja {

// `self`: the template's blocks by name. The context may be null: no blocks then.
Value MakeTemplateReference(Ref<Context> context);
// A callable that renders a block from the depth-th of its bodies; `super` gives the next.
Value MakeBlockReference(Ref<Context> context, std::string_view name, size_t depth);
// What {% import %} gives: the template's public top-level names as attributes, its text when it is printed.
Value MakeTemplateModule(std::string name, const Context& context, std::string text);
// The text of an imported template; null for other values.
const std::string* ModuleText(const Value& value);
// A name out of an imported template; null: it has none of that name.
const Value* ModuleName(const Value& module, std::string_view name);

}  // namespace stir::jinja
