// Which stretches of time a microbatch model is built in, one statement each. Pure: the clock's time comes in as a
// value.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace stir::runtime {

enum class BatchSize : uint8_t { kHour, kDay, kMonth, kYear };
std::optional<BatchSize> BatchSizeFrom(std::string_view word);  // "hour", "day", "month", "year"

// Half open; starts on a boundary of its size.
struct Batch {
  Timestamp start{}, end{};
  auto operator<=>(const Batch&) const = default;
};

Timestamp Truncate(Timestamp time, BatchSize size);
// The boundary `count` batches after (or before) the one that `time` is in.
Timestamp Offset(Timestamp time, BatchSize size, int64_t count);
Timestamp Ceiling(Timestamp time, BatchSize size);

std::string BatchLabel(Timestamp start, BatchSize size);  // "2024", "2024-01", "2024-01-01", "2024-01-01T16"
std::string BatchId(Timestamp start, BatchSize size);     // the label without dashes

struct BatchRequest {
  std::string_view model{};  // its name, for errors
  BatchSize size = BatchSize::kDay;
  std::optional<Timestamp> begin{};
  int64_t lookback = 1;
  bool incremental = false;                 // the table is there and is added to
  std::optional<Timestamp> start{}, end{};  // --event-time-start, --event-time-end
  Timestamp now{};
};

// Oldest first; the last one ends where the request does. At least one.
Result<std::vector<Batch>> PlanBatches(const BatchRequest& request);

}  // namespace stir::runtime
