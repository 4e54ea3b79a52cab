// Processes of tasks outlive the service and the commands that start them. The real binary is killed, and so are the
// supervisors; afterwards a ledger that the tasks wrote says how often each ran, and the store how often it knows of.
// STIR_ROUNDS and STIR_TASKS make the last test larger: `make kill`.
#include <gtest/gtest.h>
#include <signal.h>

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <thread>

#include "base/json.h"
#include "store/store.h"
#include "tests/support/pipeline_project.h"

namespace stir {
namespace {

namespace fs = std::filesystem;
using testing_support::Child;
using testing_support::Ended;
using testing_support::ReadFile;
using testing_support::WaitFor;
using testing_support::Words;
using namespace std::chrono_literals;

// Whether it is there and runs; one that has ended and that nobody has reaped yet does not.
bool IsRunning(pid_t pid) {
  std::ifstream stat(fmt::format("/proc/{}/stat", pid));
  std::string number, name, state;
  return static_cast<bool>(stat >> number >> name >> state) && state != "Z";
}

// One run, which a service begins by itself.
constexpr std::string_view kOnce = "schedule: {every: 1h}, missed: all, start: 2026-01-01, end: 2026-01-01T00:30:00Z";

class OutliveTest : public testing_support::PipelineProject {
 protected:
  void TearDown() override {
    if (service_) Kill();
    for (const pid_t pid : Supervising()) kill(pid, SIGKILL);  // none is left but after a failure
    PipelineProject::TearDown();
  }

  // A pipeline p of these tasks, in flow style.
  void Once(std::string_view tasks, std::string_view keys = "") const {
    Pipelines(fmt::format("  - {{name: p, {}{}, tasks: [{}]}}\n", kOnce, keys, tasks));
  }
  void Serve() {
    service_ = Start({"up"});
    ASSERT_TRUE(service_->Says("service started")) << service_->Output();
  }
  void Kill() {
    service_->Signal(SIGKILL);
    service_->Wait();
    service_.reset();
  }
  void KillAndServe() {
    Kill();
    Serve();
  }
  // The run has ended, under a service or without one.
  bool Ends(std::string_view state) {
    return WaitFor([&] {
      const Json runs = Runs();
      return !runs.empty() && runs[0]["state"] == state;
    });
  }
  fs::path RecordOf(std::string_view task, int attempt = 1) const {
    return project_ / fmt::format(".stir/logs/1/{}/{}.process", task, attempt);
  }
  // What its record says; 0: there is none.
  pid_t SupervisorOf(std::string_view task, int attempt = 1) const {
    const std::string text = ReadFile(RecordOf(task, attempt));
    const Json json = ReadJson(text.substr(0, text.find('\n')));
    return json.is_object() ? json.value("pid", 0) : 0;
  }
  std::vector<store::Attempt> Attempts() const {
    const auto store = store::OpenSqliteStore((project_ / ".stir/state.db").string());
    EXPECT_TRUE(store.ok());
    return store.ok() ? (*store)->Attempts(1).value() : std::vector<store::Attempt>();
  }
  // "t 1 lost, t 2 success"
  std::string Story() const {
    std::string story;
    for (const store::Attempt& each : Attempts())
      story += fmt::format("{}{} {} {}", story.empty() ? "" : ", ", each.task, each.number, each.StateText());
    return story;
  }
  // The supervisors of this project's tasks, and the processes that start them.
  std::vector<pid_t> Supervising() const {
    std::vector<pid_t> found;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator("/proc", error)) {
      const std::string name = entry.path().filename().string();
      if (name.find_first_not_of("0123456789") != name.npos) continue;
      std::ifstream in(entry.path() / "cmdline", std::ios::binary);
      const std::string line((std::istreambuf_iterator<char>(in)), {});
      if (line.find(std::string_view("\0supervise\0", 11)) == line.npos) continue;
      if (fs::read_symlink(entry.path() / "cwd", error) == fs::weakly_canonical(project_))
        found.push_back(std::stoi(name));
    }
    return found;
  }

  std::unique_ptr<Child> service_;
};

TEST_F(OutliveTest, AServiceThatWasKilledGoesOnWithItsTasks) {
  Once(
      "{name: t, for_each: [1, 2, 3, 4, 5, 6], shell: \"echo begun {{ item }} >> ledger; echo first; until test -e go; "
      "do sleep "
      "0.02; done; echo done {{ item }} >> ledger; seq 500; echo '{\\\"n\\\": {{ item }}}'\"}, "
      "{name: after, needs: [t], shell: \"echo {{ tasks.t.outputs[5].n }} >> ledger\"}");
  Serve();
  ASSERT_TRUE(WaitFor([&] { return Lines("ledger").size() == 6; })) << service_->Output();
  KillAndServe();
  KillAndServe();
  Write("go", "");
  ASSERT_TRUE(Ends("success")) << service_->Output();
  Words ledger = Lines("ledger");
  EXPECT_EQ(ledger.size(), 13U) << "each ran once";
  EXPECT_EQ(ledger.back(), "6") << "what a process gives is whole";
  for (const store::Attempt& each : Attempts()) EXPECT_EQ(each.number, 1) << each.task;
  const std::string log = Stir({"runs", "logs", "1", "--task", "t[3]"}).out;
  EXPECT_NE(log.find(" first\n"), std::string::npos) << log;
  EXPECT_NE(log.find(" 500\n"), std::string::npos) << log;
  EXPECT_NE(log.find(" success after "), std::string::npos) << log;
  EXPECT_FALSE(fs::exists(RecordOf("t[3]"))) << "of use to nobody any more";
}

TEST_F(OutliveTest, AnEndThatNobodySawIsTaken) {
  Once(
      "{name: good, shell: \"echo begun >> ledger; until test -e go; do sleep 0.02; done; echo '{\\\"n\\\": 7}'\"}, "
      "{name: bad, shell: \"until test -e go; do sleep 0.02; done; echo why >&2; exit 3\", allow_failure: true}, "
      "{name: after, needs: [good], shell: \"echo {{ tasks.good.outputs.n }} >> ledger\"}");
  Serve();
  ASSERT_TRUE(WaitFor([&] { return SupervisorOf("good") > 0 && SupervisorOf("bad") > 0; }));
  Kill();
  Write("go", "");
  ASSERT_TRUE(WaitFor([&] { return Supervising().empty(); })) << "nobody is left to supervise";
  EXPECT_EQ(Runs()[0]["state"], "running");
  Serve();
  ASSERT_TRUE(Ends("success")) << service_->Output();
  EXPECT_EQ(Lines("ledger"), (Words{"begun", "7"}));
  EXPECT_EQ(Story(), "good 1 success, bad 1 failed, after 1 success");
  EXPECT_NE(Attempts()[1].message.find("`shell` exited with status 3: why"), std::string::npos);
}

TEST_F(OutliveTest, ATimeoutHoldsWithoutAService) {
  Once("{name: t, timeout: 2s, shell: \"sleep 300 & echo $! $$ > pids; wait\"}");
  Serve();
  ASSERT_TRUE(WaitFor([&] { return Lines("pids").size() == 1; })) << service_->Output();
  Kill();
  int child = 0, shell = 0;
  ASSERT_EQ(std::sscanf(Lines("pids")[0].c_str(), "%d %d", &child, &shell), 2);
  ASSERT_TRUE(WaitFor([&] { return !IsRunning(child) && !IsRunning(shell); }));
  Serve();
  ASSERT_TRUE(Ends("failed")) << service_->Output();
  EXPECT_NE(Attempts()[0].message.find("ran longer than its timeout of 2s"), std::string::npos);
}

TEST_F(OutliveTest, ATaskWhoseSupervisorDiedIsLostAndRunsAgain) {
  Once("{name: t, shell: \"sleep 300 & echo $! >> pids; test -e again || wait; kill $!; echo ran >> ledger\"}");
  Serve();
  ASSERT_TRUE(WaitFor([&] { return Lines("pids").size() == 1; })) << service_->Output();
  Write("again", "");
  kill(SupervisorOf("t"), SIGKILL);
  ASSERT_TRUE(Ends("success")) << service_->Output();
  EXPECT_FALSE(IsRunning(std::stoi(Lines("pids")[0]))) << "what it had started is gone before it runs again";
  EXPECT_EQ(Story(), "t 1 lost, t 2 success");
  EXPECT_EQ(Lines("ledger"), Words{"ran"});
  EXPECT_NE(service_->Output().find("t lost: its supervisor died with it"), std::string::npos) << service_->Output();
}

TEST_F(OutliveTest, SoItIsWhenAllOfUsDied) {
  Once("{name: t, shell: \"sleep 300 & echo $! >> pids; test -e again || wait; kill $!; echo ran >> ledger\"}");
  Serve();
  ASSERT_TRUE(WaitFor([&] { return Lines("pids").size() == 1; })) << service_->Output();
  Write("again", "");
  Kill();
  for (const pid_t pid : Supervising()) kill(pid, SIGKILL);
  EXPECT_TRUE(IsRunning(std::stoi(Lines("pids")[0])));
  Serve();
  ASSERT_TRUE(Ends("success")) << service_->Output();
  EXPECT_FALSE(IsRunning(std::stoi(Lines("pids")[0])));
  EXPECT_EQ(Story(), "t 1 lost, t 2 success");
  EXPECT_EQ(Lines("ledger"), Words{"ran"});
}

TEST_F(OutliveTest, ATaskThatKillsItsSupervisorIsGivenUp) {
  Tasks("      - {name: t, shell: \"kill -9 $PPID\"}\n");
  const Ended run = Run();
  EXPECT_EQ(run.code, 1) << run.out;
  EXPECT_EQ(Story(), "t 1 lost, t 2 lost, t 3 lost, t 4 lost");
  EXPECT_NE(run.out.find("task `t` was lost 4 times: its supervisor died with it"), std::string::npos) << run.out;
}

TEST_F(OutliveTest, AStrangerWithItsNumberIsNotTakenForIt) {
  Once("{name: t, shell: \"echo begun >> ledger; test -e again || sleep 300\"}");
  Serve();
  ASSERT_TRUE(WaitFor([&] { return Lines("ledger").size() == 1; })) << service_->Output();
  Kill();
  for (const pid_t pid : Supervising()) kill(pid, SIGKILL);
  ASSERT_TRUE(WaitFor([&] { return Supervising().empty(); }));
  // Its number is another process's now; that one leads a session, too.
  Child stranger({"/usr/bin/setsid", "--wait", "/bin/sleep", "300"}, project_, root_ / "stranger");
  Json record = ReadJson(ReadFile(RecordOf("t")));
  record["pid"] = stranger.pid();
  std::ofstream(RecordOf("t")) << record.dump() << "\n";
  Write("again", "");
  Serve();
  ASSERT_TRUE(Ends("success")) << service_->Output();
  EXPECT_EQ(Story(), "t 1 lost, t 2 success");
  EXPECT_TRUE(IsRunning(stranger.pid()));
}

TEST_F(OutliveTest, WhatOutlivedIsCanceledAndCleared) {
  Tasks("      - {name: t, shell: \"sleep 300 & echo $! $$ >> pids; test -e again || wait; kill $!\"}\n");
  const auto begin = [&](size_t lines) {
    const auto run = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
    ASSERT_TRUE(WaitFor([&] { return Lines("pids").size() == lines; })) << run->Output();
    run->Signal(SIGKILL);
    run->Wait();
  };
  const auto is_gone = [&](size_t line) {
    int child = 0, shell = 0;
    std::sscanf(Lines("pids")[line].c_str(), "%d %d", &child, &shell);
    return !IsRunning(child) && !IsRunning(shell);
  };
  begin(1);
  EXPECT_FALSE(is_gone(0));
  Write("again", "");
  const Ended cleared = Stir({"runs", "clear", "1", "t"});
  EXPECT_EQ(cleared.code, 0) << cleared.out;
  EXPECT_TRUE(is_gone(0)) << "it is ended before it runs again";
  EXPECT_EQ(States(), Words{"t success(2)"});
  fs::remove(project_ / "again");
  fs::remove(project_ / "pids");
  begin(1);
  const Ended canceled = Stir({"runs", "cancel", "2"});
  EXPECT_EQ(canceled.code, 0) << canceled.out;
  EXPECT_TRUE(is_gone(0));
  EXPECT_EQ(States(2), Words{"t canceled(1)"});
}

TEST_F(OutliveTest, ACommandThatWasKilledIsGivenAgainAndGoesOn) {
  Tasks(
      "      - {name: t, shell: \"echo begun >> ledger; until test -e go; do sleep 0.02; done; echo done >> "
      "ledger\"}\n");
  const auto first = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(WaitFor([&] { return Lines("ledger").size() == 1; })) << first->Output();
  first->Signal(SIGKILL);
  first->Wait();
  const auto second = Start({"pipeline", "run", "p", "--logical-date", "2026-01-01"});
  ASSERT_TRUE(second->Says("resuming pipeline p")) << second->Output();
  Write("go", "");
  const Ended ended = second->Wait();
  EXPECT_EQ(ended.code, 0) << ended.out;
  EXPECT_EQ(Lines("ledger"), (Words{"begun", "done"}));
  EXPECT_EQ(States(), Words{"t success(1)"});
}

TEST_F(OutliveTest, ATaskThatIsGoneFromItsPipelineIsEnded) {
  Once("{name: t, shell: \"echo $$ >> pids; sleep 300\"}");
  Serve();
  ASSERT_TRUE(WaitFor([&] { return Lines("pids").size() == 1; })) << service_->Output();
  Kill();
  Once("{name: other, shell: echo}");
  Serve();
  ASSERT_TRUE(Ends("success")) << service_->Output();
  EXPECT_FALSE(IsRunning(std::stoi(Lines("pids")[0])));
}

int Setting(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : otherwise;
}

// In every round the service is killed at some moment; in some of them a supervisor is too, or the process that starts
// them.
TEST_F(OutliveTest, KilledAtAnyMomentEachTaskRunsToSuccessOnce) {
  const int rounds = Setting("STIR_ROUNDS", 8);
  const int tasks = Setting("STIR_TASKS", 60);
  constexpr int kAtOnce = 16;
  // So that they last about as long as the rounds do.
  const int longest = std::max(rounds * 2000 * kAtOnce / tasks, 100);
  Pipelines(
      fmt::format("  - name: p\n    {}\n    tasks:\n      - name: t\n        for_each: \"{{{{ range({}) | list }}}}\"\n"
                  "        pool: few\n        shell: |\n"
                  "          echo begun {{{{ item }}}} >> ledger\n"
                  "          exec 9>>locks/{{{{ item }}}}; flock -n 9 || echo {{{{ item }}}} >> twice\n"
                  "          sleep $(( ({{{{ item }}}} * 7919 % {}) / 1000 )).$(( {{{{ item }}}} * 7919 % 1000 ))\n"
                  "          echo done {{{{ item }}}} >> ledger\n"
                  "pools: {{few: {}}}\n",
                  "schedule: {every: 1h}\n    missed: all\n    start: 2026-01-01\n    end: 2026-01-01T00:30:00Z", tasks,
                  longest, kAtOnce));
  fs::create_directories(project_ / "locks");
  std::mt19937 random(static_cast<unsigned>(Setting("STIR_SEED", 11)));
  int killed_supervisors = 0;
  for (int round = 0; round < rounds; ++round) {
    Serve();
    std::this_thread::sleep_for(std::chrono::milliseconds(50 + random() % 900));
    const auto supervising = Supervising();
    if (random() % 3 == 0 && !supervising.empty()) {
      kill(supervising[random() % supervising.size()], SIGKILL);
      ++killed_supervisors;
      std::this_thread::sleep_for(std::chrono::milliseconds(random() % 50));
    }
    Kill();
    std::this_thread::sleep_for(std::chrono::milliseconds(random() % 200));
  }
  Serve();
  const auto has_ended = [&] { return WaitFor([&] { return !Runs().empty() && Runs()[0]["state"] != "running"; }); };
  ASSERT_TRUE(has_ended() || has_ended() || has_ended()) << service_->Output();
  EXPECT_EQ(Runs()[0]["state"], "success") << service_->Output();

  std::map<std::string, int> begun, done, lost, attempts;
  for (const std::string& line : Lines("ledger"))
    ++(line.starts_with("begun") ? begun : done)[line.substr(line.find(' ') + 1)];
  for (const store::Attempt& each : Attempts()) {
    if (each.task == "t") continue;
    const std::string item = each.task.substr(2, each.task.size() - 3);
    ++attempts[item];
    lost[item] += each.is_lost ? 1 : 0;
    EXPECT_TRUE(each.is_lost || each.state == store::TaskState::kSuccess) << each.task << " " << each.StateText();
  }
  EXPECT_EQ(attempts.size(), static_cast<size_t>(tasks));
  int all_lost = 0;
  for (const auto& [item, count] : attempts) {
    EXPECT_EQ(count, lost[item] + 1) << item << " has one success";
    EXPECT_GE(done[item], 1) << item;
    EXPECT_LE(done[item], 1 + lost[item]) << item << " was done more often than it was lost";
    EXPECT_LE(begun[item], count) << item;
    all_lost += lost[item];
  }
  EXPECT_TRUE(Lines("twice").empty()) << "two attempts of a task were there at once";
  fmt::print("{} tasks, {} rounds, {} supervisors killed, {} attempts lost\n", tasks, rounds, killed_supervisors,
             all_lost);
}

}  // namespace
}  // namespace stir
