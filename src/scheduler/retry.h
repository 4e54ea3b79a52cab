// When a failed attempt is tried again. Pure arithmetic: no clock and no random source, so the same attempt always
// waits the same time and a recovered run agrees with the one that was interrupted.
#pragma once

#include <cstdint>

#include "base/clock.h"

namespace stir::scheduler {

enum class Backoff : uint8_t { kConstant, kExponential };

struct RetryPolicy {
  int retries = 0;  // attempts after the first
  Duration delay = std::chrono::minutes(5);
  Backoff backoff = Backoff::kConstant;
  double factor = 2;                           // of exponential backoff
  Duration max_delay = std::chrono::hours(1);  // the wait never exceeds it, jitter included
  double jitter = 0;                           // share of the wait that may be taken off, 0 to 1
};

// The wait after the `failures`-th failed attempt (1 or more): min(max_delay, delay * factor^(failures - 1)), less a
// share that depends only on `seed` and `failures`. Saturates at max_delay for any number of failures.
Duration RetryDelay(const RetryPolicy& policy, int failures, uint64_t seed);

}  // namespace stir::scheduler
