// Reads the macros of one file: {% macro %}, {% test %}, {% data_test %} and {% materialization %} blocks.
#pragma once

#include <string_view>
#include <vector>

#include "base/result.h"
#include "project/macros.h"

namespace stir::project {

// Pure: what it finds depends on the text alone. `errors` gets what is wrong; the other macros are still returned.
std::vector<Macro> ReadMacros(std::string_view text, SourceId source, std::string_view package, std::string_view path,
                              Diagnostics& errors);

}  // namespace stir::project
