// Declared columns and constraints as DDL, for models with a contract.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "adapter/relation.h"
#include "base/result.h"
#include "jinja/value.h"

namespace stir::runtime {

// What the `to` of a foreign key names: it may be "ref('orders')".
using ResolveTarget = std::function<Result<std::string>(const std::string& to)>;

// One text a column: "id integer not null". `columns`: a node's `columns` dict.
Result<std::vector<std::string>> RenderColumns(const jinja::Value& columns, const adapter::Dialect& dialect,
                                               const ResolveTarget& resolve);
// One text a constraint: "primary key (a, b)". `constraints`: a list of dicts, or none.
Result<std::vector<std::string>> RenderModelConstraints(const jinja::Value& constraints, const ResolveTarget& resolve);

}  // namespace stir::runtime
