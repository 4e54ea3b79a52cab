// Where the rows of a source are when its `meta` names files instead of a table: `external_location`, a text with the
// source's own words filled in, as dbt-duckdb has it.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "project/manifest.h"

namespace stir::project {

// SQL that stands for the source's relation, or nothing. Configuration counts before `meta`; errors stand at the
// source's name.
Result<std::optional<std::string>> ExternalLocation(const Node& source);

}  // namespace stir::project
