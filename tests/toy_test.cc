// Twenty-five things that small schedulers get wrong, each done right, by the real binary where it can be seen there.
// The numbers are those of the list that schedulers are compared by; what a number says is its test's name. Those that
// need a clock to be set are in the simulations of src/scheduler.
#include <gtest/gtest.h>
#include <signal.h>

#include <fmt/format.h>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <thread>

#include "base/clock.h"
#include "base/json.h"
#include "tests/support/pipeline_project.h"

namespace stir {
namespace {

namespace fs = std::filesystem;
using testing_support::Child;
using testing_support::Ended;
using testing_support::IsAlive;
using testing_support::WaitFor;
using testing_support::Words;
using namespace std::chrono_literals;

class Toy : public testing_support::PipelineProject {
 protected:
  // Due times in UTC: "03-07T07:30".
  Words Due(const std::string& cron, const std::string& zone, const std::string& now, int count) {
    Pipelines(fmt::format("  - {{name: p, schedule: \"{}\", timezone: {}, tasks: [{{name: t, shell: echo}}]}}\n", cron,
                          zone));
    setenv("STIR_NOW", now.c_str(), 1);
    Words due;
    for (const Json& time : Listed({"pipeline", "next", "p", "-n", std::to_string(count)})) {
      due.push_back(FormatTimestamp(At(time["due"])).substr(5, 11));
      intervals_.emplace_back(time["interval_start"], time["interval_end"]);
    }
    unsetenv("STIR_NOW");
    return due;
  }
  // "2026-03-29 03:00+02:00"
  static Timestamp At(const std::string& text) { return *ParseTimestamp(text.substr(0, 16) + ":00" + text.substr(16)); }
  std::unique_ptr<Child> Serve() {
    auto service = Start({"up"});
    EXPECT_TRUE(service->Says("service started")) << service->Output();
    return service;
  }
  static void Kill(Child& child) {
    child.Signal(SIGKILL);
    child.Wait();
  }
  std::vector<std::pair<std::string, std::string>> intervals_;
};

TEST_F(Toy, N01_ClocksThatChangeSkipAndDoubleNothing) {
  EXPECT_EQ(Due("30 2 * * *", "America/New_York", "2026-03-07T06:00:00Z", 3),
            (Words{"03-07T07:30", "03-08T07:00", "03-09T06:30"}));
  EXPECT_EQ(Due("30 1 * * *", "America/New_York", "2026-10-31T05:00:00Z", 3),
            (Words{"10-31T05:30", "11-01T05:30", "11-02T06:30"}));
  EXPECT_EQ(Due("0 * * * *", "America/New_York", "2026-11-01T03:30:00Z", 4),
            (Words{"11-01T04:00", "11-01T05:00", "11-01T06:00", "11-01T07:00"}));
  EXPECT_EQ(Due("0 0 * * *", "Africa/Cairo", "2026-04-22T21:00:00Z", 3),
            (Words{"04-22T22:00", "04-23T22:00", "04-24T21:00"}));
  EXPECT_EQ(Due("45 1 * * *", "Australia/Lord_Howe", "2026-04-03T14:00:00Z", 3),
            (Words{"04-03T14:45", "04-04T14:45", "04-05T15:15"}));
  EXPECT_EQ(Due("*/5 * * * *", "Europe/Berlin", "2026-03-28T23:00:00Z", 276).back(), "03-29T22:00");
  EXPECT_EQ(Due("*/5 * * * *", "Europe/Berlin", "2026-10-24T22:00:00Z", 300).back(), "10-25T23:00");
}

TEST_F(Toy, N02_IntervalsFollowEachOtherHoweverLongADayIs) {
  Due("@daily", "America/Santiago", "2026-09-04T12:00:00Z", 6);
  for (size_t i = 1; i < intervals_.size(); ++i) EXPECT_EQ(intervals_[i - 1].second, intervals_[i].first);
  for (const auto& [start, end] : intervals_) EXPECT_LT(At(start), At(end));
  // By hand the last complete one is run.
  setenv("STIR_NOW", "2026-09-06T12:00:00Z", 1);
  EXPECT_EQ(Stir({"pipeline", "run", "p"}).code, 0);
  unsetenv("STIR_NOW");
  EXPECT_EQ(Runs()[0]["logical_date"], "2026-09-05 04:00:00");
}

TEST_F(Toy, N03_AfterADowntimeWhatWasMissedIsDoneAsAsked) {
  Pipelines(
      "  - {name: last, schedule: {every: 1s}, tasks: [{name: t, shell: echo}]}\n"
      "  - {name: all, schedule: {every: 1s}, missed: all, tasks: [{name: t, shell: echo}]}\n"
      "  - {name: none, schedule: {every: 1h}, missed: none, tasks: [{name: t, shell: echo}]}\n");
  const auto first = Serve();
  ASSERT_TRUE(WaitFor([&] { return Runs().size() >= 4; }));
  Kill(*first);
  std::this_thread::sleep_for(4s);
  const auto second = Serve();
  ASSERT_TRUE(second->Says("intervals) dropped: missed: last")) << second->Output();
  std::this_thread::sleep_for(1500ms);
  Kill(*second);
  std::map<std::string, std::set<std::string>> dates;
  for (const Json& run : Runs()) EXPECT_TRUE(dates[run["pipeline"]].insert(run["logical_date"]).second);
  const auto seconds = *ParseTimestamp(*dates["all"].rbegin()) - *ParseTimestamp(*dates["all"].begin());
  EXPECT_EQ(std::chrono::seconds(dates["all"].size() - 1), seconds) << "an interval is missing";
  EXPECT_LT(dates["last"].size() + 2, dates["all"].size());
}

TEST_F(Toy, N04_AnEditedScheduleReplaysNothing) {
  const auto every = [&](std::string_view period) {
    Pipelines(fmt::format(
        "  - {{name: p, schedule: {{every: {}}}, missed: all, max_active_runs: 4, tasks: [{{name: t, shell: "
        "\"echo {{{{ data_interval_start }}}} {{{{ data_interval_end }}}} >> ledger\"}}]}}\n",
        period));
  };
  every("1s");
  const auto service = Serve();
  ASSERT_TRUE(WaitFor([&] { return Lines("ledger").size() >= 2; }));
  every("2s");
  ASSERT_TRUE(service->Says("pipeline p was changed")) << service->Output();
  const size_t before = Lines("ledger").size();
  ASSERT_TRUE(WaitFor([&] { return Lines("ledger").size() >= before + 2; }));
  Kill(*service);
  std::set<std::pair<std::string, std::string>> intervals;  // "2026-01-01 00:00:00+00:00", twice
  for (const std::string& line : Lines("ledger"))
    EXPECT_TRUE(intervals.emplace(line.substr(0, 25), line.substr(26)).second) << "twice: " << line;
  for (auto it = std::next(intervals.begin()); it != intervals.end(); ++it) EXPECT_EQ(std::prev(it)->second, it->first);
}

TEST_F(Toy, N06_TwoThatScheduleMakeOneRunAndOneAlert) {
  Pipelines("  - {name: p, schedule: {every: 1h}, on_failure: [alerts], tasks: [{name: t, shell: \"false\"}]}\n",
            "{alerts: {type: files, root: alerts}}");
  const auto service = Serve();
  const auto refused = Start({"up"});
  EXPECT_EQ(refused->Wait().code, 2) << "a second service";
  EXPECT_EQ(Run("p", "2026-01-01").code, 1);
  EXPECT_EQ(Stir({"runs", "retry", "1"}).code, 1);
  Kill(*service);
  size_t alerts = 0;
  for ([[maybe_unused]] const auto& each : fs::directory_iterator(project_ / "alerts")) ++alerts;
  EXPECT_EQ(alerts, 2U) << "one for each attempt that failed";
}

TEST_F(Toy, N07_N23_WhatRunsIsNotRunASecondTime) {
  Tasks("      - {name: t, shell: echo t >> told; until test -e go; do sleep 0.05; done}\n");
  const auto first = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(WaitFor([&] { return !Lines("told").empty(); }));
  for (Words words : {Words{"pipeline", "run", "p", "--logical-date", "2026-01-01"}, Words{"runs", "retry", "1"},
                      Words{"runs", "clear", "1", "t"}, Words{"runs", "mark", "1", "success", "t"}}) {
    const Ended refused = Stir(words);
    EXPECT_EQ(refused.code, 2) << refused.out;
    EXPECT_NE(refused.out.find("another process runs pipeline `p`"), std::string::npos) << refused.out;
  }
  Write("go", "");
  EXPECT_EQ(first->Wait().code, 0);
  EXPECT_EQ(Lines("told"), Words{"t"});
}

TEST_F(Toy, N08_LimitsHoldForWhoeverStartsARun) {
  Pipelines(
      "  - {name: p, schedule: none, max_active_runs: 2, tasks: [{name: t, shell: until test -e go; do sleep 0.05; "
      "done}]}\n");
  std::vector<std::unique_ptr<Child>> runs;
  for (int day = 1; day <= 2; ++day) {
    runs.push_back(Start({"pipeline", "run", "p", "--logical-date", fmt::format("2026-01-0{}", day)}));
    ASSERT_TRUE(runs.back()->Says("t started"));
  }
  const Ended third = Run("p", "2026-01-03");
  EXPECT_EQ(third.code, 2);
  EXPECT_NE(third.out.find("`max_active_runs` is 2"), std::string::npos) << third.out;
  Write("go", "");
  for (const auto& run : runs) EXPECT_EQ(run->Wait().code, 0);
}

// More of it in outlive_test.cc.
TEST_F(Toy, N10_ATaskOfADeadServiceGoesOnAndIsTakenUp) {
  Pipelines(
      "  - {name: p, schedule: none, tasks: [{name: t, shell: \"echo $$ >> pids; until test -e again; do sleep 0.05; "
      "done\"}]}\n"
      "  - {name: go, schedule: {every: 1h}, missed: all, start: 2026-01-01, end: 2026-01-01T00:30:00Z, tasks: [{name: "
      "t, "
      "trigger: p}]}\n");
  const auto service = Serve();
  ASSERT_TRUE(WaitFor([&] { return Lines("pids").size() == 1; })) << service->Output();
  Kill(*service);
  EXPECT_TRUE(IsAlive(std::stoi(Lines("pids")[0])));
  const auto next = Serve();
  Write("again", "");
  ASSERT_TRUE(WaitFor([&] {
    for (const Json& run : Runs())
      if (run["pipeline"] == "p" && run["state"] == "success") return true;
    return false;
  })) << next->Output();
  Kill(*next);
  EXPECT_EQ(Lines("pids").size(), 1U) << "it ran once";
}

TEST_F(Toy, N11_AKilledTaskHasFailedAndIsTriedAgain) {
  Tasks("      - {name: t, retries: 1, shell: \"test -e again || { touch again; kill -9 $$; }\"}\n");
  const Ended run = Run();
  EXPECT_EQ(run.code, 0) << run.out;
  EXPECT_NE(run.out.find("was ended by signal 9"), std::string::npos) << run.out;
  EXPECT_EQ(States(), Words{"t success(2)"});
}

TEST_F(Toy, N13_ATimeoutEndsWhatTheShellStarted) {
  Tasks("      - {name: t, timeout: 300ms, shell: \"(trap '' TERM; sleep 300) & echo $! > pid; wait\"}\n");
  EXPECT_EQ(Run().code, 1);
  EXPECT_TRUE(WaitFor([&] { return !IsAlive(std::stoi(Lines("pid")[0])); }));
}

TEST_F(Toy, N15_TheLogHasEveryLineOfEveryAttemptAndNoSecret) {
  setenv("STIR_SECRET_KEY", "s3cr3t-word", 1);
  Tasks(
      "      - {name: t, retries: 1, env: {KEY: \"{{ secret('key') }}\"}, shell: \"for i in $(seq 2000); do echo line "
      "$i; done; echo "
      "$KEY; echo last; kill -9 $$\"}\n");
  EXPECT_EQ(Run().code, 1);
  for (const char* attempt : {"1", "2"}) {
    const std::string log = Stir({"runs", "logs", "1", "--attempt", attempt}).out;
    EXPECT_NE(log.find(" line 2000\n"), std::string::npos);
    EXPECT_NE(log.find(" last\n"), std::string::npos);
    EXPECT_EQ(log.find("s3cr3t-word"), std::string::npos);
  }
}

TEST_F(Toy, N17_ABackfillLeavesDoneWorkAloneAndSaysBeforehandWhatItWillDo) {
  Pipelines(
      "  - {name: p, schedule: \"@daily\", tasks: [{name: t, shell: \"echo {{ ds }} >> told; test {{ ds }} != "
      "2026-01-03 || test "
      "-e good\"}]}\n");
  EXPECT_EQ(Run("p", "2026-01-02").code, 0);
  const Words all = {"pipeline", "backfill", "p", "--from", "2026-01-01", "--to", "2026-01-04", "--rerun", "missing"};
  Words dry = all;
  dry.emplace_back("--dry-run");
  EXPECT_NE(Stir(dry).out.find("3 intervals"), std::string::npos);
  EXPECT_EQ(Lines("told"), Words{"2026-01-02"});
  EXPECT_EQ(Stir(all).code, 1);
  EXPECT_EQ(Lines("told"), (Words{"2026-01-02", "2026-01-01", "2026-01-03", "2026-01-04"}))
      << "it goes on after a failure";
  Write("good", "");
  EXPECT_EQ(Stir({"pipeline", "backfill", "p", "--from", "2026-01-01", "--to", "2026-01-04", "--rerun", "failed"}).code,
            0);
  EXPECT_EQ(Lines("told").size(), 5U);
}

TEST_F(Toy, N18_APauseBeginsNothingAndFreezesNothing) {
  Pipelines(
      "  - {name: p, schedule: {every: 1s}, tasks: [{name: t, shell: echo begun >> told; sleep 1; echo done >> "
      "told}]}\n");
  const auto service = Serve();
  ASSERT_TRUE(WaitFor([&] { return !Lines("told").empty(); }));
  EXPECT_EQ(Stir({"pipeline", "pause", "p"}).code, 0);
  ASSERT_TRUE(service->Says("pipeline p is paused"));
  ASSERT_TRUE(WaitFor([&] { return Lines("told").size() % 2 == 0; })) << "what runs goes on";
  const size_t before = Lines("told").size();
  std::this_thread::sleep_for(2500ms);
  EXPECT_EQ(Lines("told").size(), before);
  Kill(*service);
}

TEST_F(Toy, N19_ARunKeepsTheDefinitionItBeganWith) {
  const auto tasks = [&](std::string_view second) {
    Pipelines(fmt::format(
        "  - {{name: p, schedule: {{every: 2s}}, tasks: [{{name: a, shell: echo a >> told; until test -e go; do sleep "
        "0.05; done}}, {{name: b, needs: [a], shell: echo {} >> told}}]}}\n",
        second));
  };
  tasks("old");
  const auto service = Serve();
  ASSERT_TRUE(WaitFor([&] { return !Lines("told").empty(); }));
  tasks("new");
  ASSERT_TRUE(service->Says("pipeline p was changed"));
  Write("go", "");
  ASSERT_TRUE(WaitFor([&] { return Lines("told").size() >= 4; }));
  Kill(*service);
  EXPECT_EQ(Lines("told")[1], "old");
  EXPECT_EQ(Lines("told")[3], "new");
}

TEST_F(Toy, N21_ADeadlineIsToldWhileTheRunGoesOnAndOnce) {
  Pipelines(
      "  - {name: p, schedule: none, deadline: {after: 200ms, notify: [alerts]}, tasks: [{name: t, shell: until ls "
      "alerts/* "
      "2>/dev/null; do sleep 0.05; done; sleep 0.5}]}\n",
      "{alerts: {type: files, root: alerts}}");
  EXPECT_EQ(Run().code, 0);
  size_t alerts = 0;
  for ([[maybe_unused]] const auto& each : fs::directory_iterator(project_ / "alerts")) ++alerts;
  EXPECT_EQ(alerts, 1U);
}

TEST_F(Toy, N22_ARunFailsWithAnyTaskThatWasNotAllowedTo) {
  Tasks("      - {name: a, shell: \"false\"}\n      - {name: b, needs: [a], trigger_rule: all_done, shell: echo}\n");
  EXPECT_EQ(Run().code, 1) << "its last task succeeded";
  Tasks("      - {name: a, allow_failure: true, shell: \"false\"}\n      - {name: b, shell: echo}\n");
  EXPECT_EQ(Run("p", "2026-01-02").code, 0);
}

TEST_F(Toy, N24_ManyCommandsShareTheStore) {
  Pipelines(
      "  - {name: p, schedule: none, max_active_runs: 8, tasks: [{name: t, for_each: [1, 2, 3, 4, 5], shell: "
      "echo}]}\n");
  std::vector<std::unique_ptr<Child>> runs;
  for (int day = 1; day <= 8; ++day)
    runs.push_back(Start({"pipeline", "run", "p", "--logical-date", fmt::format("2026-01-0{}", day)}));
  for (const auto& run : runs) {
    const Ended ended = run->Wait();
    EXPECT_EQ(ended.code, 0) << ended.out;
  }
}

TEST_F(Toy, N25_AWrongFileStopsNothingElse) {
  Pipelines("  - {name: p, schedule: {every: 1s}, tasks: [{name: t, shell: echo p >> told}]}\n");
  const auto service = Serve();
  Write("stir/q.yml",
        "version: 1\npipelines:\n  - {name: q, schedule: \"0 0 30 2 *\", tasks: [{name: t, shell: echo}]}\n");
  ASSERT_TRUE(service->Says("stir/q.yml:3:26: error[bad-cron]")) << service->Output();
  const size_t before = Lines("told").size();
  EXPECT_TRUE(WaitFor([&] { return Lines("told").size() >= before + 2; }));
  Write("stir/q.yml",
        "version: 1\npipelines:\n  - {name: q, schedule: {every: 1s}, tasks: [{name: t, shell: echo q >> q}]}\n");
  EXPECT_TRUE(WaitFor([&] { return !Lines("q").empty(); })) << service->Output();
  Kill(*service);
}

}  // namespace
}  // namespace stir
