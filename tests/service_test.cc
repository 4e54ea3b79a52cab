// `stir up`, the real binary, with schedules of a second: killed, stopped, given wrong files, and looked at afterwards.
// The tasks write a ledger, so that what was done is known from elsewhere than the store.
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>

#include <fmt/format.h>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>

#include "base/clock.h"
#include "base/json.h"
#include "tests/support/child.h"

namespace stir {
namespace {

namespace fs = std::filesystem;
using testing_support::Child;
using testing_support::Ended;
using testing_support::IsAlive;
using testing_support::WaitFor;
using namespace std::chrono_literals;

class ServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    root_ = fs::temp_directory_path() / fmt::format("stir-service-{}", getpid());
    fs::remove_all(root_);
    project_ = root_ / "project";
    Write("dbt_project.yml", "name: service\nversion: \"1.0\"\nprofile: service\n");
    Write("profiles.yml", "service:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: service.duckdb}\n");
    setenv("NO_COLOR", "1", 1);
    setenv("TZ", "UTC", 1);
  }
  void TearDown() override {
    if (!HasFailure()) fs::remove_all(root_);
  }

  void Write(const fs::path& path, std::string_view text) const {
    fs::create_directories((project_ / path).parent_path());
    std::ofstream(project_ / (path.string() + ".new"), std::ios::binary) << text;
    fs::rename(project_ / (path.string() + ".new"), project_ / path);
  }
  // stir/NAME.yml: a pipeline that runs a command.
  void Pipeline(std::string_view name, std::string_view keys, std::string_view command) const {
    Write(fmt::format("stir/{}.yml", name),
          fmt::format(
              "version: 1\npipelines:\n  - name: {}\n{}    tasks:\n      - name: t\n        shell: |\n          {}\n",
              name, keys, command));
  }
  std::unique_ptr<Child> Start(std::vector<std::string> words) {
    words.insert(words.begin(), STIR_BINARY);
    return std::make_unique<Child>(words, project_, root_ / fmt::format("out-{}", ++started_));
  }
  Ended Stir(std::vector<std::string> words) { return Start(std::move(words))->Wait(); }
  Json Runs() {
    const Ended list = Stir({"runs", "list", "--last", "100000", "-o", "json"});
    EXPECT_EQ(list.code, 0) << list.out;
    return Json::parse(list.out, nullptr, false);
  }
  std::vector<std::string> Lines(const fs::path& path) const {
    std::vector<std::string> lines;
    std::ifstream in(project_ / path);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  }
  bool WaitForLines(const fs::path& path, size_t count) {
    return WaitFor([&] { return Lines(path).size() >= count; });
  }

  fs::path root_, project_;

 private:
  int started_ = 0;
};

TEST_F(ServiceTest, KilledAgainAndAgainEveryIntervalIsRunOnce) {
  Pipeline("p", "    schedule: {every: 1s}\n    missed: all\n    max_active_runs: 3\n",
           "sleep 0.1; echo {{ ts }} >> ledger");
  std::mt19937 random(7);
  for (int round = 0; round < 6; ++round) {
    const auto service = Start({"up"});
    ASSERT_TRUE(service->Says("service started"));
    std::this_thread::sleep_for(std::chrono::milliseconds(600 + random() % 1500));
    service->Signal(SIGKILL);
    EXPECT_EQ(service->Wait().code, -SIGKILL);
  }
  const size_t before = Lines("ledger").size();
  const auto service = Start({"up"});
  ASSERT_TRUE(WaitForLines("ledger", before + 5)) << service->Output();
  Write("stir/p.yml", "version: 1\n");  // no more: what has begun ends
  ASSERT_TRUE(WaitFor([&] {
    for (const Json& run : Runs())
      if (run["state"] != "success") return false;
    return true;
  })) << service->Output();
  service->Signal(SIGTERM);
  EXPECT_EQ(service->Wait().code, 0);

  std::map<std::string, int> done;
  for (const std::string& line : Lines("ledger")) ++done[line.substr(0, 19)];
  std::set<Timestamp> dates;
  for (const Json& run : Runs()) {
    const std::string date = run["logical_date"];
    EXPECT_TRUE(dates.insert(*ParseTimestamp(date)).second) << "two runs of " << date;
    const Ended shown = Stir({"runs", "show", run["run"], "-o", "json"});
    const int attempts = std::stoi(Json::parse(shown.out)[0]["attempts"].get<std::string>());
    std::string key = date;
    key[10] = 'T';
    EXPECT_GE(done[key], 1) << key;
    // More than once only where a killed service could not write down that it was done.
    EXPECT_LE(done[key], attempts) << key;
  }
  EXPECT_EQ(done.size(), dates.size());
  ASSERT_GT(dates.size(), 8U);
  EXPECT_EQ(*dates.rbegin() - *dates.begin(), std::chrono::seconds(dates.size() - 1)) << "intervals are missing";
}

TEST_F(ServiceTest, AStopSetsARunAsideAndTheNextServiceGoesOn) {
  Pipeline("p", "    schedule: {every: 2s}\n",
           "if [ -e again ]; then echo done >> ledger; exit 0; fi; echo $$ > pid; sleep 60");
  const auto first = Start({"up"});
  ASSERT_TRUE(WaitFor([&] { return !Lines("pid").empty(); })) << first->Output();
  const pid_t task = std::stoi(Lines("pid")[0]);
  first->Signal(SIGTERM);
  const Ended stopped = first->Wait();
  EXPECT_EQ(stopped.code, 0) << stopped.out;
  EXPECT_TRUE(WaitFor([&] { return !IsAlive(task); }));
  EXPECT_EQ(Runs()[0]["state"], "running");
  Write("again", "");
  const auto second = Start({"up"});
  ASSERT_TRUE(WaitForLines("ledger", 1)) << second->Output();
  ASSERT_TRUE(WaitFor([&] { return Runs().back()["state"] == "success"; }));
  const Ended shown = Stir({"runs", "show", "1", "-o", "json"});
  EXPECT_EQ(Json::parse(shown.out)[0]["attempts"], "2");
}

TEST_F(ServiceTest, AWrongFileStaysAtItsLastGoodVersion) {
  Pipeline("good", "    schedule: {every: 1s}\n", "echo good >> good.ledger");
  Pipeline("p", "    schedule: {every: 1s}\n", "echo one >> ledger");
  auto service = Start({"up"});
  ASSERT_TRUE(WaitForLines("ledger", 1)) << service->Output();
  Pipeline("p", "    schedule: {every: 1s}\n    retriez: 3\n", "echo wrong >> ledger");
  ASSERT_TRUE(service->Says("stir/p.yml:5:5: error[unknown-key]: pipeline `p` has no key `retriez`"))
      << service->Output();
  const size_t then = Lines("ledger").size();
  ASSERT_TRUE(WaitForLines("ledger", then + 2)) << service->Output();
  // After a restart too.
  service->Signal(SIGKILL);
  service->Wait();
  service = Start({"up"});
  ASSERT_TRUE(service->Says("has no key `retriez`"));
  ASSERT_TRUE(WaitForLines("ledger", then + 4)) << service->Output();
  for (const std::string& line : Lines("ledger")) EXPECT_EQ(line, "one");
  const size_t good = Lines("good.ledger").size();
  Pipeline("p", "    schedule: {every: 1s}\n", "echo two >> ledger");
  ASSERT_TRUE(WaitFor([&] { return Lines("ledger").back() == "two"; })) << service->Output();
  ASSERT_TRUE(WaitForLines("good.ledger", good + 1));
}

TEST_F(ServiceTest, APauseIsHeardAtOnce) {
  Pipeline("p", "    schedule: {every: 1s}\n", "echo ran >> ledger");
  EXPECT_EQ(Stir({"pipeline", "pause", "p"}).code, 0);
  const auto service = Start({"up"});
  ASSERT_TRUE(service->Says("service started"));
  std::this_thread::sleep_for(2500ms);
  EXPECT_EQ(Lines("ledger").size(), 0U) << service->Output();
  EXPECT_EQ(Stir({"pipeline", "resume", "p"}).code, 0);
  ASSERT_TRUE(WaitForLines("ledger", 2)) << service->Output();
  EXPECT_EQ(Stir({"pipeline", "pause", "p"}).code, 0);
  ASSERT_TRUE(service->Says("pipeline p is paused"));
}

TEST_F(ServiceTest, WhatIsOlderThanItKeepsIsForgotten) {
  Pipeline("p", "    schedule: none\n", "echo ran >> ledger");
  for (const char* day : {"2026-01-01", "2026-01-02", "2026-01-03"})
    EXPECT_EQ(Stir({"pipeline", "run", "p", "--logical-date", day}).code, 0);
  const auto service = Start({"up"});
  ASSERT_TRUE(service->Says("service started"));
  EXPECT_EQ(Runs().size(), 3U);
  Write("stir/keep.yml", "version: 1\nkeep_runs: 10ms\n");
  ASSERT_TRUE(service->Says("2 runs that ended more than 10ms ago are forgotten")) << service->Output();
  EXPECT_EQ(Runs().size(), 1U) << "a pipeline's newest run stays";
  EXPECT_FALSE(fs::exists(project_ / ".stir/logs/1"));
}

TEST_F(ServiceTest, ASecondServiceIsRefusedAndRunsByHandAreNot) {
  Pipeline("p", "    schedule: none\n", "echo ran >> ledger");
  const auto service = Start({"up"});
  ASSERT_TRUE(service->Says("service started"));
  const Ended second = Stir({"up"});
  EXPECT_EQ(second.code, 2);
  EXPECT_NE(second.out.find(fmt::format("process {}", service->pid())), std::string::npos) << second.out;
  EXPECT_EQ(Stir({"pipeline", "run", "p", "--logical-date", "2026-01-01"}).code, 0);
  EXPECT_EQ(Lines("ledger").size(), 1U);
}

}  // namespace
}  // namespace stir
