// The kinds of error that only the PostgreSQL adapter reports.
#pragma once

#include "base/diagnostic.h"

namespace stir::adapter::postgres {

inline constexpr Kind kBadProfile{"bad-postgres-profile", Category::kConfig};

}  // namespace stir::adapter::postgres
