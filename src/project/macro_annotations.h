// The arguments that a macro's properties describe, beside those of its definition.
#pragma once

#include <string_view>

#include "base/diagnostic.h"
#include "project/macros.h"
#include "project/properties.h"

namespace stir::project {

// Warns of names and numbers that differ, and of types that are none.
void CheckAnnotations(const Macro& macro, const MacroPatch& patch, Diagnostics& warnings);

// A type as dbt has them for arguments of macros: "string", "list[relation]", "dict[str, optional[int]]".
bool IsArgumentType(std::string_view text);

}  // namespace stir::project
