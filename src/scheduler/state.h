// The words of scheduling: the states a task goes through, how an attempt ends, and the rules by which a task starts.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace stir::scheduler {

// Airflow's names. The last six are final; a task ends in exactly one of them.
enum class TaskState : uint8_t {
  kNone,    // waits for what it needs
  kQueued,  // may start, as soon as there is a worker and a slot
  kRunning,
  kUpForRetry,  // failed, and waits for its next attempt
  kSuccess,
  kFailed,
  kSkipped,         // a branch, a gate or its own rule left it out
  kUpstreamFailed,  // what it needs failed
  kCanceled,        // stopped by a user, a timeout of the run, or fail-fast
  kRemoved,         // its definition is gone; kept for the record
};

bool IsFinal(TaskState state);
std::string_view ToString(TaskState state);  // "none", "queued", "running", "up_for_retry", "success", ...
std::optional<TaskState> ParseTaskState(std::string_view text);

// When a task starts, by the states of what it needs. kDefault is all_success, and none_failed_min_one_success where
// branches join. A rule that looks at all needs is decided once all have ended, so the order of their ends never
// matters.
enum class TriggerRule : uint8_t {
  kDefault,
  kAllSuccess,
  kAllFailed,
  kAllDone,
  kAllDoneMinOneSuccess,
  kAllSkipped,
  kOneFailed,   // as soon as one failed
  kOneSuccess,  // as soon as one succeeded
  kOneDone,     // as soon as one succeeded or failed
  kNoneFailed,
  kNoneFailedMinOneSuccess,
  kNoneSkipped,
  kAlways,
};

std::string_view ToString(TriggerRule rule);  // "all_success", ...
std::optional<TriggerRule> ParseTriggerRule(std::string_view text);
// May fire before all needs have ended (one_* and always).
bool IsEarly(TriggerRule rule);

// How many of a task's needs stand where.
struct NeedCounts {
  uint32_t total = 0, success = 0, failed = 0, skipped = 0, upstream_failed = 0, canceled = 0;
  uint32_t done() const { return success + failed + skipped + upstream_failed + canceled; }
  bool all_done() const { return done() == total; }
};

// kQueued: start; kSkipped, kUpstreamFailed or kCanceled: end without running; kNone: too early to say.
TaskState Evaluate(TriggerRule rule, const NeedCounts& needs);

}  // namespace stir::scheduler
