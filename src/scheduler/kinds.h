// The kinds of error that scheduling reports.
#pragma once

#include "base/diagnostic.h"

namespace stir::scheduler {

inline constexpr Kind kTaskCycle{"task-cycle", Category::kConfig};
inline constexpr Kind kDuplicateTask{"duplicate-task", Category::kConfig};
inline constexpr Kind kBadTaskReference{"bad-task-reference", Category::kInternal};
inline constexpr Kind kBadCron{"bad-cron", Category::kConfig};
inline constexpr Kind kUnknownTimezone{"unknown-timezone", Category::kConfig};
inline constexpr Kind kBadInterval{"bad-interval", Category::kUsage};

}  // namespace stir::scheduler
