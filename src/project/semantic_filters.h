// The `where` of a metric: a template whose calls stand for columns.
#pragma once

#include <string>

#include "base/result.h"

namespace stir::project {

// The template with `Dimension('order__status')` and its like replaced by the names of columns: `order__status`,
// `order__ordered_at__day`.
Result<std::string> RenderFilter(const std::string& where);

}  // namespace stir::project
