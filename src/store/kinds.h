// The kinds of error that store reports.
#pragma once

#include "base/diagnostic.h"

namespace stir::store {

inline constexpr Kind kStoreConflict{"store-conflict", Category::kRuntime};
inline constexpr Kind kStoreNewer{"store-newer", Category::kIo};
inline constexpr Kind kStoreBusy{"store-busy", Category::kIo};
inline constexpr Kind kStoreDamaged{"store-damaged", Category::kIo};
inline constexpr Kind kStoreFailed{"store-failed", Category::kInternal};

}  // namespace stir::store
