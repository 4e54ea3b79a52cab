#include "scheduler/retry.h"

#include <algorithm>

namespace stir::scheduler {
namespace {

// SplitMix64's finaliser: well mixed bits from a seed and a counter.
uint64_t Mix(uint64_t x) {
  x += 0x9e3779b97f4a7c15ULL;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
  return x ^ (x >> 31);
}

// Multiplies until the cap is reached, so no number of failures can overflow.
double Grown(const RetryPolicy& policy, int failures, double cap) {
  double wait = static_cast<double>(policy.delay.count());
  if (policy.backoff == Backoff::kConstant || policy.factor <= 1) return std::min(wait, cap);
  for (int i = 1; i < failures && wait > 0 && wait < cap; ++i) wait *= policy.factor;
  return std::min(wait, cap);
}

}  // namespace

Duration RetryDelay(const RetryPolicy& policy, int failures, uint64_t seed) {
  const double cap = static_cast<double>(std::max<Duration::rep>(0, policy.max_delay.count()));
  const double wait = std::max(0.0, Grown(policy, failures, cap));
  const double unit = static_cast<double>(Mix(seed ^ Mix(static_cast<uint64_t>(failures))) >> 11) * 0x1.0p-53;
  const double taken = wait * std::clamp(policy.jitter, 0.0, 1.0) * unit;
  return Duration(static_cast<Duration::rep>(wait - taken));
}

}  // namespace stir::scheduler
