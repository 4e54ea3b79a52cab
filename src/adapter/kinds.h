// The kinds of error that engines report.
#pragma once

#include "base/diagnostic.h"

namespace stir::adapter {

inline constexpr Kind kDatabaseError{"database-error", Category::kDatabase};
inline constexpr Kind kConnectionFailed{"connection-failed", Category::kDatabase};
inline constexpr Kind kDatabaseHeld{"database-held", Category::kDatabase};
inline constexpr Kind kCanceled{"canceled", Category::kDatabase};
inline constexpr Kind kUnknownAdapter{"unknown-adapter", Category::kConfig};
inline constexpr Kind kEngineLibraryMissing{"engine-library-missing", Category::kConfig};

}  // namespace stir::adapter
