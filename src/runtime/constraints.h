// Declared columns and constraints as DDL, for models with a contract.
#pragma once

#include <string>
#include <vector>

#include "adapter/relation.h"
#include "base/result.h"
#include "jinja/value.h"

namespace stir::runtime {

// One text a column: "id integer not null". `columns`: a node's `columns` dict.
Result<std::vector<std::string>> RenderColumns(const jinja::Value& columns, const adapter::Dialect& dialect);
// One text a constraint: "primary key (a, b)". `constraints`: a list of dicts, or none.
Result<std::vector<std::string>> RenderModelConstraints(const jinja::Value& constraints);

}  // namespace stir::runtime
