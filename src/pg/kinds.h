// The kinds of error of a PostgreSQL session.
#pragma once

#include "base/diagnostic.h"

namespace stir::pg {

inline constexpr Kind kClientLibraryMissing{"postgres-client-missing", Category::kConfig};
inline constexpr Kind kBadSettings{"bad-postgres-profile", Category::kConfig};
inline constexpr Kind kNoConnection{"postgres-no-connection", Category::kDatabase};      // it was never there
inline constexpr Kind kConnectionLost{"postgres-connection-lost", Category::kDatabase};  // it is not there any more
inline constexpr Kind kStatementFailed{"postgres-statement-failed", Category::kDatabase};
inline constexpr Kind kStatementCanceled{"postgres-statement-canceled", Category::kDatabase};

}  // namespace stir::pg
