// The kinds of error that templates give: one for each exception class of Jinja2 and Python that a template can meet.
#pragma once

#include <string_view>

#include "base/diagnostic.h"

namespace stir::jinja {

inline constexpr Kind kTemplateSyntax{"template-syntax", Category::kCompilation};
inline constexpr Kind kTemplateAssertion{"template-assertion", Category::kCompilation};  // parsed, but makes no sense
inline constexpr Kind kTemplateCompile{"template-compile",
                                       Category::kCompilation};  // Python refuses it: `break` outside of a loop
inline constexpr Kind kTemplateUndefined{"template-undefined", Category::kCompilation};  // an undefined value was used
inline constexpr Kind kTemplateRuntime{"template-runtime", Category::kCompilation};
inline constexpr Kind kTemplateNotFound{"template-not-found", Category::kCompilation};
inline constexpr Kind kTemplatesNotFound{"templates-not-found", Category::kCompilation};
inline constexpr Kind kTemplateFilterArgument{"template-filter-argument", Category::kCompilation};
inline constexpr Kind kTemplateSecurity{"template-security", Category::kCompilation};
inline constexpr Kind kTemplateType{"template-type", Category::kCompilation};
inline constexpr Kind kTemplateValue{"template-value", Category::kCompilation};
inline constexpr Kind kTemplateKey{"template-key", Category::kCompilation};
inline constexpr Kind kTemplateIndex{"template-index", Category::kCompilation};
inline constexpr Kind kTemplateAttribute{"template-attribute", Category::kCompilation};
inline constexpr Kind kTemplateAssert{"template-assert", Category::kCompilation};
inline constexpr Kind kTemplateZeroDivision{"template-zero-division", Category::kCompilation};
inline constexpr Kind kTemplateOverflow{"template-overflow", Category::kCompilation};
inline constexpr Kind kTemplateRecursion{"template-recursion", Category::kCompilation};
inline constexpr Kind kTemplateIteration{"template-iteration", Category::kCompilation};  // changed while iterated
inline constexpr Kind kTemplateLimit{"template-limit", Category::kCompilation};          // output, sizes
inline constexpr Kind kTemplateUnsupported{"template-unsupported", Category::kCompilation};
// Not an error: how ReturnFromMacro passes through the callees between it and the macro.
inline constexpr Kind kMacroReturn{"macro-return", Category::kInternal};

// The exception class that Jinja2 or Python would have raised: "UndefinedError", "ZeroDivisionError".
std::string_view PythonClass(const Kind& kind);
// What Jinja2 raises while it renders, and a TypeError.
inline bool IsOfTemplates(const Kind& kind) {
  return kind == kTemplateUndefined || kind == kTemplateRuntime || kind == kTemplateFilterArgument ||
         kind == kTemplateSecurity || kind == kTemplateType;
}
// Found when the template was parsed, not when it ran.
inline bool IsSyntaxError(const Kind& kind) {
  return kind == kTemplateSyntax || kind == kTemplateAssertion || kind == kTemplateCompile;
}

}  // namespace stir::jinja
