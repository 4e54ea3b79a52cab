#include "store/store.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include <random>
#include <thread>

#include "base/files.h"
#include "base/kinds.h"
#include "base/testing/fake_clock.h"
#include "store/kinds.h"

namespace stir::store {
namespace {

Timestamp At(std::string_view text) { return *ParseTimestamp(text); }
const Timestamp kNow = At("2026-11-21T10:00:00Z");

class StoreTest : public ::testing::Test {
 protected:
  std::string path() const { return (folder_.path() / "state.db").string(); }
  std::unique_ptr<Store> Open(StoreOptions options = {}) {
    auto store = OpenSqliteStore(path(), std::move(options));
    EXPECT_TRUE(store.ok()) << (store.ok() ? "" : store.error()[0].message);
    return store.ok() ? std::move(*store) : nullptr;
  }
  static NewRun RunOf(std::string_view date) {
    NewRun run;
    run.pipeline = "daily_sales";
    run.run_type = "manual";
    run.logical_date = run.data_interval_start = At(date);
    run.data_interval_end = At(date) + std::chrono::days(1);
    run.created_at = kNow;
    return run;
  }
  // A run of two tasks, claimed.
  static Fence Begin(Store& store, std::string_view date = "2026-11-20") {
    const int64_t id = store.CreateRun(RunOf(date))->run.id;
    const Fence fence = *store.ClaimRun(id, "pid 1", kNow);
    Changes changes{.fence = fence};
    changes.new_tasks = {{.name = "load", .position = 0, .kind = "ingest"},
                         {.name = "check", .position = 1, .kind = "gate"}};
    changes.run = RunChange{TaskState::kQueued, TaskState::kRunning, kNow, {}};
    EXPECT_TRUE(store.Commit(changes).ok());
    return fence;
  }
  static Status Move(Store& store, Fence fence, TaskChange change) {
    change.at = kNow;
    Changes changes{.fence = fence};
    changes.tasks.push_back(std::move(change));
    return store.Commit(changes);
  }

  test::TempFolder folder_;
};

TEST_F(StoreTest, CreatingARunIsIdempotent) {
  auto store = Open();
  const CreatedRun first = *store->CreateRun(RunOf("2026-11-20"));
  EXPECT_TRUE(first.created);
  EXPECT_EQ(first.run.state, TaskState::kQueued);
  EXPECT_EQ(first.run.data_interval_end, At("2026-11-21"));
  const CreatedRun second = *store->CreateRun(RunOf("2026-11-20"));
  EXPECT_FALSE(second.created);
  EXPECT_EQ(second.run.id, first.run.id);
  NewRun again = RunOf("2026-11-20");
  again.again = true;
  EXPECT_FALSE(store->CreateRun(again)->created) << "it has not ended";
  const Fence fence = *store->ClaimRun(first.run.id, "pid 1", kNow);
  Changes end{.fence = fence};
  end.run = RunChange{TaskState::kQueued, TaskState::kCanceled, kNow, "stopped"};
  ASSERT_TRUE(store->Commit(end).ok());
  EXPECT_FALSE(store->CreateRun(RunOf("2026-11-20"))->created);
  const CreatedRun third = *store->CreateRun(again);
  EXPECT_TRUE(third.created);
  EXPECT_EQ(third.run.sequence, 1);
  EXPECT_EQ(store->CreateRun(RunOf("2026-11-20"))->run.id, third.run.id);
}

TEST_F(StoreTest, ATaskGoesThroughItsAttempts) {
  auto store = Open();
  const Fence fence = Begin(*store);
  ASSERT_TRUE(Move(*store, fence, {.name = "load", .from = TaskState::kNone, .to = TaskState::kQueued}).ok());
  ASSERT_TRUE(Move(*store, fence,
                   {.name = "load",
                    .from = TaskState::kQueued,
                    .to = TaskState::kRunning,
                    .log_path = "1/load/1.log",
                    .worker = "pid 7"})
                  .ok());
  ASSERT_TRUE(Move(*store, fence,
                   {.name = "load",
                    .from = TaskState::kRunning,
                    .attempt = 1,
                    .to = TaskState::kUpForRetry,
                    .failures = 1,
                    .retry_at = kNow + std::chrono::minutes(5),
                    .message = "no such file",
                    .error = "[{}]"})
                  .ok());
  ASSERT_TRUE(
      Move(*store, fence, {.name = "load", .from = TaskState::kUpForRetry, .attempt = 1, .to = TaskState::kRunning})
          .ok());
  ASSERT_TRUE(Move(*store, fence,
                   {.name = "load",
                    .from = TaskState::kRunning,
                    .attempt = 2,
                    .to = TaskState::kSuccess,
                    .outputs = R"({"rows":5})",
                    .chosen = {{"a", "b"}}})
                  .ok());
  const std::vector<Task> tasks = *store->Tasks(fence.run);
  ASSERT_EQ(tasks.size(), 2u);
  EXPECT_EQ(tasks[0].state, TaskState::kSuccess);
  EXPECT_EQ(tasks[0].attempts, 2);
  EXPECT_EQ(tasks[0].failures, 1);
  EXPECT_EQ(tasks[0].outputs, R"({"rows":5})");
  EXPECT_EQ(tasks[0].chosen, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(tasks[0].ended_at, kNow);
  EXPECT_FALSE(tasks[0].retry_at);
  const std::vector<Attempt> attempts = *store->Attempts(fence.run);
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].state, TaskState::kFailed);
  EXPECT_EQ(attempts[0].message, "no such file");
  EXPECT_EQ(attempts[0].log_path, "1/load/1.log");
  EXPECT_EQ(attempts[1].state, TaskState::kSuccess);
  EXPECT_TRUE(store->TaskDurations("daily_sales")->contains("load"));
}

TEST_F(StoreTest, AnAttemptMayBeLost) {
  auto store = Open();
  const Fence fence = Begin(*store);
  ASSERT_TRUE(Move(*store, fence, {.name = "load", .from = TaskState::kNone, .to = TaskState::kRunning}).ok());
  ASSERT_TRUE(Move(*store, fence,
                   {.name = "load",
                    .from = TaskState::kRunning,
                    .attempt = 1,
                    .to = TaskState::kQueued,
                    .losses = 1,
                    .is_lost = true,
                    .message = "lost"})
                  .ok());
  ASSERT_TRUE(
      Move(*store, fence, {.name = "load", .from = TaskState::kQueued, .attempt = 1, .to = TaskState::kRunning}).ok());
  EXPECT_EQ((*store->Tasks(fence.run))[0].losses, 1);
  const std::vector<Attempt> attempts = *store->Attempts(fence.run);
  ASSERT_EQ(attempts.size(), 2u);
  EXPECT_EQ(attempts[0].StateText(), "lost");
  EXPECT_EQ(attempts[0].state, TaskState::kFailed);
  EXPECT_EQ(attempts[1].StateText(), "running");
}

TEST_F(StoreTest, WhatIsNotTrueAnyMoreIsRefusedWhole) {
  auto store = Open();
  const Fence old = Begin(*store);
  Changes changes{.fence = old};
  changes.tasks = {{.name = "load", .from = TaskState::kNone, .to = TaskState::kRunning, .at = kNow},
                   {.name = "check", .from = TaskState::kQueued, .to = TaskState::kRunning, .at = kNow}};
  const Status refused = store->Commit(changes);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error()[0].kind, kStoreConflict);
  EXPECT_EQ(refused.error()[0].message, "task `check` of run 1 is none after 0 attempts, not queued after 0");
  EXPECT_EQ((*store->Tasks(old.run))[0].state, TaskState::kNone);

  const Fence fresh = *store->ClaimRun(old.run, "pid 2", kNow);
  const Status late = Move(*store, old, {.name = "load", .from = TaskState::kNone, .to = TaskState::kQueued});
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error()[0].message, "run 1 was taken over by pid 2");
  EXPECT_TRUE(Move(*store, fresh, {.name = "load", .from = TaskState::kNone, .to = TaskState::kSkipped}).ok());
  EXPECT_FALSE(Move(*store, fresh, {.name = "load", .from = TaskState::kSkipped, .to = TaskState::kRunning}).ok());
  EXPECT_TRUE(Move(*store, fresh, {.name = "load", .from = TaskState::kSkipped, .to = TaskState::kNone}).ok());
  EXPECT_FALSE(Move(*store, fresh, {.name = "nobody", .from = TaskState::kNone, .to = TaskState::kQueued}).ok());
  EXPECT_FALSE(store->ClaimRun(99, "pid 2", kNow).ok());
}

TEST_F(StoreTest, RunsAreListedByWhatIsAskedFor) {
  auto store = Open();
  Begin(*store, "2026-11-19");
  store->CreateRun(RunOf("2026-11-20")).value();
  EXPECT_EQ(store->ListRuns({})->size(), 2u);
  EXPECT_EQ(store->ListRuns({})->front().logical_date, At("2026-11-20"));
  EXPECT_EQ(store->ListRuns({.states = {TaskState::kRunning}})->size(), 1u);
  EXPECT_EQ(store->ListRuns({.pipeline = "other"})->size(), 0u);
  EXPECT_EQ(store->ListRuns({.logical_before = At("2026-11-20")})->size(), 1u);
  EXPECT_EQ(store->ListRuns({.limit = 1})->size(), 1u);
}

TEST_F(StoreTest, CheckpointsOnlyMoveForward) {
  auto store = Open();
  const auto put = [&](int64_t version, std::string watermark) {
    Changes changes;
    changes.checkpoints.push_back(
        {.ingestion = "sales", .version = version, .watermark = std::move(watermark), .at = kNow});
    EXPECT_TRUE(store->Commit(changes).ok());
  };
  EXPECT_FALSE(store->GetCheckpoint("sales")->has_value());
  put(2, "b");
  put(1, "a");
  EXPECT_EQ((*store->GetCheckpoint("sales"))->watermark, "b");
  put(3, "c");
  EXPECT_EQ((*store->GetCheckpoint("sales"))->version, 3);
}

TEST_F(StoreTest, AFileIsTakenOnce) {
  auto store = Open();
  Changes changes;
  changes.taken_files = {
      {.ingestion = "sales", .path = "a.csv", .size = 5, .mtime_ns = 7, .content_hash = "x", .at = kNow}};
  ASSERT_TRUE(store->Commit(changes).ok());
  ASSERT_TRUE(store->Commit(changes).ok());
  EXPECT_EQ(store->TakenFiles("sales")->size(), 1u);
  changes.taken_files[0].content_hash = "y";
  ASSERT_TRUE(store->Commit(changes).ok());
  EXPECT_EQ(store->TakenFiles("sales")->size(), 2u);
}

TEST_F(StoreTest, PublicationsGoStepByStep) {
  auto store = Open();
  const auto step = [&](std::string from, std::string to) {
    Changes changes;
    changes.publications.push_back(
        {.name = "board", .generation = 1, .from = std::move(from), .to = std::move(to), .data = "{}", .at = kNow});
    return store->Commit(changes).ok();
  };
  EXPECT_FALSE(step("staging", "live"));
  EXPECT_TRUE(step("", "staging"));
  EXPECT_FALSE(step("", "staging"));
  EXPECT_TRUE(step("staging", "live"));
  EXPECT_FALSE(step("staging", "live"));
  EXPECT_EQ(store->Publications("board")->at(0).state, "live");
}

TEST_F(StoreTest, MessagesAreSentOnceAndRetried) {
  auto store = Open();
  Changes changes;
  changes.messages = {{.dedup_key = "run 1 failed", .channel = "alerts", .payload = "{}", .created_at = kNow}};
  ASSERT_TRUE(store->Commit(changes).ok());
  ASSERT_TRUE(store->Commit(changes).ok());
  const Timestamp lease = kNow + std::chrono::minutes(1);
  const std::vector<Message> claimed = *store->ClaimMessages(kNow, lease, 10);
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].attempts, 1);
  EXPECT_TRUE(store->ClaimMessages(kNow, lease, 10)->empty());
  ASSERT_TRUE(store->MarkFailed(claimed[0].id, "no route", lease).ok());
  EXPECT_EQ(store->ClaimMessages(lease, lease + std::chrono::minutes(1), 10)->size(), 1u);
  ASSERT_TRUE(store->MarkDelivered(claimed[0].id, lease).ok());
  EXPECT_EQ(store->Messages({})->at(0).state, "delivered");
  EXPECT_TRUE(store->ClaimMessages(At("2030-01-01"), At("2030-01-02"), 10)->empty());
}

TEST_F(StoreTest, PipelinesKeepThatTheyArePaused) {
  auto store = Open();
  Pipeline pipeline{.name = "p", .definition_hash = "1", .definition = "{}", .paused = false, .seen_at = kNow};
  EXPECT_FALSE(store->SetPaused("p", true).ok());
  ASSERT_TRUE(store->PutPipeline(pipeline).ok());
  ASSERT_TRUE(store->SetPaused("p", true).ok());
  pipeline.definition_hash = "2";
  ASSERT_TRUE(store->PutPipeline(pipeline).ok());
  EXPECT_TRUE(store->Pipelines()->at(0).paused);
  EXPECT_EQ(store->Pipelines()->at(0).definition_hash, "2");
}

TEST_F(StoreTest, EventsAreReadOn) {
  auto store = Open();
  const Fence fence = Begin(*store);
  for (int i = 0; i < 3; ++i) {
    NewEvent event{.at = kNow, .run = fence.run, .code = "S001", .name = "Step", .message = std::to_string(i)};
    ASSERT_TRUE(store->AddEvent(event).ok());
  }
  const std::vector<Event> all = *store->Events(fence.run, 0, 100);
  ASSERT_EQ(all.size(), 4u);  // and the claim
  EXPECT_EQ(store->Events(fence.run, all[2].id, 100)->at(0).message, "2");
}

TEST_F(StoreTest, ManyThreadsShareCommits) {
  size_t commits = 0;
  auto store = Open({.before_write = [&](std::string_view step) { commits += step == "committed" ? 1 : 0; }});
  std::vector<std::jthread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i)
        EXPECT_TRUE(store
                        ->CreateRun([&] {
                          NewRun run = RunOf("2026-11-20");
                          run.pipeline = std::to_string(t * 100 + i);
                          return run;
                        }())
                        .ok());
    });
  }
  threads.clear();
  EXPECT_EQ(store->ListRuns({.limit = 1000})->size(), 160u);
  EXPECT_LE(commits, 160u);
}

TEST_F(StoreTest, TwoProcessesMayOpenTheSameStore) {
  auto one = Open();
  auto two = Open();
  EXPECT_TRUE(one->CreateRun(RunOf("2026-11-20"))->created);
  EXPECT_FALSE(two->CreateRun(RunOf("2026-11-20"))->created);
}

TEST_F(StoreTest, ANewerStoreIsRefusedAndAnOlderOneIsCopiedFirst) {
  const Migration first{"0001_first.sql", "CREATE TABLE runs (id INTEGER PRIMARY KEY);"};
  const Migration second{"0002_second.sql", "ALTER TABLE runs ADD COLUMN more TEXT;"};
  const std::vector<Migration> one{first}, both{first, second};
  Open({.migrations = one});
  Open({.migrations = both});
  EXPECT_TRUE(SystemFiles().Exists(path() + ".v1"));
  const auto refused = OpenSqliteStore(path(), {.migrations = one});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error()[0].kind, kStoreNewer);
  EXPECT_NE(refused.error()[0].message.find("its schema is 2, this one knows 1"), std::string::npos);
}

TEST_F(StoreTest, ManyMayMakeItAtOnce) {
  for (int round = 0; round < 10; ++round) {
    const std::string fresh = (folder_.path() / std::to_string(round) / "state.db").string();
    std::vector<std::jthread> makers;
    for (int i = 0; i < 8; ++i) {
      makers.emplace_back([&] {
        const auto store = OpenSqliteStore(fresh);
        EXPECT_TRUE(store.ok()) << store.error().front().message;
      });
    }
  }
}

TEST_F(StoreTest, AMigrationHappensWholeOrNotAtAll) {
  const std::vector<Migration> broken{{"0001_first.sql", "CREATE TABLE a (x); CREATE TABLE a (x);"}};
  EXPECT_FALSE(OpenSqliteStore(path(), {.migrations = broken}).ok());
  const std::vector<Migration> repaired{{"0001_first.sql", "CREATE TABLE a (x);"}};
  EXPECT_TRUE(OpenSqliteStore(path(), {.migrations = repaired}).ok());
}

TEST_F(StoreTest, OtherFilesAreNotTouched) {
  ASSERT_TRUE(SystemFiles().Write(path(), "this is not a database, but somebody's notes").ok());
  const auto refused = OpenSqliteStore(path());
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error()[0].kind, kStoreDamaged);
  EXPECT_EQ(*SystemFiles().Read(path()), "this is not a database, but somebody's notes");
}

// A child does this over and over until it is killed. What it said it did (one byte a step, after the commit) must be
// there.
void WorkUntilKilled(const std::string& path, int report, std::function<void(std::string_view)> before_write) {
  auto opened = OpenSqliteStore(path, {.before_write = std::move(before_write)});
  if (!opened.ok()) _exit(3);
  Store& store = **opened;
  for (int i = 0; i < 200; ++i) {
    NewRun run;
    run.pipeline = "p";
    run.run_type = "manual";
    run.logical_date = At("2026-01-01") + std::chrono::hours(i);
    const int64_t id = store.CreateRun(run)->run.id;
    Changes begin{.fence = *store.ClaimRun(id, "child", kNow)};
    begin.new_tasks = {{.name = "t", .kind = "sql"}};
    begin.run = RunChange{TaskState::kQueued, TaskState::kRunning, kNow, {}};
    begin.tasks = {{.name = "t", .from = TaskState::kNone, .to = TaskState::kRunning, .at = kNow}};
    Changes end{.fence = begin.fence};
    end.tasks = {{.name = "t", .from = TaskState::kRunning, .attempt = 1, .to = TaskState::kSuccess, .at = kNow}};
    end.run = RunChange{TaskState::kRunning, TaskState::kSuccess, kNow, {}};
    end.messages = {{.dedup_key = std::to_string(id), .run = id, .channel = "alerts", .created_at = kNow}};
    end.checkpoints = {{.ingestion = "i", .version = id, .watermark = std::to_string(id), .at = kNow}};
    if (!store.Commit(begin).ok() || !store.Commit(end).ok()) _exit(4);
    if (write(report, "x", 1) != 1) _exit(5);
  }
  _exit(0);
}

// A run has ended exactly when its task has, its message is there, and the checkpoint has come as far.
void CheckInvariants(Store& store, size_t reported) {
  size_t ended = 0;
  int64_t last = 0;
  for (const Run& run : *store.ListRuns({.limit = 1000})) {
    const std::vector<Task> tasks = *store.Tasks(run.id);
    const bool success = run.state == TaskState::kSuccess;
    ended += success ? 1 : 0;
    if (success) last = std::max(last, run.id);
    EXPECT_EQ(store.Messages(run.id)->size(), success ? 1u : 0u);
    EXPECT_EQ(tasks.size(), run.state == TaskState::kQueued ? 0u : 1u);
    if (!tasks.empty()) {
      EXPECT_EQ(tasks[0].state, success ? TaskState::kSuccess : TaskState::kRunning);
      EXPECT_EQ(store.Attempts(run.id)->at(0).state, tasks[0].state);
    }
  }
  EXPECT_GE(ended, reported);
  EXPECT_LE(ended, reported + 1);
  const auto checkpoint = *store.GetCheckpoint("i");
  EXPECT_EQ(checkpoint ? checkpoint->version : 0, last);
}

size_t RunAndCount(const std::string& path, const std::function<void(pid_t)>& parent,
                   std::function<void(std::string_view)> before_write) {
  int ends[2];
  if (pipe(ends) != 0) return 0;
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    WorkUntilKilled(path, ends[1], std::move(before_write));
  }
  close(ends[1]);
  parent(child);
  size_t reported = 0;
  char buffer[256];
  for (ssize_t n; (n = read(ends[0], buffer, sizeof buffer)) > 0;) reported += static_cast<size_t>(n);
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  return reported;
}

TEST_F(StoreTest, SurvivesKillAtRandomMoments) {
  std::minstd_rand random(1);
  for (int round = 0; round < 6; ++round) {
    test::TempFolder folder;
    const std::string file = (folder.path() / "state.db").string();
    const size_t reported = RunAndCount(file,
                                        [&](pid_t child) {
                                          std::this_thread::sleep_for(std::chrono::milliseconds(5 + random() % 80));
                                          kill(child, SIGKILL);
                                        },
                                        {});
    auto store = OpenSqliteStore(file);
    ASSERT_TRUE(store.ok());
    CheckInvariants(**store, reported);
  }
}

TEST_F(StoreTest, ADecisionAndItsRunAreOneChangeThatOnlyOneMakes) {
  auto store = Open();
  ASSERT_TRUE(store->PutPipeline({.name = "daily_sales", .seen_at = kNow}).ok());
  EXPECT_EQ((*store->Schedules())[0].memory.schedule, "");
  ScheduleStep adopt{.pipeline = "daily_sales"};
  adopt.to = {"@daily UTC", At("2026-11-20"), At("2026-11-20"), false};
  ASSERT_TRUE(store->AdvanceSchedule(adopt).ok());
  EXPECT_EQ(store->AdvanceSchedule(adopt).error()[0].kind, kStoreConflict) << "somebody else was first";

  ScheduleStep start{.pipeline = "daily_sales", .from = adopt.to, .to = adopt.to};
  start.to.decided_until = At("2026-11-21");
  start.run = RunOf("2026-11-20");
  start.run->run_type = "scheduled";
  const auto started = store->AdvanceSchedule(start);
  ASSERT_TRUE(started.ok());
  EXPECT_TRUE((*started)->created);
  EXPECT_EQ(store->AdvanceSchedule(start).error()[0].kind, kStoreConflict);
  EXPECT_EQ(store->UnfinishedRuns()->size(), 1U);
  EXPECT_EQ((*store->RunBefore("daily_sales", At("2026-11-21")))->id, (*started)->run.id);
  EXPECT_FALSE(*store->RunBefore("daily_sales", At("2026-11-20")));

  ScheduleStep skip{.pipeline = "daily_sales", .from = start.to, .to = start.to};
  skip.to.decided_until = At("2026-11-22");
  skip.left_out = LeftOut{At("2026-11-21"), At("2026-11-22"), 1, "a holiday", kNow};
  ASSERT_TRUE(store->AdvanceSchedule(skip).ok());
  ASSERT_TRUE(store->SetPaused("daily_sales", true).ok());
  store = Open();
  const auto memories = store->Schedules();
  EXPECT_EQ((*memories)[0].memory.decided_until, At("2026-11-22"));
  EXPECT_TRUE((*memories)[0].memory.paused);
  EXPECT_EQ((*store->LeftOutIntervals("daily_sales", 9))[0].reason, "a holiday");
}

TEST_F(StoreTest, AnIntervalThatWasRunByHandHasNoScheduledRun) {
  auto store = Open();
  const int64_t by_hand = store->CreateRun(RunOf("2026-11-20"))->run.id;
  ScheduleStep start{.pipeline = "daily_sales"};
  start.to = {"@daily UTC", At("2026-11-21"), {}, false};
  start.run = RunOf("2026-11-20");
  start.run->run_type = "scheduled";
  const auto started = store->AdvanceSchedule(start);
  ASSERT_TRUE(started.ok());
  EXPECT_FALSE((*started)->created);
  EXPECT_EQ((*started)->run.id, by_hand);
  EXPECT_EQ((*store->LeftOutIntervals("daily_sales", 9))[0].reason, "run 1 (manual) has it");
}

TEST_F(StoreTest, SurvivesKillAtEveryStepOfAWrite) {
  for (int die_at = 0; die_at < 24; ++die_at) {
    test::TempFolder folder;
    const std::string file = (folder.path() / "state.db").string();
    int step = 0;
    const size_t reported = RunAndCount(
        file, [](pid_t) {},
        [&](std::string_view) {
          if (step++ == die_at) kill(getpid(), SIGKILL);
        });
    auto store = OpenSqliteStore(file);
    ASSERT_TRUE(store.ok());
    CheckInvariants(**store, reported);
  }
}

}  // namespace
}  // namespace stir::store
