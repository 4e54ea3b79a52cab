#include "jinja/kinds.h"

#include <algorithm>
#include <array>

namespace stir::jinja {

std::string_view PythonClass(const Kind& kind) {
  struct Row {
    Kind kind;
    std::string_view name;
  };
  constexpr std::array kRows{
      Row{kTemplateSyntax, "TemplateSyntaxError"},
      Row{kTemplateAssertion, "TemplateAssertionError"},
      Row{kTemplateCompile, "SyntaxError"},
      Row{kTemplateUndefined, "UndefinedError"},
      Row{kTemplateRuntime, "TemplateRuntimeError"},
      Row{kTemplateNotFound, "TemplateNotFound"},
      Row{kTemplatesNotFound, "TemplatesNotFound"},
      Row{kTemplateFilterArgument, "FilterArgumentError"},
      Row{kTemplateSecurity, "SecurityError"},
      Row{kTemplateType, "TypeError"},
      Row{kTemplateValue, "ValueError"},
      Row{kTemplateKey, "KeyError"},
      Row{kTemplateIndex, "IndexError"},
      Row{kTemplateAttribute, "AttributeError"},
      Row{kTemplateAssert, "AssertionError"},
      Row{kTemplateZeroDivision, "ZeroDivisionError"},
      Row{kTemplateOverflow, "OverflowError"},
      Row{kTemplateRecursion, "RecursionError"},
      Row{kTemplateIteration, "RuntimeError"},
      Row{kTemplateLimit, "MemoryError"},
      Row{kTemplateUnsupported, "NotImplementedError"},
  };
  const auto* at = std::ranges::find(kRows, kind, &Row::kind);
  return at == kRows.end() ? "Exception" : at->name;
}

}  // namespace stir::jinja
