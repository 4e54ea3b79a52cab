#include "scheduler/slot_desk.h"

#include <gtest/gtest.h>

#include <random>

namespace stir::scheduler {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Tickets = std::vector<SlotDesk::Ticket>;

SlotRequest Of(int64_t run, std::string pool, uint32_t slots = 1, int priority = 0, Duration since = {}) {
  return {
      .run = run, .pool = std::move(pool), .lane = {}, .slots = slots, .priority = priority, .rank = 0, .since = since};
}

TEST(SlotDesk, RunsTakeTurnsAndAFullPoolHoldsUpNobodyElse) {
  SlotDesk desk;
  desk.SetLimits({{"db", 2}, {"web", 1}});
  Tickets first, second;
  for (int i = 0; i < 5; ++i) first.push_back(desk.Ask(Of(1, "db")));
  EXPECT_EQ(desk.Grant({}), (Tickets{first[0], first[1]}));
  for (int i = 0; i < 2; ++i) second.push_back(desk.Ask(Of(2, "db")));
  const auto web = desk.Ask(Of(1, "web"));
  EXPECT_EQ(desk.Grant({}), Tickets{web}) << "another pool";
  desk.Return(first[0]);
  EXPECT_EQ(desk.Grant({}), Tickets{second[0]}) << "the run that has fewest goes first, whoever asked before";
  desk.Return(first[1]);
  EXPECT_EQ(desk.Grant({}), Tickets{first[2]});
  const auto free = desk.Ask(Of(3, "unlimited"));
  EXPECT_EQ(desk.Grant({}), Tickets{free});
}

TEST(SlotDesk, WhatRunsAlreadyHoldsItsSlotsAlsoWhereThereAreNone) {
  SlotDesk desk;
  desk.SetLimits({{"db", 1}});
  const auto held = desk.Hold(Of(1, "db"));
  const auto too = desk.Hold(Of(2, "db"));
  const auto waiting = desk.Ask(Of(3, "db"));
  EXPECT_TRUE(desk.Grant({}).empty());
  desk.Return(held);
  EXPECT_TRUE(desk.Grant({}).empty());
  desk.Return(too);
  EXPECT_EQ(desk.Grant({}), Tickets{waiting});
}

TEST(SlotDesk, EveryRunHasItsTurnAlsoWhereThereAreMoreRunsThanSlots) {
  SlotDesk desk;
  desk.SetLimits({{"db", 2}});
  std::map<SlotDesk::Ticket, int64_t> runs;
  for (int64_t run = 1; run <= 4; ++run)
    for (int i = 0; i < 3; ++i) runs[desk.Ask(Of(run, "db"))] = run;
  std::vector<int64_t> order;
  for (Tickets granted = desk.Grant({}); !granted.empty(); granted = desk.Grant({}))
    for (const auto ticket : granted) order.push_back(runs.at(ticket)), desk.Return(ticket);
  EXPECT_EQ(order, (std::vector<int64_t>{1, 2, 3, 4, 1, 2, 3, 4, 1, 2, 3, 4}));
}

TEST(SlotDesk, PriorityGoesFirstAndAgeCatchesUp) {
  SlotDesk desk;
  desk.SetLimits({{"db", 1}});
  const auto running = desk.Ask(Of(1, "db"));
  desk.Grant({});
  const auto low = desk.Ask(Of(2, "db", 1, -3, minutes(0)));
  const auto high = desk.Ask(Of(3, "db", 1, 0, minutes(0)));
  desk.Return(running);
  EXPECT_EQ(desk.Grant(minutes(1)), Tickets{high});
  const auto newer = desk.Ask(Of(4, "db", 1, 0, minutes(20)));
  desk.Return(high);
  EXPECT_EQ(desk.Grant(minutes(21)), Tickets{low}) << "it waited four times five minutes";
  desk.Return(low);
  EXPECT_EQ(desk.Grant(minutes(21)), Tickets{newer});
}

TEST(SlotDesk, ALargeRequestIsOvertakenForAMinuteAndNoLonger) {
  SlotDesk desk;
  desk.SetLimits({{"db", 4}});
  const auto one = desk.Ask(Of(1, "db"));
  desk.Grant({});
  const auto large = desk.Ask(Of(2, "db", 9));  // all that there is
  const auto small = desk.Ask(Of(3, "db", 1, 0, seconds(1)));
  EXPECT_EQ(desk.Grant(seconds(2)), Tickets{small});
  desk.Return(small);
  const auto late = desk.Ask(Of(3, "db", 1, 0, seconds(61)));
  EXPECT_TRUE(desk.Grant(seconds(62)).empty());
  desk.Return(one);
  EXPECT_EQ(desk.Grant(seconds(63)), Tickets{large});
  desk.Return(large);
  EXPECT_EQ(desk.Grant(seconds(64)), Tickets{late});
}

TEST(SlotDesk, ALimitThatShrinksTakesNothingBack) {
  SlotDesk desk;
  desk.SetLimits({{"db", 3}});
  const auto big = desk.Ask(Of(1, "db", 3));
  desk.Grant({});
  desk.SetLimits({{"db", 1}});
  const auto next = desk.Ask(Of(2, "db"));
  EXPECT_TRUE(desk.Grant({}).empty());
  desk.Return(big);
  EXPECT_EQ(desk.Grant({}), Tickets{next});
}

// Whatever is asked, returned and withdrawn: limits hold, nobody who fits waits while nobody waits long, and at the end
// all have been served.
TEST(SlotDesk, LimitsHoldAndEverybodyIsServed) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    std::mt19937_64 random(seed);
    SlotDesk desk;
    desk.SetLimits({{"a", 3}, {"b", 1}, {"lane", 4}});
    struct Asked {
      std::string pool;
      uint32_t slots = 0;
      bool granted = false;
    };
    std::map<SlotDesk::Ticket, Asked> all;
    Duration now{};
    int served = 0, asked = 0;
    for (int step = 0; step < 400 || !all.empty(); ++step) {
      ASSERT_LT(step, 5000) << "seed " << seed << ": somebody is never served";
      now += seconds(random() % 20);
      if (step < 400 && random() % 2 == 0) {
        SlotRequest request = Of(static_cast<int64_t>(random() % 4), random() % 2 == 0 ? "a" : "b",
                                 1 + static_cast<uint32_t>(random() % 3), static_cast<int>(random() % 3), now);
        if (random() % 2 == 0) request.lane = "lane";
        const std::string pool = request.pool;
        const uint32_t slots = pool == "b" ? 1 : request.slots;
        all.emplace(desk.Ask(std::move(request)), Asked{pool, slots, false});
        ++asked;
      }
      for (const auto ticket : desk.Grant(now)) all.at(ticket).granted = true, ++served;
      std::map<std::string, uint32_t> used;
      for (const auto& [ticket, each] : all)
        if (each.granted) used[each.pool] += each.slots;
      ASSERT_LE(used["a"], 3U);
      ASSERT_LE(used["b"], 1U);
      for (auto it = all.begin(); it != all.end();) {
        const bool ends = it->second.granted && random() % 3 == 0;
        if (ends) desk.Return(it->first);
        it = ends ? all.erase(it) : std::next(it);
      }
    }
    EXPECT_EQ(served, asked);
  }
}

}  // namespace
}  // namespace stir::scheduler
