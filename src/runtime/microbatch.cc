#include "runtime/microbatch.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/strings.h"
#include "runtime/kinds.h"

namespace stir::runtime {

namespace {

using std::chrono::hours;
using std::chrono::months;
using std::chrono::sys_days;
using std::chrono::year_month_day;
using std::chrono::years;

// A slip in `begin` or `batch_size` must not become a run of centuries.
constexpr size_t kMostBatches = 1'000'000;

constexpr std::array<std::pair<std::string_view, BatchSize>, 4> kSizes{
    {{"hour", BatchSize::kHour}, {"day", BatchSize::kDay}, {"month", BatchSize::kMonth}, {"year", BatchSize::kYear}}};

year_month_day DateOf(Timestamp time) { return year_month_day{std::chrono::floor<std::chrono::days>(time)}; }

Timestamp FirstOfMonth(year_month_day date) { return sys_days{date.year() / date.month() / 1}; }

}  // namespace

std::optional<BatchSize> BatchSizeFrom(std::string_view word) {
  const auto found = std::ranges::find(kSizes, word, &std::pair<std::string_view, BatchSize>::first);
  return found == kSizes.end() ? std::nullopt : std::optional(found->second);
}

Timestamp Truncate(Timestamp time, BatchSize size) {
  switch (size) {
    case BatchSize::kHour:
      return std::chrono::floor<hours>(time);
    case BatchSize::kDay:
      return std::chrono::floor<std::chrono::days>(time);
    case BatchSize::kMonth:
      return FirstOfMonth(DateOf(time));
    case BatchSize::kYear:
      return sys_days{DateOf(time).year() / 1 / 1};
  }
  return time;
}

Timestamp Offset(Timestamp time, BatchSize size, int64_t count) {
  const Timestamp boundary = Truncate(time, size);
  switch (size) {
    case BatchSize::kHour:
      return boundary + hours(count);
    case BatchSize::kDay:
      return boundary + std::chrono::days(count);
    case BatchSize::kMonth:
      return FirstOfMonth(DateOf(boundary) + months(count));
    case BatchSize::kYear:
      return sys_days{(DateOf(boundary) + years(count)).year() / 1 / 1};
  }
  return boundary;
}

Timestamp Ceiling(Timestamp time, BatchSize size) {
  const Timestamp boundary = Truncate(time, size);
  return boundary == time ? time : Offset(boundary, size, 1);
}

std::string BatchLabel(Timestamp start, BatchSize size) {
  const std::string whole = FormatTimestamp(start);  // 2024-01-01T16:...
  constexpr std::array<size_t, 4> kLengths{13, 10, 7, 4};
  return whole.substr(0, kLengths[static_cast<size_t>(size)]);
}

std::string BatchId(Timestamp start, BatchSize size) { return ReplaceAll(BatchLabel(start, size), "-", ""); }

namespace {

Result<Timestamp> FirstStart(const BatchRequest& request, Timestamp end) {
  if (request.start) return Truncate(*request.start, request.size);
  if (!request.incremental) {
    if (request.begin) return Truncate(*request.begin, request.size);
    return Diagnostic(kBadMicrobatch,
                      fmt::format("Microbatch model '{}' requires a 'begin' configuration.", request.model))
        .Hint("`begin` is the time of the first batch: begin: 2024-01-01");
  }
  // An end on a boundary belongs to the batch before it.
  const bool on_boundary = end == Truncate(end, request.size);
  return Offset(end, request.size, -(request.lookback + (on_boundary ? 1 : 0)));
}

}  // namespace

Result<std::vector<Batch>> PlanBatches(const BatchRequest& request) {
  const Timestamp end = Ceiling(request.end.value_or(request.now), request.size);
  STIR_ASSIGN(Timestamp start, FirstStart(request, end));
  std::vector<Batch> batches;
  do {
    const Timestamp next = Offset(start, request.size, 1);
    batches.push_back({start, next});
    start = next;
    if (batches.size() > kMostBatches)
      return Diagnostic(kBadMicrobatch,
                        fmt::format("Microbatch model '{}' would be built in more than {} batches, from {} on",
                                    request.model, kMostBatches, FormatTimestamp(batches.front().start)))
          .Hint("choose a later `begin` or a larger `batch_size`");
  } while (start < end);
  batches.back().end = end;
  return batches;
}

}  // namespace stir::runtime
