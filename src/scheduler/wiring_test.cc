#include "scheduler/wiring.h"

#include <gtest/gtest.h>

#include "scheduler/kinds.h"

namespace stir::scheduler {
namespace {

using List = std::vector<uint32_t>;

TEST(Wiring, NeedingAGroupIsNeedingWhatItEndsWith) {
  // 0 extract {1 a, 2 b -> 3 c}, 4 transform
  const std::vector<WiringItem> items = {{"extract", true, -1, {}, {}},
                                         {"a", false, 0, {}, {}},
                                         {"b", false, 0, {}, {}},
                                         {"c", false, 0, {2}, {}},
                                         {"transform", false, -1, {0}, {}}};
  const auto wired = Wire(items);
  ASSERT_TRUE(wired.ok());
  EXPECT_EQ(wired->needs[4], (List{1, 3}));
  EXPECT_EQ(wired->entries[0], (List{1, 2}));
  EXPECT_EQ(wired->exits[0], (List{1, 3}));
}

TEST(Wiring, WhatAGroupNeedsItsFirstTasksNeed) {
  // 0 first, 1 load {2 inner {3 x}, 4 y needs inner}
  const std::vector<WiringItem> items = {{"first", false, -1, {}, {}},
                                         {"load", true, -1, {0}, {}},
                                         {"inner", true, 1, {}, {}},
                                         {"x", false, 2, {}, {}},
                                         {"y", false, 1, {2}, {}}};
  const auto wired = Wire(items);
  ASSERT_TRUE(wired.ok());
  EXPECT_EQ(wired->needs[3], List{0});
  EXPECT_EQ(wired->needs[4], List{3});
}

TEST(Wiring, ChoosingAGroupChoosesItsFirstTasks) {
  const std::vector<WiringItem> items = {{"gate", false, -1, {}, {1, 4}},
                                         {"load", true, -1, {}, {}},
                                         {"a", false, 1, {}, {}},
                                         {"b", false, 1, {2}, {}},
                                         {"report", false, -1, {}, {}}};
  const auto wired = Wire(items);
  ASSERT_TRUE(wired.ok());
  EXPECT_EQ(wired->targets[0], (List{2, 4}));
  EXPECT_EQ(wired->needs[2], List{0});
  EXPECT_EQ(wired->needs[4], List{0});
}

TEST(Wiring, ACycleThroughAGroupIsFound) {
  const std::vector<WiringItem> items = {
      {"extract", true, -1, {2}, {}}, {"a", false, 0, {}, {}}, {"b", false, -1, {0}, {}}};
  const auto wired = Wire(items);
  ASSERT_FALSE(wired.ok());
  EXPECT_EQ(wired.error().front().kind, kTaskCycle);
  EXPECT_NE(wired.error().front().message.find("`b`"), std::string::npos);
}

TEST(Wiring, AnEmptyGroupHoldsNothingUp) {
  const std::vector<WiringItem> items = {{"empty", true, -1, {}, {}}, {"a", false, -1, {0}, {}}};
  EXPECT_EQ(Wire(items)->needs[1], List{});
}

}  // namespace
}  // namespace stir::scheduler
