#include "scheduler/state.h"

#include <gtest/gtest.h>

#include "scheduler/retry.h"

namespace stir::scheduler {
namespace {

using Rule = TriggerRule;
using State = TaskState;

NeedCounts Needs(uint32_t total, uint32_t success, uint32_t failed, uint32_t skipped, uint32_t upstream_failed) {
  return {.total = total, .success = success, .failed = failed, .skipped = skipped, .upstream_failed = upstream_failed};
}

struct RuleCase {
  Rule rule;
  NeedCounts needs;
  State verdict;
};

TEST(TriggerRules, Table) {
  const NeedCounts good = Needs(2, 2, 0, 0, 0), bad = Needs(2, 1, 1, 0, 0), both_bad = Needs(2, 0, 1, 0, 1),
                   skip = Needs(2, 1, 0, 1, 0), both_skipped = Needs(2, 0, 0, 2, 0), half = Needs(2, 1, 0, 0, 0),
                   half_bad = Needs(2, 0, 1, 0, 0), nothing = Needs(2, 0, 0, 0, 0), bad_and_skip = Needs(2, 0, 1, 1, 0);
  const State run = State::kQueued, no = State::kSkipped, up = State::kUpstreamFailed, wait = State::kNone;
  const std::vector<RuleCase> cases = {
      {Rule::kAllSuccess, good, run},
      {Rule::kAllSuccess, bad, up},
      {Rule::kAllSuccess, skip, no},
      {Rule::kAllSuccess, half, wait},
      {Rule::kAllSuccess, half_bad, wait},
      {Rule::kAllSuccess, bad_and_skip, up},
      {Rule::kAllFailed, both_bad, run},
      {Rule::kAllFailed, bad, no},
      {Rule::kAllDone, bad, run},
      {Rule::kAllDone, half, wait},
      {Rule::kAllDoneMinOneSuccess, bad, run},
      {Rule::kAllDoneMinOneSuccess, both_bad, up},
      {Rule::kAllDoneMinOneSuccess, both_skipped, no},
      {Rule::kAllSkipped, both_skipped, run},
      {Rule::kAllSkipped, skip, no},
      {Rule::kOneFailed, half_bad, run},
      {Rule::kOneFailed, good, no},
      {Rule::kOneFailed, half, wait},
      {Rule::kOneSuccess, half, run},
      {Rule::kOneSuccess, both_bad, up},
      {Rule::kOneSuccess, both_skipped, no},
      {Rule::kOneDone, half, run},
      {Rule::kOneDone, both_skipped, no},
      {Rule::kOneDone, nothing, wait},
      {Rule::kNoneFailed, skip, run},
      {Rule::kNoneFailed, both_skipped, run},
      {Rule::kNoneFailed, bad, up},
      {Rule::kNoneFailedMinOneSuccess, skip, run},
      {Rule::kNoneFailedMinOneSuccess, both_skipped, no},
      {Rule::kNoneFailedMinOneSuccess, bad, up},
      {Rule::kNoneSkipped, bad, run},
      {Rule::kNoneSkipped, skip, no},
      {Rule::kAlways, nothing, run},
  };
  for (const RuleCase& each : cases)
    EXPECT_EQ(Evaluate(each.rule, each.needs), each.verdict)
        << ToString(each.rule) << " s" << each.needs.success << " f" << each.needs.failed << " k" << each.needs.skipped;
}

TEST(TriggerRules, ATaskWithoutNeedsRunsUnderEveryRule) {
  for (int rule = 1; rule <= static_cast<int>(Rule::kAlways); ++rule)
    EXPECT_EQ(Evaluate(static_cast<Rule>(rule), {}), State::kQueued) << rule;
}

TEST(Names, RoundTrip) {
  for (int i = 0; i <= static_cast<int>(State::kRemoved); ++i)
    EXPECT_EQ(ParseTaskState(ToString(static_cast<State>(i))), static_cast<State>(i));
  for (int i = 1; i <= static_cast<int>(Rule::kAlways); ++i)
    EXPECT_EQ(ParseTriggerRule(ToString(static_cast<Rule>(i))), static_cast<Rule>(i));
  EXPECT_EQ(ParseTriggerRule("default"), std::nullopt);
  EXPECT_EQ(ParseTaskState("done"), std::nullopt);
}

TEST(Retry, GrowsToTheCapAndNeverOverflows) {
  const RetryPolicy policy{.retries = 5000,
                           .delay = std::chrono::minutes(5),
                           .backoff = Backoff::kExponential,
                           .factor = 2,
                           .max_delay = std::chrono::hours(1)};
  EXPECT_EQ(RetryDelay(policy, 1, 0), Duration(std::chrono::minutes(5)));
  EXPECT_EQ(RetryDelay(policy, 3, 0), Duration(std::chrono::minutes(20)));
  EXPECT_EQ(RetryDelay(policy, 5, 0), Duration(std::chrono::hours(1)));
  EXPECT_EQ(RetryDelay(policy, 100000, 0), Duration(std::chrono::hours(1)));
  RetryPolicy constant = policy;
  constant.backoff = Backoff::kConstant;
  EXPECT_EQ(RetryDelay(constant, 100000, 0), Duration(std::chrono::minutes(5)));
}

TEST(Retry, JitterStaysBelowTheCapAndIsTheSameEveryTime) {
  RetryPolicy policy{.retries = 9,
                     .delay = std::chrono::seconds(10),
                     .backoff = Backoff::kExponential,
                     .factor = 3,
                     .max_delay = std::chrono::minutes(1),
                     .jitter = 0.5};
  for (int failures = 1; failures < 50; ++failures) {
    for (uint64_t seed = 0; seed < 20; ++seed) {
      const Duration wait = RetryDelay(policy, failures, seed);
      EXPECT_LE(wait, policy.max_delay);
      EXPECT_GE(wait, std::chrono::seconds(5));
      EXPECT_EQ(wait, RetryDelay(policy, failures, seed));
    }
  }
  EXPECT_NE(RetryDelay(policy, 5, 1), RetryDelay(policy, 5, 2));
}

}  // namespace
}  // namespace stir::scheduler
