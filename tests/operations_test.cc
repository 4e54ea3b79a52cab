// What people and a service do with runs, by the real binary: cancel, hold, clear, mark, what the record and the doctor
// say of it; pools that hold across runs, and runs that follow data.
#include <gtest/gtest.h>
#include <signal.h>

#include <fmt/format.h>
#include <chrono>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/json.h"
#include "tests/support/pipeline_project.h"

namespace stir {
namespace {

namespace fs = std::filesystem;
using testing_support::Ended;
using testing_support::WaitFor;
using testing_support::Words;
using namespace std::chrono_literals;

class OperationsTest : public testing_support::PipelineProject {
 protected:
  // What the doctor says of it; empty: nothing.
  std::string Why(std::string_view what) {
    for (const Json& finding : Listed({"doctor"}))
      if (finding["what"] == what) return finding["why"];
    return {};
  }
};

TEST_F(OperationsTest, ARunIsCanceledWhoeverWorksOnIt) {
  Tasks("      - {name: t, shell: sleep 60}\n      - {name: after, needs: [t], shell: echo}\n");
  const auto command = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(command->Says("t started"));
  EXPECT_EQ(Stir({"runs", "cancel", "1"}).code, 0);
  EXPECT_EQ(command->Wait().code, 1);
  EXPECT_EQ(States(), (Words{"t canceled(1)", "after canceled(0)"}));
  const Ended again = Stir({"runs", "cancel", "1"});
  EXPECT_EQ(again.code, 2);
  EXPECT_NE(again.out.find("run 1 has ended: it is canceled"), std::string::npos) << again.out;
  EXPECT_NE(Stir({"runs", "cancel", "7"}).out.find("there is no run 7"), std::string::npos);

  // One that nobody works on any more.
  const auto killed = Start({"pipeline", "run", "p", "--logical-date", "2026-01-02"});
  ASSERT_TRUE(killed->Says("t started"));
  killed->Signal(SIGKILL);
  killed->Wait();
  EXPECT_NE(Why("run 2 of p").find("nobody works on it"), std::string::npos);
  EXPECT_EQ(Stir({"runs", "cancel", "2"}).code, 0);
  EXPECT_EQ(Runs()[0]["state"], "canceled");
  const Json audit = Listed({"audit"});
  ASSERT_EQ(audit.size(), 4U) << audit.dump();
  EXPECT_EQ(audit[0]["action"], "cancel");
  EXPECT_EQ(audit[0]["subject"], "run 2 of p");
  EXPECT_EQ(audit[3]["action"], "run");
}

TEST_F(OperationsTest, AHoldLetsWhatRunsGoOnAndStartsNothing) {
  Tasks(
      "      - {name: a, shell: until test -e go; do sleep 0.05; done}\n      - {name: b, needs: [a], shell: echo b >> "
      "told}\n");
  const auto command = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(command->Says("a started"));
  EXPECT_EQ(Stir({"runs", "hold", "1"}).code, 0);
  Write("go", "");
  ASSERT_TRUE(WaitFor([&] { return States()[0] == "a success(1)"; }));
  std::this_thread::sleep_for(300ms);
  EXPECT_TRUE(Lines("told").empty());
  EXPECT_EQ(Why("run 1: b"), "its run is on hold");
  EXPECT_EQ(Stir({"runs", "release", "1"}).code, 0);
  EXPECT_EQ(command->Wait().code, 0);
  EXPECT_EQ(Lines("told"), Words{"b"});
}

TEST_F(OperationsTest, ClearingRunsAgainWhatIsNamedAndWhatFollows) {
  Tasks(
      "      - {name: a, shell: echo a >> told}\n"
      "      - {name: b, needs: [a], shell: echo b >> told}\n"
      "      - {name: c, needs: [b], shell: echo c >> told}\n"
      "      - {name: d, shell: echo d >> told}\n");
  EXPECT_EQ(Run().code, 0);
  fs::remove(project_ / "told");
  const Ended dry = Stir({"runs", "clear", "1", "b", "--dry-run"});
  EXPECT_EQ(dry.code, 0);
  EXPECT_NE(dry.out.find("b: success -> none"), std::string::npos) << dry.out;
  EXPECT_NE(dry.out.find("c: success -> none"), std::string::npos);
  EXPECT_EQ(dry.out.find("a: "), std::string::npos);
  EXPECT_TRUE(Lines("told").empty());
  EXPECT_EQ(Stir({"runs", "clear", "1", "b"}).code, 0);
  EXPECT_EQ(Lines("told"), (Words{"b", "c"}));
  EXPECT_EQ(Stir({"runs", "clear", "1", "b", "--only"}).code, 0);
  EXPECT_EQ(Lines("told"), (Words{"b", "c", "b"}));
  EXPECT_EQ(States(), (Words{"a success(1)", "b success(3)", "c success(2)", "d success(1)"}));
  const Ended wrong = Stir({"runs", "clear", "1", "bb"});
  EXPECT_EQ(wrong.code, 2);
  EXPECT_NE(wrong.out.find("run 1 has no task `bb`"), std::string::npos) << wrong.out;
}

TEST_F(OperationsTest, WhatIsMarkedLetsTheRestGoOn) {
  Tasks(
      "      - {name: a, shell: \"false\"}\n"
      "      - {name: b, needs: [a], shell: echo b >> told}\n");
  EXPECT_EQ(Run().code, 1);
  EXPECT_EQ(Stir({"runs", "mark", "1", "success", "a"}).code, 0);
  EXPECT_EQ(States(), (Words{"a success(1)", "b success(1)"}));
  EXPECT_EQ(Lines("told"), Words{"b"});
  EXPECT_EQ(Stir({"runs", "mark", "1", "running", "a"}).code, 2);
  EXPECT_EQ(Listed({"audit", "-n", "1"})[0]["action"], "mark success");
}

TEST_F(OperationsTest, ABackfillGoesOnWhereItWasHoweverItEnded) {
  Pipelines(
      "  - {name: p, schedule: \"@daily\", max_active_runs: 2, tasks: [{name: t, shell: \"echo {{ ds }} >> told; test "
      "{{ ds }} = "
      "2026-01-01 || until test -e go; do sleep 0.05; done\"}]}\n");
  const auto killed =
      Start({"pipeline", "backfill", "p", "--from", "2026-01-01", "--to", "2026-01-05", "--at-once", "7"});
  ASSERT_TRUE(WaitFor([&] { return Lines("told").size() == 3; })) << "two at once, after the first";
  killed->Signal(SIGKILL);
  killed->Wait();
  Json list = Listed({"backfills", "list"});
  EXPECT_EQ(list[0]["state"], "running");
  EXPECT_EQ(list[0]["intervals"], "5");
  EXPECT_EQ(list[0]["succeeded"], "1");
  // Canceled, it ends what it has begun.
  const auto resumed = Start({"backfills", "resume", "1"});
  ASSERT_TRUE(resumed->Says("for 2026-01-02: run ") && resumed->Says("for 2026-01-03: run ")) << resumed->Output();
  EXPECT_EQ(Stir({"backfills", "cancel", "1"}).code, 0);
  EXPECT_EQ(Stir({"backfills", "cancel", "1"}).code, 2) << "it is canceled already";
  Write("go", "");
  EXPECT_EQ(resumed->Wait().code, 1);
  EXPECT_EQ(Listed({"backfills", "list"})[0]["succeeded"], "3");
  EXPECT_EQ(Stir({"backfills", "resume", "1"}).code, 0);
  list = Listed({"backfills", "list"});
  EXPECT_EQ(list[0]["state"], "done");
  EXPECT_EQ(list[0]["succeeded"], "5");
  EXPECT_EQ(Runs().size(), 5U);
  EXPECT_EQ(Lines("told").size(), 5U) << "each day was run once";
  EXPECT_NE(Stir({"backfills", "resume", "2"}).out.find("there is no backfill 2"), std::string::npos);
}

TEST_F(OperationsTest, OldRunsAreForgottenAndTheNewestStays) {
  Tasks("      - {name: t, shell: echo hi}\n");
  for (const char* date : {"2026-01-01", "2026-01-02", "2026-01-03"}) EXPECT_EQ(Run("p", date).code, 0);
  EXPECT_EQ(Stir({"runs", "forget", "--older-than", "1h"}).out, "0 runs forgotten\n");
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(Stir({"runs", "forget", "--older-than", "1ms"}).out, "2 runs forgotten\n");
  ASSERT_EQ(Runs().size(), 1U);
  EXPECT_EQ(Runs()[0]["run"], "3");
  EXPECT_FALSE(fs::exists(project_ / ".stir/logs/1"));
  EXPECT_TRUE(fs::exists(project_ / ".stir/logs/3"));
}

// The pool's slots are counted while tasks run: by themselves, in a ledger.
TEST_F(OperationsTest, PoolsHoldAcrossTheRunsOfAServiceAndRunsTakeTurns) {
  Write("stir/pools.yml", "version: 1\npools: {two: 2}\n");
  std::string pipelines;
  for (const char name : {'a', 'b', 'c'})
    pipelines += fmt::format(
        "  - name: {0}\n    schedule: none\n    tasks:\n"
        "      - {{name: t, for_each: [1, 2, 3, 4], pool: two, shell: \"echo +{0} >> ledger; sleep 0.5; echo -{0} >> "
        "ledger\"}}\n",
        name);
  Pipelines(
      pipelines +
      "  - name: all\n    schedule: none\n    tasks: [{name: go, for_each: [a, b, c], trigger: \"{{ item }}\"}]\n");
  const auto service = Start({"up"});
  ASSERT_TRUE(service->Says("service started")) << service->Output();
  const Ended run = Run("all");
  EXPECT_EQ(run.code, 0) << run.out;
  ASSERT_TRUE(WaitFor([&] { return Lines("ledger").size() >= 24; })) << service->Output();
  int running = 0, most = 0;
  std::map<char, size_t> first;
  const Words ledger = Lines("ledger");
  for (size_t i = 0; i < ledger.size(); ++i) {
    running += ledger[i][0] == '+' ? 1 : -1;
    most = std::max(most, running);
    first.emplace(ledger[i][1], i);
  }
  EXPECT_EQ(most, 2);
  for (const auto& [pipeline, line] : first) EXPECT_LT(line, 14U) << pipeline << " had to wait for the others to end";
}

TEST_F(OperationsTest, AScheduleOnDataFollowsWhatOthersRenew) {
  Write("models/orders.sql", "select 1 as id");
  Write("models/items.sql", "select 1 as id");
  Pipelines(
      "  - {name: make, schedule: none, tasks: [{name: b, build: orders}]}\n"
      "  - {name: more, schedule: none, tasks: [{name: b, build: items}]}\n"
      "  - name: any\n    schedule: {on: [\"ref('orders')\", \"ref('items')\"]}\n"
      "    tasks: [{name: t, shell: echo any >> told}]\n"
      "  - name: all\n    schedule: {on: [\"ref('orders')\", \"ref('items')\"], when: all}\n"
      "    tasks: [{name: t, shell: echo all >> told}]\n");
  auto service = Start({"up"});
  ASSERT_TRUE(service->Says("service started")) << service->Output();
  EXPECT_EQ(Run("make").code, 0);
  ASSERT_TRUE(WaitFor([&] { return Lines("told").size() == 1; })) << service->Output();
  EXPECT_EQ(Lines("told"), Words{"any"});
  EXPECT_EQ(Why("pipeline all"), "waits for model.shop.items");
  // What is renewed while the service is down is taken in by the next one, once.
  service->Signal(SIGKILL);
  service->Wait();
  EXPECT_EQ(Run("more").code, 0);
  EXPECT_EQ(Run("more", "2026-01-02").code, 0);
  service = Start({"up"});
  ASSERT_TRUE(WaitFor([&] { return Lines("told").size() == 3; })) << service->Output();
  Words told = Lines("told");
  std::sort(told.begin(), told.end());
  EXPECT_EQ(told, (Words{"all", "any", "any"}));
  std::this_thread::sleep_for(300ms);
  EXPECT_EQ(Lines("told").size(), 3U);
  // Its intervals follow each other.
  std::map<std::string, std::vector<std::string>> dates;
  for (const Json& run : Runs()) dates[run["pipeline"]].push_back(run["logical_date"]);
  EXPECT_EQ(dates["any"].size(), 2U);
}

}  // namespace
}  // namespace stir
