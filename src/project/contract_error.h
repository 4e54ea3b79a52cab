// What a model with an enforced contract says when its query has other columns than its properties declare.
#pragma once

#include <string>

#include "base/result.h"
#include "jinja/value.h"

namespace stir::project {

// Both: lists of {name, data_type}, as the properties declare them and as the query has them. dbt's words and table.
Result<std::string> ContractMessage(const jinja::Value& declared, const jinja::Value& found);

}  // namespace stir::project
