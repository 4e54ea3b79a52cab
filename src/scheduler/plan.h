// A run as a value: which task may start, what follows from how it ended, what is left out. No clock, no thread, no
// SQL: a test drives it by hand, an executor drives it with workers, recovery rebuilds it from stored states. dbt's
// commands use it in memory (a node is a task), pipelines durably.
//
//   STIR_ASSIGN(Plan plan, Plan::Make(std::move(spec)));
//   while (!plan.done()) {
//     while (auto task = plan.Next()) { plan.Start(*task); workers.Submit(*task); }
//     auto [task, outcome] = workers.Wait();
//     Transitions then = plan.Finish(task, outcome);   // report then.skipped, arm a timer for then.retry_in
//   }
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "scheduler/retry.h"
#include "scheduler/state.h"

namespace stir::scheduler {

using TaskId = uint32_t;  // an index into the plan's tasks; stable, also when tasks are added by Expand

struct TaskSpec {
  std::string name;           // unique in the plan
  std::vector<TaskId> needs;  // indexes into the list this spec stands in
  TriggerRule rule = TriggerRule::kDefault;
  bool is_gate = false;         // Outcome::gate_open == false skips everything that follows, whatever its rule
  std::vector<TaskId> targets;  // a branch: the tasks it chooses among; each of them needs the branch without saying so
  // A teardown: it needs these without saying so and runs when all that it needs has ended and these have succeeded,
  // also when the run is canceled and whatever gates and branches say.
  std::vector<TaskId> setups;
  bool allow_failure = false;  // its failure does not fail the run (its dependents still see `failed`)
  std::string pool;            // empty: no limit
  uint32_t slots = 1;          // taken from the pool while it runs; more than the pool has counts as all of it
  std::string lane;            // a second pool, of which it takes one slot: what the executor itself is short of
  RetryPolicy retry;
  Duration timeout{0};                          // of one attempt, 0: none; data for the executor
  Duration expected = std::chrono::seconds(1);  // a measured duration if there is one: weighs the longest path
  bool at_once = false;                         // with Order::kFirstReady: goes before all that waits
};

// Which of the tasks that may start goes first.
enum class Order : uint8_t {
  kLongestPath,  // the one with the longest remaining path, ties by id
  kFirstReady,   // the one that became ready first; those that became so together by id
};

struct PlanSpec {
  std::vector<TaskSpec> tasks;
  std::map<std::string, uint32_t> pools;  // slots; a pool that is not listed has no limit
  Order order = Order::kLongestPath;
};

// How an attempt ended.
struct Outcome {
  // Lost: its process died with whoever watched over it, so that nobody knows how it would have ended.
  enum class Kind : uint8_t { kSuccess, kFailed, kSkipped, kCanceled, kLost };
  Kind kind = Kind::kSuccess;
  bool retryable = true;       // of a failure: another attempt may help
  std::vector<TaskId> chosen;  // of a branch: the targets to go on with; none: all are skipped
  bool gate_open = true;       // of a gate
  Duration not_before{0};      // of a failure: the other side asked for this long (Retry-After)
  bool counts = true;          // of a loss: towards kMostLosses

  static Outcome Success() { return {}; }
  static Outcome Failed(bool retryable = true) { return {Kind::kFailed, retryable, {}, true, Duration{0}, true}; }
  static Outcome Skipped() { return {Kind::kSkipped, true, {}, true, Duration{0}, true}; }
  static Outcome Canceled() { return {Kind::kCanceled, true, {}, true, Duration{0}, true}; }
  static Outcome Lost(bool counts = true) { return {Kind::kLost, true, {}, true, Duration{0}, counts}; }
};

// How often a task is run again because its attempt was lost; it then has failed. A task that takes down whoever runs
// it would else be run for ever. What is lost costs no retry.
inline constexpr int kMostLosses = 3;

// What follows from one call, each list by task id.
struct Transitions {
  std::vector<TaskId> ready;         // now kQueued; ask Next(), which knows pools and priority
  std::vector<TaskId> skipped;       // ended without running: state() says kSkipped, kUpstreamFailed or kCanceled
  std::vector<TaskId> ended;         // expanded tasks whose last child has ended
  std::optional<Duration> retry_in;  // the finished task is kUpForRetry: call Retry(task) after this long
};

// A task as it was stored. Final states and counters are taken as they are; kRunning becomes kQueued again (its attempt
// ended with its process, or goes on: Resume); kUpForRetry waits for Retry().
struct StoredTask {
  TaskState state = TaskState::kNone;
  int attempts = 0;
  int failures = 0;
  std::vector<TaskId> chosen;  // of a branch that succeeded
  bool gate_open = true;       // of a gate that succeeded
  int losses = 0;
};

// How the run stands. Counts are of leaves: an expanded task counts as its children.
struct Summary {
  uint32_t success = 0, failed = 0, failed_allowed = 0, skipped = 0, upstream_failed = 0, upstream_failed_allowed = 0,
           canceled = 0, unfinished = 0;
  // "1 failed, allowed; 3 skipped"; empty when everything succeeded.
  std::string Notes() const;
  // kSuccess, kFailed or kCanceled. A task that failed, or whose needs failed, fails the run unless allow_failure
  // covers it.
  TaskState Conclusion() const;
};

// Copyable. Preconditions are asserted (a task is started only when kQueued, finished only when kRunning).
class Plan {
 public:
  // A cycle is an error that names it whole; so is an index out of range or a name used twice.
  static Result<Plan> Make(PlanSpec spec);

  size_t size() const { return tasks_.size(); }
  const TaskSpec& task(TaskId id) const { return tasks_[id].spec; }
  TaskState state(TaskId id) const { return tasks_[id].state; }
  int attempts(TaskId id) const { return tasks_[id].attempts; }  // started so far; 1 while the first runs
  int failures(TaskId id) const { return tasks_[id].failures; }
  int losses(TaskId id) const { return tasks_[id].losses; }
  TriggerRule rule(TaskId id) const { return tasks_[id].spec.rule; }  // resolved: never kDefault
  std::optional<TaskId> parent(TaskId id) const;                      // the task this one was expanded from
  std::span<const TaskId> children(TaskId id) const { return tasks_[id].expansion; }
  std::span<const TaskId> needs(TaskId id) const { return tasks_[id].spec.needs; }
  std::span<const TaskId> dependents(TaskId id) const { return tasks_[id].dependents; }
  bool expanded(TaskId id) const { return tasks_[id].expanded; }
  bool allowed(TaskId id) const;                             // allow_failure, its own or its parent's
  int64_t rank(TaskId id) const { return tasks_[id].rank; }  // of a queued task: its place in the order, lower first
  std::optional<TaskId> Find(std::string_view name) const;

  bool done() const { return unfinished_ == 0; }
  bool canceled() const { return canceled_; }
  // Tasks that are not expanded, and those of them that have not ended: progress.
  size_t leaves() const { return tasks_.size() - expanded_; }
  size_t unfinished_leaves() const { return unfinished_ - unfinished_expanded_; }
  size_t running() const { return running_; }  // without expanded tasks
  Summary Summarize() const;

  // The first queued task, by the plan's order, whose pool has room; nullopt if there is none.
  std::optional<TaskId> Next() const;
  // It is kQueued, but no longer what Next finds: somebody else says when it starts.
  void Take(TaskId id) { Dequeue(id); }
  void PutBack(TaskId id) { Enqueue(id); }
  void Start(TaskId id);
  // It is kQueued, and its last attempt still goes on: it runs, and no other attempt begins.
  void Resume(TaskId id);
  // A lost attempt leaves the task kQueued again, or kFailed after kMostLosses.
  Transitions Finish(TaskId id, const Outcome& outcome);
  // The wait of a kUpForRetry task is over: it is queued again.
  void Retry(TaskId id);
  // Replaces a running task by tasks of its own (the nodes of a build, the items of a for_each). Their needs and
  // targets are indexes into `specs`. They are named and pooled by their own specs; the task ends when the last of them
  // has: failed if one failed that is not allowed to, else success. It gives its slots back at once. An empty list ends
  // it. The new ids are consecutive: the first is size() before the call.
  Transitions Expand(TaskId id, std::vector<TaskSpec> specs);
  // Nothing starts any more but teardowns: every other task that is not running becomes kCanceled. Running ones end as
  // they end (Finish).
  Transitions Cancel();

  // Recovery: Restore each stored task (expanding again those that were), then Settle once, which works out what
  // follows.
  void Restore(TaskId id, const StoredTask& stored);
  Transitions Settle();

  // What to run again so that every failure gets another chance: tasks that failed (also where that was allowed), were
  // canceled or never ran for a failure, and all that follows from them; setups and teardowns around these. By id;
  // expanded tasks of cleared children included.
  std::vector<TaskId> ToRetry() const;
  // The same for tasks that somebody names; without `downstream` what follows from them stays as it is.
  std::vector<TaskId> ToClear(std::span<const TaskId> tasks, bool downstream) const;

 private:
  static constexpr TaskId kNoTask = ~TaskId{0};

  struct Entry {
    TaskSpec spec;
    TaskState state = TaskState::kNone;
    int attempts = 0;
    int failures = 0;
    int losses = 0;
    Duration tail{0};                // longest path from here to the end, itself included
    int64_t rank = 0;                // its place in the queue: lower goes first
    NeedCounts counts;               // of its needs, by state
    std::vector<TaskId> dependents;  // who needs it
    std::vector<TaskId> deciders;    // gates and branches that must have ended before an early rule may fire
    bool left_out = false;           // a closed gate or a branch decided
    std::vector<TaskId> chosen;      // its own decision, once it succeeded
    bool gate_open = true;
    TaskId parent = kNoTask;
    bool expanded = false;
    std::vector<TaskId> expansion;
    uint32_t unfinished_children = 0;
  };
  struct Pool {
    std::optional<uint32_t> limit;
    uint32_t used = 0;
    bool Fits(uint32_t slots) const { return !limit || used + slots <= *limit; }
  };
  using Queue = std::set<std::pair<int64_t, TaskId>>;  // by rank

  // plan_build.cc: turning specs into linked entries.
  Status Admit(std::vector<TaskSpec> specs, TaskId parent);
  Status Check(const std::vector<TaskSpec>& specs) const;
  void ResolveRules(TaskId first, std::span<const TaskId> order);
  void FindDeciders(TaskId first);
  std::vector<TaskId> Below(std::span<const TaskId> roots) const;
  std::vector<TaskId> WithAllAround(std::set<TaskId> clear, bool downstream) const;
  bool IsBetween(TaskId setup, TaskId id, TaskId teardown) const;

  // plan.cc: moving between states.
  uint32_t SlotsOf(const Entry& entry) const;
  bool HasRoom(const Entry& entry) const;
  int64_t RankOf(const Entry& entry) const;
  void Enqueue(TaskId id);
  void Dequeue(TaskId id);
  void Release(TaskId id);
  void End(TaskId id, TaskState state, std::vector<TaskId>& ended);
  bool IsTeardown(TaskId id) const;
  TaskState Verdict(const Entry& entry) const;
  TaskState VerdictOfTeardown(const Entry& entry) const;
  void Consider(TaskId id, std::vector<TaskId>& ended, Transitions& transitions);
  void LeaveOut(TaskId decider, std::vector<TaskId>& ended, Transitions& transitions);
  void EndParent(TaskId parent, std::vector<TaskId>& ended, Transitions& transitions);
  void Propagate(std::vector<TaskId> ended, Transitions& transitions);
  void Recount();

  std::vector<Entry> tasks_;
  std::unordered_map<std::string, TaskId> by_name_;
  std::map<std::string, Pool> pools_;
  std::map<std::pair<std::string, std::string>, Queue> queues_;  // by pool and lane
  size_t unfinished_ = 0;
  size_t expanded_ = 0, unfinished_expanded_ = 0;
  size_t running_ = 0;
  Order order_ = Order::kLongestPath;
  int64_t finished_ = 0;  // how often Finish was called: what becomes ready in between does so together
  bool canceled_ = false;
};

}  // namespace stir::scheduler
