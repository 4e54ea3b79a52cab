// A whole platform under a virtual clock: pipelines on schedules and on data, their runs and tasks, pools, retries,
// alerts; decided and driven by the real code, on a disk that takes a commit whole or not at all, by processes that die
// before or after any commit, beside a second service and people who run things by hand. What must always hold is
// looked at after every step, and in the end everything has ended.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "scheduler/clockwork.h"
#include "scheduler/plan.h"
#include "scheduler/slot_desk.h"
#include "scheduler/testing/seeds.h"

namespace stir::scheduler {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

constexpr uint32_t kSlots = 2;

struct Dead {};     // a process has died in the middle of what it did
struct Refused {};  // the disk did not take a commit: another process has moved on, or the disk fails

struct PlatformRun {
  size_t pipeline = 0;
  Interval interval;
  std::string type;
  TaskState state = TaskState::kQueued;
  int token = 0;
  std::map<TaskId, StoredTask> tasks;
  Timestamp created_at{};
};

// What survives.
struct StoredPlatform {
  std::vector<Memory> memories;
  std::vector<PlatformRun> runs;
  std::vector<std::vector<Decision>> decisions;  // by pipeline
  std::map<std::string, int> outbox;             // by key: how often it was delivered
  Versions versions;
};

struct PipelineOf {
  Schedule schedule;
  PlanSpec plan;
  std::string asset;  // renewed by its last task
  int priority = 0;
};

// A run in a process: a plan, and what it waits for.
struct Driven {
  size_t run = 0;
  int token = 0;
  Plan plan;
  std::map<TaskId, Timestamp> works_until;  // tasks that run
  std::map<TaskId, Timestamp> retry_at;
  std::map<TaskId, SlotDesk::Ticket> seats;
  bool is_broken = false;  // the disk refused what it did
};

struct Process {
  bool is_service = false;
  Timestamp watched_since{};
  std::vector<std::unique_ptr<Driven>> runs;
  SlotDesk desk;
};

class Platform {
 public:
  explicit Platform(uint64_t seed) : random_(seed), seed_(seed), now_(*ParseTimestamp("2026-03-27T22:10:00Z")) {
    for (size_t i = 0; i < 3; ++i) pipelines_.push_back(MakePipeline(i));
    disk_.memories.resize(pipelines_.size());
    disk_.decisions.resize(pipelines_.size());
    processes_.resize(3);  // a service, another that takes over, and somebody's command
  }

  void Live(int steps) {
    for (int i = 0; i < steps && !Failed(); ++i) {
      now_ += minutes(Upto(Upto(12) == 0 ? 600 : 12));
      if (Upto(150) == 0) now_ -= minutes(Upto(400));  // somebody sets the clock
      Disturb();
      for (size_t who = 0; who < processes_.size(); ++who)
        if (Upto(4) != 0) Work(who);
      Check();
    }
    Settle();
  }

 private:
  static bool Failed() { return ::testing::Test::HasFailure(); }
  uint64_t Upto(uint64_t bound) { return random_() % bound; }
  bool OneIn(uint64_t n) { return Upto(n) == 0; }

  PipelineOf MakePipeline(size_t index) {
    PipelineOf made;
    made.asset = fmt::format("model.p{}", index);
    made.priority = static_cast<int>(Upto(3));
    Schedule& schedule = made.schedule;
    static constexpr const char* kCrons[] = {"*/15 * * * *", "0 * * * *", "30 2 * * *", "0 */5 * * *"};
    schedule.text = kCrons[Upto(4)];
    schedule.calendar = Calendar::OfCron(*Cron::Parse(schedule.text), *Zone::Find("Europe/Berlin"));
    if (index == 2) {  // on the data of the others
      schedule.text = "on";
      schedule.on = OnData{{"model.p0", "model.p1"}, OneIn(2), minutes(Upto(3) * 20)};
    }
    schedule.missed = static_cast<Missed>(Upto(3));
    schedule.max_active_runs = 1 + static_cast<int>(Upto(2));
    schedule.depends_on_past = OneIn(6);
    made.plan.tasks = MakeTasks();
    return made;
  }

  std::vector<TaskSpec> MakeTasks() {
    std::vector<TaskSpec> tasks;
    const size_t count = 2 + Upto(7);
    for (TaskId i = 0; i < count; ++i) {
      TaskSpec spec;
      spec.name = std::to_string(i);
      for (TaskId need = 0; need < i; ++need)
        if (Upto(count) < 2) spec.needs.push_back(need);
      if (OneIn(5)) spec.rule = static_cast<TriggerRule>(Upto(13));
      spec.is_gate = OneIn(10);
      spec.allow_failure = OneIn(6);
      spec.retry = {.retries = static_cast<int>(Upto(3)), .delay = minutes(Upto(20))};
      if (OneIn(2)) spec.pool = "pool", spec.slots = 1 + static_cast<uint32_t>(Upto(3));
      if (i > 1 && OneIn(5)) spec.setups = {static_cast<TaskId>(Upto(i))};
      tasks.push_back(std::move(spec));
    }
    return tasks;
  }

  // ---- what happens to processes

  void Disturb() {
    if (OneIn(10)) Kill(Upto(processes_.size()));
    if (OneIn(60)) disk_fails_until_ = now_ + minutes(Upto(90));
    if (OneIn(80)) Memory_().paused = true;
    if (OneIn(20)) Resume();
  }
  Memory& Memory_() { return disk_.memories[Upto(disk_.memories.size())]; }
  void Resume() {
    for (Memory& memory : disk_.memories) memory.paused = false;
  }

  // What runs dies with it.
  void Kill(size_t who) {
    for (const auto& driven : processes_[who].runs)
      for (const auto& [task, until] : driven->works_until) working_.erase({driven->run, task});
    processes_[who] = Process();
    if (holder_ == who) holder_.reset();
    std::erase_if(held_, [&](const auto& each) { return each.second == who; });
  }

  // Before a commit, and after it, a process may die; and the disk may not take it.
  void Commit(const std::function<void()>& change) {
    if (now_ < disk_fails_until_) throw Refused();
    if (may_die_ && OneIn(120)) throw Dead();
    change();
    if (may_die_ && OneIn(120)) throw Dead();
  }

  void Work(size_t who) {
    try {
      if (who == 2) {
        ByHand(who);
      } else if (!holder_ || *holder_ == who) {
        if (!holder_) Begin(who);
        Serve(who);
      }
      for (size_t i = 0; i < processes_[who].runs.size();) i = Drive(who, i) ? i + 1 : i;
    } catch (const Dead&) {
      Kill(who);
    } catch (const Refused&) {
      return;  // the service looks again later; runs whose commit was refused have been let go
    }
  }

  void Begin(size_t who) {
    holder_ = who;
    processes_[who].is_service = true;
    processes_[who].watched_since = now_;
  }

  // ---- schedules

  void Serve(size_t who) {
    processes_[who].desk.SetLimits({{"pool", kSlots}});
    for (size_t run = 0; run < disk_.runs.size(); ++run)
      if (!IsFinal(disk_.runs[run].state)) Take(who, run);
    for (size_t pipeline = 0; pipeline < pipelines_.size(); ++pipeline) DecideAll(who, pipeline);
  }

  int Active(size_t pipeline) const {
    return static_cast<int>(std::ranges::count_if(
        disk_.runs, [&](const PlatformRun& run) { return run.pipeline == pipeline && !IsFinal(run.state); }));
  }

  Standing StandingOf(size_t who, size_t pipeline) const {
    const Schedule& schedule = pipelines_[pipeline].schedule;
    Standing standing{Active(pipeline), processes_[who].watched_since, {}, {}};
    for (const PlatformRun& run : disk_.runs)
      if (run.pipeline == pipeline) standing.last_run = run.state;
    if (schedule.on)
      for (const std::string& asset : schedule.on->assets)
        if (const auto found = disk_.versions.find(asset); found != disk_.versions.end())
          standing.versions.insert(*found);
    return standing;
  }

  void DecideAll(size_t who, size_t pipeline) {
    const Schedule& schedule = pipelines_[pipeline].schedule;
    for (int i = 0; i < 5000; ++i) {
      const Memory read = disk_.memories[pipeline];
      const Verdict verdict = Decide(schedule, read, StandingOf(who, pipeline), now_);
      if (!verdict.decision) return;
      const Decision& decision = *verdict.decision;
      Commit([&] {
        disk_.memories[pipeline] = Remember(read, schedule, decision, now_);
        disk_.decisions[pipeline].push_back(decision);
        if (decision.kind == Decision::Kind::kStart && !HasRun(pipeline, decision.interval))
          disk_.runs.push_back({pipeline, decision.interval, "scheduled", TaskState::kQueued, 0, {}, now_});
      });
      if (decision.kind == Decision::Kind::kStart) Take(who, disk_.runs.size() - 1);
    }
    ADD_FAILURE() << "a service never comes to rest";
  }

  bool HasRun(size_t pipeline, const Interval& interval) const {
    return std::ranges::any_of(disk_.runs, [&](const PlatformRun& run) {
      return run.pipeline == pipeline && run.interval.start == interval.start;
    });
  }

  // Somebody runs an interval of his own, or again what failed.
  void ByHand(size_t who) {
    processes_[who].desk.SetLimits({{"pool", kSlots}});
    if (!OneIn(12)) return;
    const size_t pipeline = Upto(2);
    const Interval interval = pipelines_[pipeline].schedule.calendar->LastComplete(now_);
    if (Active(pipeline) >= pipelines_[pipeline].schedule.max_active_runs || HasRun(pipeline, interval)) return;
    Commit([&] { disk_.runs.push_back({pipeline, interval, "manual", TaskState::kQueued, 0, {}, now_}); });
    Take(who, disk_.runs.size() - 1);
  }

  // ---- runs

  // The lock of an interval is the system's: who dies lets it go.
  void Take(size_t who, size_t run) {
    PlatformRun& stored = disk_.runs[run];
    if (IsFinal(stored.state) || !held_.emplace(run, who).second) return;
    auto plan = Plan::Make({pipelines_[stored.pipeline].plan.tasks, {}});
    EXPECT_TRUE(plan.ok());
    auto driven = std::make_unique<Driven>(Driven{run, 0, *std::move(plan), {}, {}, {}, false});
    try {
      Commit([&] { driven->token = ++stored.token; });
      for (const auto& [task, was] : stored.tasks) {
        driven->plan.Restore(task, was);
        if (was.state == TaskState::kUpForRetry) driven->retry_at[task] = now_;
      }
      driven->plan.Settle();
      Save(*driven);
    } catch (const Refused&) {
      held_.erase(run);
      throw;
    }
    processes_[who].runs.push_back(std::move(driven));
  }

  // All that changed in one commit, guarded by the token.
  void Save(const Driven& driven) {
    Commit([&] {
      PlatformRun& stored = disk_.runs[driven.run];
      if (stored.token != driven.token) throw Refused();
      for (TaskId task = 0; task < driven.plan.size(); ++task) {
        StoredTask next{driven.plan.state(task), driven.plan.attempts(task), driven.plan.failures(task), {}, true};
        const auto outcome = decided_.find({driven.run, task});
        if (next.state == TaskState::kSuccess && outcome != decided_.end()) next.gate_open = outcome->second;
        StoredTask& was = stored.tasks[task];
        EXPECT_TRUE(!IsFinal(was.state) || was.state == next.state) << "a final state was left";
        EXPECT_GE(next.attempts, was.attempts);
        const bool fails = next.state == TaskState::kFailed && was.state != TaskState::kFailed;
        if (fails) disk_.outbox.emplace(fmt::format("{}/{}/{}", driven.run, task, next.attempts), 0);
        const bool renews = next.state == TaskState::kSuccess && was.state != next.state;
        if (renews && task + 1 == driven.plan.size()) ++disk_.versions[pipelines_[stored.pipeline].asset];
        was = next;
      }
      stored.state = driven.plan.done() ? driven.plan.Summarize().Conclusion() : TaskState::kRunning;
    });
  }

  // False: the run is gone from the process.
  bool Drive(size_t who, size_t index) {
    Driven& driven = *processes_[who].runs[index];
    const auto let_go = [&] {
      for (const auto& [task, until] : driven.works_until) working_.erase({driven.run, task});
      for (const auto& [task, ticket] : driven.seats) processes_[who].desk.Return(ticket);
      held_.erase(driven.run);
      processes_[who].runs.erase(processes_[who].runs.begin() + static_cast<std::ptrdiff_t>(index));
    };
    try {
      if (driven.is_broken) throw Refused();
      EndTasks(who, driven);
      if (OneIn(200)) driven.plan.Cancel();
      for (auto it = driven.retry_at.begin(); it != driven.retry_at.end();) {
        const bool due = it->second <= now_;
        if (due && driven.plan.state(it->first) == TaskState::kUpForRetry) driven.plan.Retry(it->first);
        it = due ? driven.retry_at.erase(it) : std::next(it);
      }
      StartTasks(who, driven);
    } catch (const Refused&) {
      let_go();
      return false;
    }
    if (!driven.plan.done()) return true;
    let_go();
    return false;
  }

  // What a task does is known beforehand: by its name and how often it failed, not by when it runs.
  Outcome OutcomeOf(const Driven& driven, TaskId task) {
    std::mt19937_64 fate(seed_ * 1000003 + driven.run * 1009 + task * 31 +
                         static_cast<uint64_t>(driven.plan.failures(task)));
    if (fate() % 7 == 0) return Outcome::Failed(fate() % 3 != 0);
    Outcome outcome;
    outcome.gate_open = fate() % 2 == 0;
    return outcome;
  }

  void EndTasks(size_t who, Driven& driven) {
    for (auto it = driven.works_until.begin(); it != driven.works_until.end();) {
      const TaskId task = it->first;
      if (it->second > now_) {
        ++it;
        continue;
      }
      const Outcome outcome = OutcomeOf(driven, task);
      ++done_[{driven.run, task}];
      working_.erase({driven.run, task});
      it = driven.works_until.erase(it);
      if (driven.seats.contains(task)) processes_[who].desk.Return(driven.seats.at(task));
      driven.seats.erase(task);
      decided_[{driven.run, task}] = outcome.gate_open;
      const Transitions then = driven.plan.Finish(task, outcome);
      if (then.retry_in) driven.retry_at[task] = now_ + *then.retry_in;
      Save(driven);
    }
  }

  void StartTasks(size_t who, Driven& driven) {
    SlotDesk& desk = processes_[who].desk;
    while (const auto next = driven.plan.Next()) {
      driven.plan.Take(*next);
      const TaskSpec& spec = driven.plan.task(*next);
      driven.seats[*next] = desk.Ask({.run = static_cast<int64_t>(driven.run),
                                      .pool = spec.pool,
                                      .lane = {},
                                      .slots = spec.slots,
                                      .priority = pipelines_[disk_.runs[driven.run].pipeline].priority,
                                      .rank = driven.plan.rank(*next),
                                      .since = now_.time_since_epoch()});
    }
    for (auto it = driven.seats.begin(); it != driven.seats.end();) {  // a canceled run's requests go
      const bool gone = IsFinal(driven.plan.state(it->first));
      if (gone) desk.Return(it->second);
      it = gone ? driven.seats.erase(it) : std::next(it);
    }
    const auto granted = desk.Grant(now_.time_since_epoch());
    for (const auto ticket : granted) Grant(who, ticket);
    Save(driven);
  }

  // The seat may be another run's of the process.
  void Grant(size_t who, SlotDesk::Ticket ticket) {
    for (const auto& driven : processes_[who].runs)
      for (const auto& [task, seat] : driven->seats)
        if (seat == ticket) {
          driven->plan.Start(task);
          try {
            Save(*driven);  // before it starts the store knows
          } catch (const Refused&) {
            driven->is_broken = true;
            return;
          }
          const auto [at, fresh] = working_.emplace(std::pair(driven->run, task), who);
          EXPECT_TRUE(fresh) << "task " << task << " of run " << driven->run << " runs twice at once";
          driven->works_until[task] = now_ + minutes(Upto(30));
          return;
        }
  }

  // ---- what must hold

  void Check() {
    for (size_t who = 0; who < processes_.size(); ++who) {
      uint32_t used = 0;
      for (const auto& driven : processes_[who].runs)
        for (const auto& [task, until] : driven->works_until)
          if (driven->plan.task(task).pool == "pool") used += std::min(driven->plan.task(task).slots, kSlots);
      EXPECT_LE(used, kSlots) << "the pool of a process is overdrawn";
    }
    for (size_t pipeline = 0; pipeline < pipelines_.size(); ++pipeline) {
      EXPECT_LE(Active(pipeline), pipelines_[pipeline].schedule.max_active_runs);
      CheckIntervals(pipeline);
    }
    for (auto& [key, delivered] : disk_.outbox)
      if (OneIn(3)) ++delivered;
  }

  void CheckIntervals(size_t pipeline) {
    std::optional<Timestamp> until;
    for (const Decision& decision : disk_.decisions[pipeline]) {
      if (decision.kind == Decision::Kind::kAdopt) continue;
      EXPECT_TRUE(!until || *until == decision.interval.start) << "a gap or an overlap";
      EXPECT_LT(decision.interval.start, decision.interval.end);
      until = decision.interval.end;
    }
    std::set<Timestamp> scheduled;
    for (const PlatformRun& run : disk_.runs)
      EXPECT_TRUE(run.pipeline != pipeline || scheduled.insert(run.interval.start).second) << "two runs of an interval";
  }

  // Nothing more goes wrong: everything that has begun ends, each task that succeeded was done, and once unless an
  // attempt was lost.
  void Settle() {
    may_die_ = false;
    disk_fails_until_ = {};
    Resume();
    for (int i = 0; i < 4000 && !Failed(); ++i) {
      now_ += minutes(5);
      for (size_t who = 0; who < processes_.size(); ++who) Work(who);
      Check();
      const bool over = std::ranges::all_of(disk_.runs, [](const PlatformRun& run) { return IsFinal(run.state); });
      if (over && i > 50) break;
    }
    for (size_t id = 0; id < disk_.runs.size(); ++id) {
      const PlatformRun& run = disk_.runs[id];
      // One that a schedule has just begun may still be under way.
      if (!IsFinal(run.state)) {
        EXPECT_GT(run.created_at, now_ - hours(24 * 3)) << "run " << id << " never ends";
        continue;
      }
      for (const auto& [task, stored] : run.tasks) {
        EXPECT_TRUE(IsFinal(stored.state));
        const int done = done_.contains({id, task}) ? done_.at({id, task}) : 0;
        EXPECT_TRUE(stored.state != TaskState::kSuccess || done >= 1) << "a success that nobody did";
        EXPECT_LE(done, stored.attempts) << "done more often than begun";
        const bool is_told = disk_.outbox.contains(fmt::format("{}/{}/{}", id, task, stored.attempts));
        EXPECT_TRUE(stored.state != TaskState::kFailed || is_told) << "no alert";
      }
    }
  }

  std::mt19937_64 random_;
  const uint64_t seed_;
  Timestamp now_, disk_fails_until_{};
  bool may_die_ = true;
  std::vector<PipelineOf> pipelines_;
  StoredPlatform disk_;
  std::vector<Process> processes_;
  std::optional<size_t> holder_;                         // the service's lock
  std::map<size_t, size_t> held_;                        // locks of runs: by whom
  std::map<std::pair<size_t, TaskId>, size_t> working_;  // tasks that run somewhere: by whom
  std::map<std::pair<size_t, TaskId>, int> done_;        // the ledger that tasks write
  std::map<std::pair<size_t, TaskId>, bool> decided_;    // what gates said
};

TEST(Simulation, APlatformComesThroughWhateverHappens) {
  testing::ForSeeds(100, [](uint64_t seed) { Platform(seed).Live(300); });
}

}  // namespace
}  // namespace stir::scheduler
