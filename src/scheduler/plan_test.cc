#include "scheduler/plan.h"

#include <gtest/gtest.h>

#include <random>

#include "scheduler/kinds.h"

namespace stir::scheduler {
namespace {

using State = TaskState;

TaskSpec Task(std::string name, std::vector<TaskId> needs = {}, TriggerRule rule = TriggerRule::kDefault) {
  TaskSpec spec;
  spec.name = std::move(name);
  spec.needs = std::move(needs);
  spec.rule = rule;
  return spec;
}

Plan Make(std::vector<TaskSpec> tasks, std::map<std::string, uint32_t> pools = {}) {
  auto plan = Plan::Make({std::move(tasks), std::move(pools)});
  EXPECT_TRUE(plan.ok());
  return *plan;
}

Transitions RunOne(Plan& plan, TaskId id, const Outcome& outcome = Outcome::Success()) {
  plan.Start(id);
  return plan.Finish(id, outcome);
}

std::vector<State> States(const Plan& plan) {
  std::vector<State> states;
  for (TaskId id = 0; id < plan.size(); ++id) states.push_back(plan.state(id));
  return states;
}

TEST(Plan, AChainStartsTaskAfterTask) {
  Plan plan = Make({Task("a"), Task("b", {0}), Task("c", {1})});
  EXPECT_EQ(plan.Next(), 0U);
  EXPECT_EQ(RunOne(plan, 0).ready, std::vector<TaskId>{1});
  EXPECT_EQ(RunOne(plan, 1).ready, std::vector<TaskId>{2});
  EXPECT_FALSE(plan.done());
  RunOne(plan, 2);
  EXPECT_TRUE(plan.done());
  EXPECT_EQ(plan.Summarize().Conclusion(), State::kSuccess);
  EXPECT_EQ(plan.Summarize().Notes(), "");
}

TEST(Plan, AFailureLeavesOutAllThatFollows) {
  Plan plan = Make({Task("a"), Task("b", {0}), Task("c", {1}), Task("d")});
  const Transitions then = RunOne(plan, 0, Outcome::Failed());
  EXPECT_EQ(then.skipped, (std::vector<TaskId>{1, 2}));
  EXPECT_EQ(plan.state(2), State::kUpstreamFailed);
  EXPECT_FALSE(plan.done());
  RunOne(plan, 3);
  EXPECT_EQ(plan.Summarize().Conclusion(), State::kFailed);
  EXPECT_EQ(plan.Summarize().Notes(), "1 failed; 2 not run for a failure before");
}

TEST(Plan, TheLongestRemainingPathGoesFirst) {
  Plan plan = Make({Task("short"), Task("long"), Task("x", {1}), Task("y", {2})});
  EXPECT_EQ(plan.Next(), 1U);
  std::vector<TaskSpec> measured = {Task("short"), Task("long"), Task("x", {1})};
  measured[0].expected = std::chrono::hours(1);
  EXPECT_EQ(Make(measured).Next(), 0U);
}

TEST(Plan, WhatIsReadyFirstGoesFirstIfItIsToldSo) {
  std::vector<TaskSpec> tasks = {Task("short"), Task("long"), Task("x", {1}), Task("y", {2}), Task("z", {0})};
  auto plan = Plan::Make({tasks, {}, Order::kFirstReady});
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->Next(), 0U);
  RunOne(*plan, 0);
  EXPECT_EQ(plan->Next(), 1U);
  RunOne(*plan, 1);
  EXPECT_EQ(plan->Next(), 4U) << "z became ready before x";
  tasks[2].at_once = true;
  plan = Plan::Make({tasks, {}, Order::kFirstReady});
  ASSERT_TRUE(plan.ok());
  RunOne(*plan, 0);
  RunOne(*plan, 1);
  EXPECT_EQ(plan->Next(), 2U);
}

TEST(Plan, APoolHoldsBackAndALaneToo) {
  std::vector<TaskSpec> tasks = {Task("a"), Task("b"), Task("c"), Task("d")};
  tasks[0].pool = tasks[1].pool = tasks[2].pool = "p";
  tasks[2].slots = 9;
  tasks[3].lane = "threads";
  Plan plan = Make(tasks, {{"p", 2}, {"threads", 1}});
  plan.Start(0);
  plan.Start(1);
  EXPECT_EQ(plan.Next(), 3U);
  plan.Start(3);
  EXPECT_EQ(plan.Next(), std::nullopt);
  plan.Finish(0, Outcome::Success());
  EXPECT_EQ(plan.Next(), std::nullopt) << "more slots than the pool has means all of it";
  plan.Finish(1, Outcome::Success());
  EXPECT_EQ(plan.Next(), 2U);
}

TEST(Plan, RetriesWaitAndThenEnd) {
  std::vector<TaskSpec> tasks = {Task("a"), Task("b", {0})};
  tasks[0].retry = {.retries = 2, .delay = std::chrono::seconds(1), .backoff = Backoff::kExponential};
  Plan plan = Make(tasks);
  Transitions then = RunOne(plan, 0, Outcome::Failed());
  EXPECT_EQ(then.retry_in, Duration(std::chrono::seconds(1)));
  EXPECT_EQ(plan.state(0), State::kUpForRetry);
  EXPECT_EQ(plan.Next(), std::nullopt);
  plan.Retry(0);
  then = RunOne(plan, 0, Outcome::Failed());
  EXPECT_EQ(then.retry_in, Duration(std::chrono::seconds(2)));
  plan.Retry(0);
  then = RunOne(plan, 0, Outcome::Failed());
  EXPECT_EQ(then.retry_in, std::nullopt);
  EXPECT_EQ(plan.attempts(0), 3);
  EXPECT_EQ(plan.state(1), State::kUpstreamFailed);
}

TEST(Plan, AFailureThatNoRetryHelpsEndsAtOnce) {
  std::vector<TaskSpec> tasks = {Task("a")};
  tasks[0].retry.retries = 5;
  Plan plan = Make(tasks);
  EXPECT_FALSE(RunOne(plan, 0, Outcome::Failed(false)).retry_in);
  EXPECT_TRUE(plan.done());
}

TEST(Plan, ABranchSkipsWhatItDidNotChooseAndItsJoinRuns) {
  // branch -> left -> left2 -> join, branch -> right -> join
  std::vector<TaskSpec> tasks = {Task("branch"), Task("left"), Task("left2", {1}), Task("right"), Task("join", {2, 3})};
  tasks[0].targets = {1, 3};
  Plan plan = Make(tasks);
  EXPECT_EQ(plan.rule(4), TriggerRule::kNoneFailedMinOneSuccess);
  EXPECT_EQ(plan.rule(2), TriggerRule::kAllSuccess);
  EXPECT_EQ(plan.Next(), 0U);
  Outcome outcome;
  outcome.chosen = {3};
  const Transitions then = RunOne(plan, 0, outcome);
  EXPECT_EQ(then.ready, std::vector<TaskId>{3});
  EXPECT_EQ(then.skipped, (std::vector<TaskId>{1, 2}));
  EXPECT_EQ(RunOne(plan, 3).ready, std::vector<TaskId>{4});
}

TEST(Plan, ATargetThatFollowsFromTheChosenOneIsNoAlternative) {
  std::vector<TaskSpec> tasks = {Task("branch"), Task("work"), Task("end", {1})};
  tasks[0].targets = {1, 2};
  Plan plan = Make(tasks);
  EXPECT_EQ(plan.rule(2), TriggerRule::kNoneFailedMinOneSuccess);
  Outcome outcome;
  outcome.chosen = {1};
  RunOne(plan, 0, outcome);
  EXPECT_EQ(plan.state(2), State::kNone);
  RunOne(plan, 1);
  EXPECT_EQ(plan.state(2), State::kQueued);
}

TEST(Plan, AClosedGateSkipsEverythingBelowWhateverItsRule) {
  std::vector<TaskSpec> tasks = {Task("gate"), Task("a", {0}), Task("b", {1}, TriggerRule::kAllDone),
                                 Task("c", {1}, TriggerRule::kAlways), Task("other")};
  tasks[0].is_gate = true;
  Plan plan = Make(tasks);
  EXPECT_EQ(plan.state(3), State::kNone) << "an early rule waits for the gate above it";
  Outcome closed;
  closed.gate_open = false;
  EXPECT_EQ(RunOne(plan, 0, closed).skipped, (std::vector<TaskId>{1, 2, 3}));
  RunOne(plan, 4);
  EXPECT_EQ(plan.Summarize().Conclusion(), State::kSuccess);
  EXPECT_EQ(plan.Summarize().Notes(), "3 skipped");
}

TEST(Plan, AnAllowedFailureIsStillAFailureForThoseBelow) {
  std::vector<TaskSpec> tasks = {Task("a"), Task("b"), Task("c", {0, 1}, TriggerRule::kAllDoneMinOneSuccess)};
  tasks[0].allow_failure = tasks[1].allow_failure = true;
  Plan one = Make(tasks);
  RunOne(one, 0, Outcome::Failed());
  RunOne(one, 1);
  RunOne(one, 2);
  EXPECT_EQ(one.Summarize().Conclusion(), State::kSuccess);
  EXPECT_EQ(one.Summarize().Notes(), "1 failed, allowed");
  Plan none = Make(tasks);
  RunOne(none, 0, Outcome::Failed());
  RunOne(none, 1, Outcome::Failed());
  EXPECT_EQ(none.state(2), State::kUpstreamFailed);
  EXPECT_EQ(none.Summarize().Conclusion(), State::kFailed) << "nothing was built: that is no success";
}

TEST(Plan, ATaskExpandsToTasksOfItsOwnAndEndsWithTheLast) {
  Plan plan = Make({Task("build"), Task("after", {0})});
  plan.Start(0);
  const Transitions then = plan.Expand(0, {Task("build.a"), Task("build.b", {0})});
  EXPECT_EQ(then.ready, std::vector<TaskId>{2});
  EXPECT_EQ(plan.parent(3), 0U);
  EXPECT_EQ(plan.running(), 0U);
  RunOne(plan, 2);
  EXPECT_EQ(plan.state(0), State::kRunning);
  const Transitions end = RunOne(plan, 3);
  EXPECT_EQ(end.ended, std::vector<TaskId>{0});
  EXPECT_EQ(end.ready, std::vector<TaskId>{1});
  EXPECT_EQ(plan.state(0), State::kSuccess);
  EXPECT_EQ(plan.Summarize().success, 2U) << "an expanded task counts as its children";
}

TEST(Plan, AnExpansionFailsWithItsChildrenAndAnEmptyOneSucceeds) {
  Plan plan = Make({Task("build"), Task("after", {0})});
  plan.Start(0);
  plan.Expand(0, {Task("a"), Task("b", {0}), Task("c")});
  EXPECT_EQ(RunOne(plan, 2, Outcome::Failed()).skipped, std::vector<TaskId>{3});
  EXPECT_EQ(RunOne(plan, 4).ended, std::vector<TaskId>{0});
  EXPECT_EQ(plan.state(0), State::kFailed);
  EXPECT_EQ(plan.state(1), State::kUpstreamFailed);

  Plan empty = Make({Task("build"), Task("after", {0})});
  empty.Start(0);
  EXPECT_EQ(empty.Expand(0, {}).ready, std::vector<TaskId>{1});
  EXPECT_EQ(empty.state(0), State::kSuccess);
}

TEST(Plan, CancelEndsWhatWaitsAndLetsWhatRunsEnd) {
  std::vector<TaskSpec> tasks = {Task("a"), Task("b", {0}), Task("c"), Task("d")};
  tasks[0].retry.retries = 3;
  Plan plan = Make(tasks);
  plan.Start(0);
  plan.Start(3);
  plan.Expand(3, {Task("d.x"), Task("d.y")});
  plan.Start(4);
  EXPECT_EQ(plan.Cancel().skipped, (std::vector<TaskId>{1, 2, 5}));
  EXPECT_EQ(plan.Next(), std::nullopt);
  EXPECT_FALSE(plan.Finish(0, Outcome::Failed()).retry_in) << "no attempt starts after a cancel";
  plan.Finish(4, Outcome::Canceled());
  EXPECT_TRUE(plan.done());
  EXPECT_EQ(plan.state(3), State::kCanceled);
}

std::vector<TaskSpec> WithTeardown() {
  std::vector<TaskSpec> tasks = {Task("create"), Task("work", {0}), Task("drop", {1}), Task("after", {1})};
  tasks[2].setups = {0};
  tasks[2].allow_failure = true;
  return tasks;
}

TEST(Plan, ATeardownRunsWhateverBecomesOfTheWork) {
  Plan plan = Make(WithTeardown());
  RunOne(plan, 0);
  EXPECT_EQ(RunOne(plan, 1, Outcome::Failed()).ready, std::vector<TaskId>{2});
  RunOne(plan, 2);
  EXPECT_EQ(plan.Summarize().Conclusion(), State::kFailed);
  EXPECT_EQ(plan.ToRetry(), (std::vector<TaskId>{0, 1, 2, 3})) << "what runs again finds it set up";
}

TEST(Plan, ATeardownOfWhatWasNotSetUpDoesNothing) {
  Plan plan = Make(WithTeardown());
  RunOne(plan, 0, Outcome::Failed());
  EXPECT_EQ(States(plan),
            (std::vector<State>{State::kFailed, State::kUpstreamFailed, State::kSkipped, State::kUpstreamFailed}));
}

TEST(Plan, ATeardownRunsInACanceledRunAndBelowAClosedGate) {
  Plan plan = Make(WithTeardown());
  RunOne(plan, 0);
  plan.Start(1);
  EXPECT_EQ(plan.Cancel().skipped, (std::vector<TaskId>{3}));
  EXPECT_EQ(plan.Finish(1, Outcome::Canceled()).ready, std::vector<TaskId>{2});
  RunOne(plan, 2, Outcome::Failed());
  EXPECT_TRUE(plan.done());
  EXPECT_EQ(plan.Summarize().Conclusion(), State::kCanceled);

  std::vector<TaskSpec> tasks = WithTeardown();
  tasks[1].is_gate = true;
  Plan gated = Make(std::move(tasks));
  RunOne(gated, 0);
  Outcome closed;
  closed.gate_open = false;
  EXPECT_EQ(RunOne(gated, 1, closed).ready, std::vector<TaskId>{2});
  EXPECT_EQ(gated.state(3), State::kSkipped);
}

TEST(Plan, ARetryWaitsAsLongAsTheOtherSideAsks) {
  std::vector<TaskSpec> tasks = {Task("a")};
  tasks[0].retry = {.retries = 2, .delay = std::chrono::seconds(1)};
  Plan plan = Make(std::move(tasks));
  Outcome busy = Outcome::Failed();
  busy.not_before = std::chrono::minutes(3);
  EXPECT_EQ(RunOne(plan, 0, busy).retry_in, std::chrono::minutes(3));
  plan.Retry(0);
  EXPECT_EQ(RunOne(plan, 0, Outcome::Failed()).retry_in, std::chrono::seconds(1));
}

TEST(Plan, ACycleIsPrintedWhole) {
  const auto plan = Plan::Make({{Task("a", {2}), Task("b", {0}), Task("c", {1})}, {}});
  ASSERT_FALSE(plan.ok());
  EXPECT_EQ(plan.error().front().kind, kTaskCycle);
  for (const char* name : {"`a`", "`b`", "`c`"}) EXPECT_NE(plan.error().front().message.find(name), std::string::npos);
}

TEST(Plan, NamesAreUnique) {
  EXPECT_EQ(Plan::Make({{Task("a"), Task("a")}, {}}).error().front().kind, kDuplicateTask);
  EXPECT_EQ(Plan::Make({{Task("a", {7})}, {}}).error().front().kind, kBadTaskReference);
}

TEST(Plan, RetryingARunClearsFailuresAndWhatFollowsFromThem) {
  Plan plan = Make({Task("a"), Task("b"), Task("build", {0, 1}), Task("end", {2}), Task("other", {1})});
  RunOne(plan, 0);
  RunOne(plan, 1);
  plan.Start(2);
  plan.Expand(2, {Task("x"), Task("y"), Task("z", {1})});
  RunOne(plan, 5);
  RunOne(plan, 6, Outcome::Failed());
  RunOne(plan, 4);
  EXPECT_TRUE(plan.done());
  EXPECT_EQ(plan.ToRetry(), (std::vector<TaskId>{2, 3, 6, 7}));
}

TEST(Plan, AThousandTasksIntoOneJoinAndALongChain) {
  std::vector<TaskSpec> tasks;
  std::vector<TaskId> all;
  for (TaskId i = 0; i < 1000; ++i) tasks.push_back(Task("t" + std::to_string(i))), all.push_back(i);
  tasks.push_back(Task("join", all));
  for (TaskId i = 1001; i < 20000; ++i) tasks.push_back(Task("c" + std::to_string(i), {i - 1}));
  Plan plan = Make(tasks);
  RunOne(plan, 0, Outcome::Failed());
  for (TaskId i = 1; i < 1000; ++i) RunOne(plan, i);
  EXPECT_TRUE(plan.done());
  EXPECT_EQ(plan.state(19999), State::kUpstreamFailed);
}

// ---- properties over random plans

struct Random {
  std::mt19937 engine;
  explicit Random(uint32_t seed) : engine(seed) {}
  uint32_t Below(uint32_t n) { return std::uniform_int_distribution<uint32_t>(0, n - 1)(engine); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }
};

// What the world will do, decided beforehand by task name, so that order and interruption cannot change it.
struct PlanWorld {
  uint32_t seed;
  Outcome OutcomeOf(const Plan& plan, TaskId id, int failures) const {
    Random random(seed * 7919U + static_cast<uint32_t>(std::hash<std::string>{}(plan.task(id).name)));
    const uint32_t fails = random.OneIn(5) ? 1 + random.Below(3) : 0;
    if (static_cast<uint32_t>(failures) < fails) return Outcome::Failed();
    Outcome outcome = random.OneIn(12) ? Outcome::Skipped() : Outcome::Success();
    for (TaskId target : plan.task(id).targets)
      if (random.OneIn(2)) outcome.chosen.push_back(target);
    outcome.gate_open = !random.OneIn(2);
    return outcome;
  }
};

std::vector<TaskSpec> RandomTasks(Random& random, uint32_t count, const std::string& prefix) {
  std::vector<TaskSpec> tasks;
  for (TaskId i = 0; i < count; ++i) {
    TaskSpec spec = Task(prefix + std::to_string(i));
    for (TaskId need = 0; need < i; ++need)
      if (random.Below(count) < 3) spec.needs.push_back(need);
    if (random.OneIn(3)) spec.rule = static_cast<TriggerRule>(random.Below(13));
    spec.is_gate = random.OneIn(8);
    spec.allow_failure = random.OneIn(6);
    spec.retry.retries = static_cast<int>(random.Below(3));
    if (random.OneIn(3)) spec.pool = "p";
    spec.slots = 1 + random.Below(2);
    tasks.push_back(std::move(spec));
  }
  for (TaskId i = 0; i + 2 < count; ++i)
    if (random.OneIn(6)) tasks[i].targets = {i + 1 + random.Below(count - i - 1)};
  for (TaskId i = 0; i + 2 < count; ++i)
    if (!tasks[i].targets.empty()) {
      const TaskId other = i + 1 + random.Below(count - i - 1);
      if (other != tasks[i].targets[0]) tasks[i].targets.push_back(other);
    }
  return tasks;
}

bool Expands(const Plan& plan, TaskId id) {
  return !plan.parent(id) && plan.task(id).targets.empty() && !plan.task(id).is_gate && id % 7 == 3;
}

std::vector<TaskSpec> Children(const Plan& plan, TaskId id) {
  Random random(id);
  return RandomTasks(random, 1 + random.Below(6), plan.task(id).name + ".");
}

// What a store would hold: the last thing written of each task.
using Stored = std::map<std::string, StoredTask>;

class Driver {
 public:
  Driver(Plan plan, PlanWorld world, uint32_t order) : plan_(std::move(plan)), world_(world), random_(order) {}

  // Runs at most `steps` steps (starts and ends), writing as a durable executor would; true when the run is over.
  bool Run(size_t steps) {
    for (size_t step = 0; step < steps && !plan_.done(); ++step) {
      std::vector<TaskId> running, waiting;
      for (TaskId id = 0; id < plan_.size(); ++id) {
        if (plan_.state(id) == State::kRunning && !plan_.expanded(id)) running.push_back(id);
        if (plan_.state(id) == State::kUpForRetry) waiting.push_back(id);
      }
      const auto next = plan_.Next();
      if (next && (running.empty() || random_.OneIn(2)))
        StartOne(*next);
      else if (!running.empty())
        FinishOne(running[random_.Below(static_cast<uint32_t>(running.size()))]);
      else if (!waiting.empty())
        plan_.Retry(waiting[random_.Below(static_cast<uint32_t>(waiting.size()))]);
      else
        ADD_FAILURE() << "nothing runs, nothing can start, and the plan is not done", step = steps;
    }
    return plan_.done();
  }

  const Plan& plan() const { return plan_; }
  const Stored& stored() const { return stored_; }
  const std::vector<std::string>& started() const { return started_; }

 private:
  void StartOne(TaskId id) {
    for (TaskId need : plan_.needs(id)) {
      EXPECT_TRUE(plan_.rule(id) != TriggerRule::kAllSuccess || plan_.state(need) == State::kSuccess)
          << plan_.task(id).name;
    }
    plan_.Start(id);
    EXPECT_FALSE(IsFinal(stored_[plan_.task(id).name].state));
    started_.push_back(plan_.task(id).name);
    Write(id);
    if (Expands(plan_, id)) WriteAll(plan_.Expand(id, Children(plan_, id)), id);
  }
  void FinishOne(TaskId id) {
    const Outcome outcome = world_.OutcomeOf(plan_, id, plan_.failures(id));
    const Transitions then = plan_.Finish(id, outcome);
    stored_[plan_.task(id).name].chosen = outcome.chosen;
    stored_[plan_.task(id).name].gate_open = outcome.gate_open;
    // A crash may fall between an end and what follows from it: what follows is written only sometimes.
    if (random_.OneIn(2))
      WriteAll(then, id);
    else
      Write(id);
  }
  void WriteAll(const Transitions& then, TaskId id) {
    Write(id);
    for (TaskId each : then.skipped) Write(each);
    for (TaskId each : then.ended) Write(each);
  }
  void Write(TaskId id) {
    StoredTask& row = stored_[plan_.task(id).name];
    row.state = plan_.state(id);
    row.attempts = plan_.attempts(id);
    row.failures = plan_.failures(id);
  }

  Plan plan_;
  PlanWorld world_;
  Random random_;
  Stored stored_;
  std::vector<std::string> started_;
};

Plan Recover(const std::vector<TaskSpec>& tasks, const Stored& stored) {
  Plan plan = Make(tasks, {{"p", 2}});
  for (TaskId id = 0; id < tasks.size(); ++id) {
    const auto row = stored.find(plan.task(id).name);
    if (row == stored.end()) continue;
    plan.Restore(id, row->second);
    if (!Expands(plan, id) || row->second.state == State::kNone || row->second.attempts == 0) continue;
    const TaskId first = static_cast<TaskId>(plan.size());
    plan.Expand(id, Children(plan, id));
    for (TaskId child = first; child < plan.size(); ++child)
      if (const auto inner = stored.find(plan.task(child).name); inner != stored.end())
        plan.Restore(child, inner->second);
  }
  plan.Settle();
  return plan;
}

TEST(Plan, WhatIsLostRunsAgainWithoutARetryButNotForEver) {
  Plan plan = Make({Task("a"), Task("b", {0})});
  for (int lost = 1; lost <= kMostLosses; ++lost) {
    plan.Start(*plan.Next());
    plan.Finish(0, Outcome::Lost());
    EXPECT_EQ(plan.state(0), State::kQueued);
    EXPECT_EQ(plan.attempts(0), lost);
    EXPECT_EQ(plan.failures(0), 0);
  }
  plan.Start(*plan.Next());
  plan.Finish(0, Outcome::Lost(/*counts=*/false));
  EXPECT_EQ(plan.state(0), State::kQueued);
  plan.Start(*plan.Next());
  plan.Finish(0, Outcome::Lost());
  EXPECT_EQ(plan.state(0), State::kFailed);
  EXPECT_EQ(plan.state(1), State::kUpstreamFailed);
  EXPECT_TRUE(plan.done());
}

TEST(Plan, AnAttemptThatGoesOnIsResumed) {
  Plan plan = Make({Task("a"), Task("b", {0})});
  plan.Restore(0, {State::kRunning, 2, 1, {}, true, 1});
  plan.Settle();
  plan.Resume(0);
  EXPECT_EQ(plan.state(0), State::kRunning);
  EXPECT_EQ(plan.attempts(0), 2);
  EXPECT_EQ(plan.losses(0), 1);
  EXPECT_FALSE(plan.Next());
  plan.Finish(0, Outcome::Success());
  EXPECT_EQ(plan.Next(), TaskId{1});
}

TEST(PlanProperties, EveryRunEndsTheSameInAnyOrderAndAfterAnyInterruption) {
  for (uint32_t seed = 0; seed < 400; ++seed) {
    Random random(seed);
    const auto tasks = RandomTasks(random, 2 + random.Below(24), "t");
    if (!Plan::Make({tasks, {}}).ok()) continue;  // targets may make a cycle
    const PlanWorld world{seed};
    Driver straight(Make(tasks, {{"p", 2}}), world, seed);
    ASSERT_TRUE(straight.Run(SIZE_MAX)) << seed;
    for (State state : States(straight.plan())) ASSERT_TRUE(IsFinal(state)) << seed;

    Driver other(Make(tasks, {{"p", 2}}), world, seed + 1000);
    ASSERT_TRUE(other.Run(SIZE_MAX)) << seed;
    for (TaskId id = 0; id < straight.plan().size(); ++id) {
      const auto same = other.plan().Find(straight.plan().task(id).name);
      ASSERT_TRUE(same) << seed;
      ASSERT_EQ(straight.plan().state(id), other.plan().state(*same)) << seed << " " << straight.plan().task(id).name;
    }

    for (const size_t steps : {1U, 3U, 5U, 9U, 14U, 22U}) {
      Driver interrupted(Make(tasks, {{"p", 2}}), world, seed + 2000);
      interrupted.Run(steps);
      Driver resumed(Recover(tasks, interrupted.stored()), world, seed + 3000);
      ASSERT_TRUE(resumed.Run(SIZE_MAX)) << seed << " after " << steps;
      for (TaskId id = 0; id < straight.plan().size(); ++id) {
        const auto same = resumed.plan().Find(straight.plan().task(id).name);
        ASSERT_TRUE(same);
        ASSERT_EQ(straight.plan().state(id), resumed.plan().state(*same))
            << seed << " after " << steps << " " << straight.plan().task(id).name;
      }
      for (const std::string& name : resumed.started()) {
        const auto row = interrupted.stored().find(name);
        ASSERT_TRUE(row == interrupted.stored().end() || !IsFinal(row->second.state))
            << "what had ended started again: " << name;
      }
    }
  }
}

}  // namespace
}  // namespace stir::scheduler
