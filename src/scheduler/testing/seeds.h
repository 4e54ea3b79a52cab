// How many worlds a simulation lives through. STIR_SEEDS=10000 says how many, STIR_SEED=17 that it is this one again,
// STIR_MINUTES=60 that it goes on for so long. A seed replays exactly.
#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <optional>

namespace stir::scheduler::testing {

inline std::optional<uint64_t> NumberFrom(const char* variable) {
  const char* given = std::getenv(variable);
  if (given == nullptr) return std::nullopt;
  return std::strtoull(given, nullptr, 10);
}

// Stops at the first seed that fails.
template <typename Live>
void ForSeeds(uint64_t usually, const Live& live) {
  const auto only = NumberFrom("STIR_SEED");
  const uint64_t first = only.value_or(1), last = only.value_or(NumberFrom("STIR_SEEDS").value_or(usually));
  const auto begin = std::chrono::steady_clock::now();
  const std::chrono::minutes at_most(NumberFrom("STIR_MINUTES").value_or(0));
  const auto goes_on = [&](uint64_t seed) {
    if (at_most.count() > 0) return std::chrono::steady_clock::now() - begin < at_most;
    return seed <= last;
  };
  for (uint64_t seed = first; goes_on(seed) && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(fmt::format("again with STIR_SEED={}", seed));
    live(seed);
  }
}

}  // namespace stir::scheduler::testing
