// The kinds of error that graph reports.
#pragma once

#include "base/diagnostic.h"

namespace stir::graph {

inline constexpr Kind kSelectionSyntax{"selection-syntax", Category::kUsage};
inline constexpr Kind kSelectionMethod{"selection-method", Category::kUsage};
inline constexpr Kind kSelectionValue{"selection-value", Category::kUsage};
inline constexpr Kind kSelectionEmpty{"selection-empty", Category::kUsage};
inline constexpr Kind kSelectionNoState{"selection-no-state", Category::kRuntime};

}  // namespace stir::graph
