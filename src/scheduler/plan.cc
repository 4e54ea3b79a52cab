// Plan, part two: how tasks move between states. Every end is pushed through Propagate, a work list that ends what can
// no longer run and queues what can; nothing here recurses, so a chain of any length is safe.
#include "scheduler/plan.h"

#include <fmt/format.h>
#include <algorithm>
#include <cassert>

namespace stir::scheduler {
namespace {

void Count(NeedCounts& counts, TaskState state) {
  switch (state) {
    case TaskState::kSuccess:
      ++counts.success;
      break;
    case TaskState::kFailed:
      ++counts.failed;
      break;
    case TaskState::kUpstreamFailed:
      ++counts.upstream_failed;
      break;
    case TaskState::kCanceled:
      ++counts.canceled;
      break;
    case TaskState::kSkipped:
    case TaskState::kRemoved:
      ++counts.skipped;
      break;
    default:
      break;
  }
}

void Sort(Transitions& transitions) {
  for (auto* list : {&transitions.ready, &transitions.skipped, &transitions.ended})
    std::sort(list->begin(), list->end());
}

TaskState StateOf(Outcome::Kind kind) {
  switch (kind) {
    case Outcome::Kind::kSuccess:
      return TaskState::kSuccess;
    case Outcome::Kind::kFailed:
    case Outcome::Kind::kLost:
      return TaskState::kFailed;
    case Outcome::Kind::kSkipped:
      return TaskState::kSkipped;
    case Outcome::Kind::kCanceled:
      return TaskState::kCanceled;
  }
  return TaskState::kFailed;
}

}  // namespace

std::optional<TaskId> Plan::parent(TaskId id) const {
  if (tasks_[id].parent == kNoTask) return std::nullopt;
  return tasks_[id].parent;
}

bool Plan::allowed(TaskId id) const {
  for (; id != kNoTask; id = tasks_[id].parent)
    if (tasks_[id].spec.allow_failure) return true;
  return false;
}

std::optional<TaskId> Plan::Find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  if (found == by_name_.end()) return std::nullopt;
  return found->second;
}

uint32_t Plan::SlotsOf(const Entry& entry) const {
  const Pool& pool = pools_.at(entry.spec.pool);
  return pool.limit ? std::min(entry.spec.slots, *pool.limit) : entry.spec.slots;
}

bool Plan::HasRoom(const Entry& entry) const {
  return pools_.at(entry.spec.pool).Fits(SlotsOf(entry)) && pools_.at(entry.spec.lane).Fits(1);
}

std::optional<TaskId> Plan::Next() const {
  const Queue::value_type* best = nullptr;
  for (const auto& [pools, queue] : queues_) {
    if (queue.empty() || !HasRoom(tasks_[queue.begin()->second])) continue;
    if (!best || *queue.begin() < *best) best = &*queue.begin();
  }
  if (!best) return std::nullopt;
  return best->second;
}

int64_t Plan::RankOf(const Entry& entry) const {
  if (order_ == Order::kLongestPath) return -entry.tail.count();
  return entry.spec.at_once ? -1 : finished_;
}

void Plan::Enqueue(TaskId id) {
  Entry& entry = tasks_[id];
  entry.state = TaskState::kQueued;
  entry.rank = RankOf(entry);
  queues_[{entry.spec.pool, entry.spec.lane}].emplace(entry.rank, id);
}

void Plan::Dequeue(TaskId id) {
  Entry& entry = tasks_[id];
  queues_.at({entry.spec.pool, entry.spec.lane}).erase({entry.rank, id});
}

void Plan::Release(TaskId id) {
  const Entry& entry = tasks_[id];
  pools_.at(entry.spec.pool).used -= SlotsOf(entry);
  pools_.at(entry.spec.lane).used -= 1;
  --running_;
}

void Plan::Start(TaskId id) {
  Entry& entry = tasks_[id];
  assert(entry.state == TaskState::kQueued);
  Dequeue(id);
  pools_.at(entry.spec.pool).used += SlotsOf(entry);
  pools_.at(entry.spec.lane).used += 1;
  ++running_;
  ++entry.attempts;
  entry.state = TaskState::kRunning;
}

void Plan::Resume(TaskId id) {
  Start(id);
  --tasks_[id].attempts;
}

void Plan::Retry(TaskId id) {
  assert(tasks_[id].state == TaskState::kUpForRetry);
  Enqueue(id);
}

Transitions Plan::Finish(TaskId id, const Outcome& outcome) {
  Entry& entry = tasks_[id];
  assert(entry.state == TaskState::kRunning && !entry.expanded);
  Release(id);
  ++finished_;
  Transitions transitions;
  if (outcome.kind == Outcome::Kind::kFailed) {
    ++entry.failures;
    if (outcome.retryable && !canceled_ && entry.failures <= entry.spec.retry.retries) {
      entry.state = TaskState::kUpForRetry;
      transitions.retry_in = std::max(RetryDelay(entry.spec.retry, entry.failures, id), outcome.not_before);
      return transitions;
    }
  }
  if (outcome.kind == Outcome::Kind::kLost) {
    if (outcome.counts) ++entry.losses;
    if (entry.losses <= kMostLosses && !canceled_) {
      Enqueue(id);
      transitions.ready.push_back(id);
      return transitions;
    }
  }
  entry.chosen = outcome.chosen;
  entry.gate_open = outcome.gate_open;
  std::vector<TaskId> ended;
  End(id, StateOf(outcome.kind), ended);
  LeaveOut(id, ended, transitions);
  Propagate(std::move(ended), transitions);
  Sort(transitions);
  return transitions;
}

Transitions Plan::Expand(TaskId id, std::vector<TaskSpec> specs) {
  assert(!tasks_[id].expanded);
  Transitions transitions;
  if (tasks_[id].state == TaskState::kRunning) Release(id);
  if (tasks_[id].state == TaskState::kQueued) Dequeue(id);
  if (!IsFinal(tasks_[id].state)) tasks_[id].state = TaskState::kRunning, ++unfinished_expanded_;
  tasks_[id].expanded = true;
  ++expanded_;

  const TaskId first = static_cast<TaskId>(tasks_.size());
  [[maybe_unused]] const Status admitted = Admit(std::move(specs), id);
  assert(admitted.ok());
  std::vector<TaskId> ended;
  for (TaskId child = first; child < tasks_.size(); ++child) tasks_[id].expansion.push_back(child);
  tasks_[id].unfinished_children = static_cast<uint32_t>(tasks_.size() - first);
  unfinished_ += tasks_.size() - first;
  for (TaskId child = first; child < tasks_.size(); ++child) {
    if (canceled_ && !IsTeardown(id))
      End(child, TaskState::kCanceled, ended), transitions.skipped.push_back(child);
    else
      Consider(child, ended, transitions);
  }
  if (tasks_[id].unfinished_children == 0) EndParent(id, ended, transitions);
  Propagate(std::move(ended), transitions);
  Sort(transitions);
  return transitions;
}

Transitions Plan::Cancel() {
  canceled_ = true;
  Transitions transitions;
  std::vector<TaskId> ended;
  for (TaskId id = 0; id < tasks_.size(); ++id) {
    const TaskState state = tasks_[id].state;
    if (IsFinal(state) || state == TaskState::kRunning || IsTeardown(id)) continue;
    if (state == TaskState::kQueued) Dequeue(id);
    End(id, TaskState::kCanceled, ended);
    transitions.skipped.push_back(id);
  }
  Propagate(std::move(ended), transitions);
  Sort(transitions);
  return transitions;
}

void Plan::End(TaskId id, TaskState state, std::vector<TaskId>& ended) {
  Entry& entry = tasks_[id];
  entry.state = state;
  --unfinished_;
  if (entry.expanded) --unfinished_expanded_;
  for (TaskId dependent : entry.dependents) Count(tasks_[dependent].counts, state);
  if (entry.parent != kNoTask) --tasks_[entry.parent].unfinished_children;
  ended.push_back(id);
}

bool Plan::IsTeardown(TaskId id) const {
  for (; id != kNoTask; id = tasks_[id].parent)
    if (!tasks_[id].spec.setups.empty()) return true;
  return false;
}

TaskState Plan::VerdictOfTeardown(const Entry& entry) const {
  if (!entry.counts.all_done()) return TaskState::kNone;
  const auto is_there = [&](TaskId setup) { return tasks_[setup].state == TaskState::kSuccess; };
  return std::ranges::all_of(entry.spec.setups, is_there) ? TaskState::kQueued : TaskState::kSkipped;
}

// What a waiting task should become now; kNone: nothing yet.
TaskState Plan::Verdict(const Entry& entry) const {
  if (!entry.spec.setups.empty()) return VerdictOfTeardown(entry);
  if (entry.left_out) return TaskState::kSkipped;
  const auto pending = [&](TaskId id) { return !IsFinal(tasks_[id].state); };
  if (std::any_of(entry.deciders.begin(), entry.deciders.end(), pending)) return TaskState::kNone;
  return Evaluate(entry.spec.rule, entry.counts);
}

void Plan::Consider(TaskId id, std::vector<TaskId>& ended, Transitions& transitions) {
  Entry& entry = tasks_[id];
  if (entry.state != TaskState::kNone) return;
  const TaskState verdict = Verdict(entry);
  if (verdict == TaskState::kNone) return;
  if (verdict == TaskState::kQueued) {
    Enqueue(id);
    transitions.ready.push_back(id);
    return;
  }
  End(id, verdict, ended);
  transitions.skipped.push_back(id);
}

// Carries out the decision of a gate or branch that has succeeded.
void Plan::LeaveOut(TaskId decider, std::vector<TaskId>& ended, Transitions& transitions) {
  const Entry& entry = tasks_[decider];
  if (entry.state != TaskState::kSuccess) return;
  std::vector<TaskId> out;
  if (entry.spec.is_gate && !entry.gate_open) out = Below(std::span(&decider, 1));
  if (!entry.spec.targets.empty()) {
    // A target that also follows from a chosen one is its successor, not an alternative to it.
    std::vector<TaskId> kept = Below(entry.chosen);
    kept.insert(kept.end(), entry.chosen.begin(), entry.chosen.end());
    for (TaskId target : entry.spec.targets)
      if (std::find(kept.begin(), kept.end(), target) == kept.end()) out.push_back(target);
  }
  for (TaskId id : out) {
    tasks_[id].left_out = true;
    Consider(id, ended, transitions);
  }
}

void Plan::EndParent(TaskId parent, std::vector<TaskId>& ended, Transitions& transitions) {
  if (IsFinal(tasks_[parent].state)) return;
  TaskState state = TaskState::kSuccess;
  for (TaskId child : tasks_[parent].expansion) {
    const TaskState end = tasks_[child].state;
    const bool failed = end == TaskState::kFailed || end == TaskState::kUpstreamFailed;
    if (failed && !tasks_[child].spec.allow_failure) state = TaskState::kFailed;
    if (end == TaskState::kCanceled && state == TaskState::kSuccess) state = TaskState::kCanceled;
  }
  End(parent, state, ended);
  transitions.ended.push_back(parent);
}

void Plan::Propagate(std::vector<TaskId> ended, Transitions& transitions) {
  while (!ended.empty()) {
    const TaskId id = ended.back();
    ended.pop_back();
    for (TaskId dependent : tasks_[id].dependents) Consider(dependent, ended, transitions);
    if (tasks_[id].spec.is_gate || !tasks_[id].spec.targets.empty())
      for (TaskId below : Below(std::span(&id, 1)))
        if (!tasks_[below].deciders.empty()) Consider(below, ended, transitions);
    const TaskId parent = tasks_[id].parent;
    if (parent != kNoTask && tasks_[parent].unfinished_children == 0) EndParent(parent, ended, transitions);
  }
}

void Plan::Restore(TaskId id, const StoredTask& stored) {
  Entry& entry = tasks_[id];
  if (entry.state == TaskState::kQueued) Dequeue(id);
  entry.attempts = stored.attempts;
  entry.failures = stored.failures;
  entry.losses = stored.losses;
  entry.chosen = stored.chosen;
  entry.gate_open = stored.gate_open;
  const bool may_start = stored.state == TaskState::kRunning || stored.state == TaskState::kQueued;
  if (may_start && !entry.expanded)
    Enqueue(id);
  else
    entry.state = may_start ? TaskState::kRunning : stored.state;
}

// Counters are kept as tasks end; after Restore they are made anew.
void Plan::Recount() {
  unfinished_ = unfinished_expanded_ = 0;
  for (Entry& entry : tasks_) {
    entry.counts = {.total = entry.counts.total};
    entry.unfinished_children = 0;
  }
  for (const Entry& entry : tasks_) {
    const bool final = IsFinal(entry.state);
    if (!final) ++unfinished_;
    if (!final && entry.expanded) ++unfinished_expanded_;
    if (!final && entry.parent != kNoTask) ++tasks_[entry.parent].unfinished_children;
    for (TaskId dependent : entry.dependents) Count(tasks_[dependent].counts, entry.state);
  }
}

Transitions Plan::Settle() {
  Recount();
  Transitions transitions;
  std::vector<TaskId> ended;
  for (TaskId id = 0; id < tasks_.size(); ++id) LeaveOut(id, ended, transitions);
  for (TaskId id = 0; id < tasks_.size(); ++id) {
    Consider(id, ended, transitions);
    if (tasks_[id].expanded && tasks_[id].unfinished_children == 0) EndParent(id, ended, transitions);
  }
  Propagate(std::move(ended), transitions);
  Sort(transitions);
  return transitions;
}

Summary Plan::Summarize() const {
  Summary summary;
  for (TaskId id = 0; id < tasks_.size(); ++id) {
    if (!tasks_[id].expansion.empty()) continue;
    switch (tasks_[id].state) {
      case TaskState::kSuccess:
        ++summary.success;
        break;
      case TaskState::kFailed:
        ++(allowed(id) ? summary.failed_allowed : summary.failed);
        break;
      case TaskState::kUpstreamFailed:
        ++(allowed(id) ? summary.upstream_failed_allowed : summary.upstream_failed);
        break;
      case TaskState::kSkipped:
        ++summary.skipped;
        break;
      case TaskState::kCanceled:
        ++summary.canceled;
        break;
      case TaskState::kRemoved:
        break;
      default:
        ++summary.unfinished;
    }
  }
  return summary;
}

std::string Summary::Notes() const {
  std::string notes;
  const auto add = [&](uint32_t count, std::string_view what) {
    if (count > 0) notes += fmt::format("{}{} {}", notes.empty() ? "" : "; ", count, what);
  };
  add(failed, "failed");
  add(failed_allowed, "failed, allowed");
  add(upstream_failed + upstream_failed_allowed, "not run for a failure before");
  add(skipped, "skipped");
  add(canceled, "canceled");
  add(unfinished, "unfinished");
  return notes;
}

TaskState Summary::Conclusion() const {
  if (unfinished > 0) return TaskState::kRunning;
  if (failed > 0) return TaskState::kFailed;
  if (canceled > 0) return TaskState::kCanceled;
  return upstream_failed > 0 ? TaskState::kFailed : TaskState::kSuccess;
}

}  // namespace stir::scheduler
