// Diagnostics as the text that a person reads: `path:line:column: error[kind]: message`, the line, a caret, labels,
// macro trace and hint. The only rendering; JSON output carries the same fields.
#pragma once

#include <string>

#include "base/diagnostic.h"
#include "base/source_map.h"

namespace stir {

std::string RenderDiagnostic(const Diagnostic& diagnostic, const SourceMap& sources, bool color = false);
std::string RenderDiagnostics(const Diagnostics& diagnostics, const SourceMap& sources, bool color = false);

}  // namespace stir
