// The kinds of error that commands themselves report.
#pragma once

#include "base/diagnostic.h"

namespace stir::engine {

inline constexpr Kind kProjectExists{"project-exists", Category::kUsage};
inline constexpr Kind kBadProjectName{"bad-project-name", Category::kUsage};
inline constexpr Kind kCleanOutsideProject{"clean-outside-project", Category::kRuntime};
inline constexpr Kind kBadResourceType{"bad-resource-type", Category::kUsage};
inline constexpr Kind kNoSelectors{"no-selectors", Category::kUsage};
inline constexpr Kind kCleanOfSources{"clean-of-sources", Category::kRuntime};
inline constexpr Kind kNothingToShow{"nothing-to-show", Category::kUsage};
inline constexpr Kind kNotADatabase{"not-a-database", Category::kConfig};

}  // namespace stir::engine
