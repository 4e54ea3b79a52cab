// The kinds of error that templates give.
#pragma once

#include "base/diagnostic.h"

namespace stir::jinja {

inline constexpr Kind kTemplateSyntax{"template-syntax", Category::kCompilation};
inline constexpr Kind kTemplateUndefined{"template-undefined", Category::kCompilation};  // an undefined value was used
inline constexpr Kind kTemplateType{"template-type", Category::kCompilation};            // Python's TypeError
inline constexpr Kind kTemplateValue{"template-value", Category::kCompilation};          // Python's ValueError and kin
inline constexpr Kind kTemplateLimit{"template-limit", Category::kCompilation};  // depth, output, range, big numbers
inline constexpr Kind kTemplateUnsupported{"template-unsupported", Category::kCompilation};
// Not an error: how ReturnFromMacro passes through the callees between it and the macro.
inline constexpr Kind kMacroReturn{"macro-return", Category::kInternal};

}  // namespace stir::jinja
