// The kinds of error that the command line itself reports.
#pragma once

#include "base/diagnostic.h"

namespace stir::cli {

inline constexpr Kind kBadUsage{"bad-usage", Category::kUsage};
inline constexpr Kind kNotBuilt{"not-built", Category::kUsage};
inline constexpr Kind kProjectMissing{"project-missing", Category::kUsage};

}  // namespace stir::cli
