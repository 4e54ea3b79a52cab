// The kinds of error that base itself reports.
#pragma once

#include "base/diagnostic.h"

namespace stir {

inline constexpr Kind kFileMissing{"file-missing", Category::kIo};
inline constexpr Kind kFileUnreadable{"file-unreadable", Category::kIo};
inline constexpr Kind kFileUnwritable{"file-unwritable", Category::kIo};
inline constexpr Kind kDiskFull{"disk-full", Category::kIo};
inline constexpr Kind kLocked{"locked", Category::kIo};
inline constexpr Kind kProcessNotStarted{"process-not-started", Category::kRuntime};
inline constexpr Kind kHttpNoResponse{"http-no-response", Category::kRuntime};

}  // namespace stir
