#include "runtime/microbatch.h"

#include <gtest/gtest.h>

namespace stir::runtime {
namespace {

Timestamp At(std::string_view text) { return *ParseTimestamp(text); }

std::vector<std::string> Labels(const BatchRequest& request) {
  const Result<std::vector<Batch>> batches = PlanBatches(request);
  EXPECT_TRUE(batches.ok());
  std::vector<std::string> labels;
  for (const Batch& batch : *batches) labels.push_back(BatchLabel(batch.start, request.size));
  return labels;
}

TEST(Microbatch, TimesAreCutToBoundaries) {
  const Timestamp time = At("2024-09-17 16:06:00");
  EXPECT_EQ(Truncate(time, BatchSize::kHour), At("2024-09-17 16:00:00"));
  EXPECT_EQ(Truncate(time, BatchSize::kYear), At("2024-01-01"));
  EXPECT_EQ(Offset(time, BatchSize::kMonth, -1), At("2024-08-01"));
  EXPECT_EQ(Offset(time, BatchSize::kMonth, 4), At("2025-01-01"));
  EXPECT_EQ(Offset(time, BatchSize::kYear, 1), At("2025-01-01"));
  EXPECT_EQ(Ceiling(time, BatchSize::kDay), At("2024-09-18"));
  EXPECT_EQ(Ceiling(At("2024-09-17"), BatchSize::kDay), At("2024-09-17"));
}

TEST(Microbatch, FirstRunStartsAtBegin) {
  const std::vector<std::string> days{"2024-01-01", "2024-01-02", "2024-01-03"};
  EXPECT_EQ(Labels({.begin = At("2024-01-01 05:00:00"), .now = At("2024-01-03 12:00:00")}), days);
}

TEST(Microbatch, LaterRunsLookBack) {
  const std::vector<std::string> inside{"2024-01-02", "2024-01-03"};
  EXPECT_EQ(Labels({.lookback = 1, .incremental = true, .now = At("2024-01-03 12:00:00")}), inside);
  const std::vector<std::string> on_boundary{"2024-01-01", "2024-01-02"};
  EXPECT_EQ(Labels({.lookback = 1, .incremental = true, .now = At("2024-01-03")}), on_boundary);
}

TEST(Microbatch, GivenTimesWin) {
  const std::vector<std::string> hours{"2024-01-01T22", "2024-01-01T23"};
  EXPECT_EQ(Labels({.size = BatchSize::kHour,
                    .begin = At("2020-01-01"),
                    .start = At("2024-01-01 22:30:00"),
                    .end = At("2024-01-02"),
                    .now = At("2025-01-01")}),
            hours);
}

TEST(Microbatch, IdsHaveNoDashes) {
  EXPECT_EQ(BatchId(At("2024-01-01 16:00:00"), BatchSize::kHour), "20240101T16");
  EXPECT_EQ(BatchId(At("2024-01-01"), BatchSize::kMonth), "202401");
}

TEST(Microbatch, ImpossibleRequestsAreErrors) {
  EXPECT_FALSE(PlanBatches({.model = "m", .now = At("2024-01-01")}).ok());  // no begin
  EXPECT_FALSE(PlanBatches({.size = BatchSize::kHour, .begin = At("1000-01-01"), .now = At("2024-01-01")}).ok());
}

}  // namespace
}  // namespace stir::runtime
