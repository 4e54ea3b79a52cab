// The kinds of error that commands themselves report.
#pragma once

#include "base/diagnostic.h"

namespace stir::engine {

inline constexpr Kind kProjectExists{"project-exists", Category::kUsage};
inline constexpr Kind kBadProjectName{"bad-project-name", Category::kUsage};
inline constexpr Kind kCleanOutsideProject{"clean-outside-project", Category::kRuntime};
inline constexpr Kind kBadResourceType{"bad-resource-type", Category::kUsage};
inline constexpr Kind kCleanOfSources{"clean-of-sources", Category::kRuntime};
inline constexpr Kind kNothingToShow{"nothing-to-show", Category::kUsage};
inline constexpr Kind kBadOperation{"bad-operation", Category::kRuntime};
inline constexpr Kind kUndefinedMacro{"undefined-macro", Category::kCompilation};
inline constexpr Kind kNoPreviousRun{"no-previous-run", Category::kRuntime};
inline constexpr Kind kBadWarningOptions{"bad-warning-options", Category::kUsage};
inline constexpr Kind kBadPackage{"bad-package", Category::kConfig};
inline constexpr Kind kPackageNotFetched{"package-not-fetched", Category::kDependency};
inline constexpr Kind kPackagesDisagree{"packages-disagree", Category::kDependency};
inline constexpr Kind kNoState{"no-state", Category::kRuntime};
inline constexpr Kind kNotADatabase{"not-a-database", Category::kConfig};

// Pipelines.
inline constexpr Kind kRunHeld{"run-held", Category::kRuntime};
inline constexpr Kind kSetAside{"set-aside", Category::kRuntime};
inline constexpr Kind kBadTime{"bad-time", Category::kUsage};
inline constexpr Kind kServiceRuns{"service-runs", Category::kRuntime};
inline constexpr Kind kNoRun{"no-run", Category::kUsage};
inline constexpr Kind kRunEnded{"run-ended", Category::kUsage};
inline constexpr Kind kNoBackfill{"no-backfill", Category::kUsage};
inline constexpr Kind kBackfillEnded{"backfill-ended", Category::kUsage};
inline constexpr Kind kNoTask{"no-task", Category::kUsage};
inline constexpr Kind kBadState{"bad-state", Category::kUsage};
inline constexpr Kind kNothingToRetry{"nothing-to-retry", Category::kUsage};
inline constexpr Kind kBadParams{"bad-params", Category::kUsage};
inline constexpr Kind kBadRange{"bad-range", Category::kUsage};
inline constexpr Kind kBadLoop{"bad-loop", Category::kRuntime};
inline constexpr Kind kBadCondition{"bad-condition", Category::kRuntime};
inline constexpr Kind kProcessFailed{"process-failed", Category::kRuntime};
inline constexpr Kind kHttpFailed{"http-failed", Category::kRuntime};
inline constexpr Kind kHttpRefused{"http-refused", Category::kRuntime};
inline constexpr Kind kSshRefused{"ssh-refused", Category::kRuntime};
inline constexpr Kind kWaitedInVain{"waited-in-vain", Category::kRuntime};
inline constexpr Kind kTriggeredRunFailed{"triggered-run-failed", Category::kRuntime};
inline constexpr Kind kTimedOut{"timed-out", Category::kRuntime};
inline constexpr Kind kTaskLost{"task-lost", Category::kRuntime};
inline constexpr Kind kStopped{"stopped", Category::kRuntime};
inline constexpr Kind kTestsNotPassed{"tests-not-passed", Category::kRuntime};
inline constexpr Kind kAlertRefused{"alert-refused", Category::kRuntime};
inline constexpr Kind kNoLog{"no-log", Category::kUsage};
inline constexpr Kind kBadEventTime{"bad-event-time", Category::kUsage};

}  // namespace stir::engine
