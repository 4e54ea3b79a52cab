#include "scheduler/state.h"

#include <array>

namespace stir::scheduler {
namespace {

constexpr std::array<std::string_view, 10> kStateNames = {"none",     "queued", "running", "up_for_retry",
                                                          "success",  "failed", "skipped", "upstream_failed",
                                                          "canceled", "removed"};
constexpr std::array<std::string_view, 13> kRuleNames = {
    "default",    "all_success", "all_failed", "all_done",    "all_done_min_one_success",    "all_skipped",
    "one_failed", "one_success", "one_done",   "none_failed", "none_failed_min_one_success", "none_skipped",
    "always"};

// `positive` when the rule holds; what it means that it does not, once all needs have ended.
TaskState OneOf(bool positive, const NeedCounts& needs, TaskState otherwise) {
  if (positive) return TaskState::kQueued;
  return needs.all_done() ? otherwise : TaskState::kNone;
}

bool AnyFailed(const NeedCounts& needs) { return needs.failed + needs.upstream_failed > 0; }

// Success is missing: because something failed, or only because something was skipped.
TaskState Missing(const NeedCounts& needs) {
  return AnyFailed(needs) ? TaskState::kUpstreamFailed : TaskState::kSkipped;
}

// All needs have ended.
TaskState EvaluateEnded(TriggerRule rule, const NeedCounts& needs) {
  const auto run_if = [](bool holds, TaskState otherwise) { return holds ? TaskState::kQueued : otherwise; };
  switch (rule) {
    case TriggerRule::kDefault:
    case TriggerRule::kAllSuccess:
      return run_if(needs.success == needs.total, Missing(needs));
    case TriggerRule::kAllFailed:
      return run_if(needs.failed + needs.upstream_failed == needs.total, TaskState::kSkipped);
    case TriggerRule::kAllDoneMinOneSuccess:
      return run_if(needs.success > 0, Missing(needs));
    case TriggerRule::kAllSkipped:
      return run_if(needs.skipped == needs.total, TaskState::kSkipped);
    case TriggerRule::kNoneFailed:
      return run_if(!AnyFailed(needs), TaskState::kUpstreamFailed);
    case TriggerRule::kNoneFailedMinOneSuccess:
      return run_if(!AnyFailed(needs) && (needs.success > 0), Missing(needs));
    case TriggerRule::kNoneSkipped:
      return run_if(needs.skipped == 0, TaskState::kSkipped);
    default:
      return TaskState::kQueued;
  }
}

template <typename Enum, size_t N>
std::optional<Enum> Parse(const std::array<std::string_view, N>& names, std::string_view text) {
  for (size_t i = 0; i < N; ++i)
    if (names[i] == text) return static_cast<Enum>(i);
  return std::nullopt;
}

}  // namespace

bool IsFinal(TaskState state) { return state >= TaskState::kSuccess; }

std::string_view ToString(TaskState state) { return kStateNames[static_cast<size_t>(state)]; }

std::optional<TaskState> ParseTaskState(std::string_view text) { return Parse<TaskState>(kStateNames, text); }

std::string_view ToString(TriggerRule rule) { return kRuleNames[static_cast<size_t>(rule)]; }

std::optional<TriggerRule> ParseTriggerRule(std::string_view text) {
  auto rule = Parse<TriggerRule>(kRuleNames, text);
  return rule == TriggerRule::kDefault ? std::nullopt : rule;
}

bool IsEarly(TriggerRule rule) {
  return rule == TriggerRule::kOneFailed || rule == TriggerRule::kOneSuccess || rule == TriggerRule::kOneDone ||
         rule == TriggerRule::kAlways;
}

TaskState Evaluate(TriggerRule rule, const NeedCounts& needs) {
  if (rule == TriggerRule::kAlways || needs.total == 0) return TaskState::kQueued;
  if (needs.all_done() && needs.canceled > 0) return TaskState::kCanceled;
  switch (rule) {
    case TriggerRule::kOneFailed:
      return OneOf(AnyFailed(needs), needs, TaskState::kSkipped);
    case TriggerRule::kOneSuccess:
      return OneOf(needs.success > 0, needs, Missing(needs));
    case TriggerRule::kOneDone:
      return OneOf(needs.success + needs.failed > 0, needs, TaskState::kSkipped);
    default:
      return needs.all_done() ? EvaluateEnded(rule, needs) : TaskState::kNone;
  }
}

}  // namespace stir::scheduler
