// libyaml's terse complaints turned into what a person needs: the place, what was seen, and the usual slip behind it.
#pragma once

#include <string>
#include <string_view>

#include "base/diagnostic.h"

namespace stir::yaml {

struct SyntaxProblem {
  std::string_view problem;  // libyaml's words: "mapping values are not allowed in this context"
  uint32_t offset = 0;       // where it noticed, in bytes
  std::string_view context;  // "while parsing a block mapping", or empty
  uint32_t context_offset = 0;
};

Diagnostic ExplainSyntax(const SyntaxProblem& problem, SourceId source, std::string_view text);

// For a template that YAML took for a flow mapping: the hint to quote it.
std::string QuoteTemplateHint();

}  // namespace stir::yaml
