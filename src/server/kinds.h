// The kinds of error that the server reports.
#pragma once

#include "base/diagnostic.h"

namespace stir::server {

// Of `stir up --listen`.
inline constexpr Kind kBadListen{"bad-listen", Category::kUsage};
inline constexpr Kind kCannotListen{"cannot-listen", Category::kIo};
inline constexpr Kind kNoToken{"no-token", Category::kUsage};
inline constexpr Kind kBadToken{"bad-token", Category::kConfig};

// Of requests. What they answer with: problem.h.
inline constexpr Kind kBadRequest{"bad-request", Category::kUsage};
inline constexpr Kind kNotFound{"not-found", Category::kUsage};
inline constexpr Kind kNotReady{"not-ready", Category::kIo};

}  // namespace stir::server
