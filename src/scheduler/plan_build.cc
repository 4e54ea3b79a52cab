// Plan, part one: from specs to linked entries. Names and references are checked, trigger rules resolved, the decisions
// an early rule must wait for found, and the longest path to the end measured.
#include <fmt/format.h>
#include <algorithm>
#include <cassert>

#include "graph/graph.h"
#include "scheduler/kinds.h"
#include "scheduler/plan.h"

namespace stir::scheduler {
namespace {

using Edges = std::vector<std::pair<graph::NodeId, graph::NodeId>>;

// Needs, and those that nobody says: of a teardown its setups, of a target its branch; indexes into `specs`.
Edges EdgesOf(const std::vector<TaskSpec>& specs) {
  Edges edges;
  for (TaskId i = 0; i < specs.size(); ++i) {
    for (TaskId need : specs[i].needs) edges.emplace_back(need, i);
    for (TaskId setup : specs[i].setups) edges.emplace_back(setup, i);
    for (TaskId target : specs[i].targets) edges.emplace_back(i, target);
  }
  return edges;
}

Diagnostic CycleError(const std::vector<TaskSpec>& specs, const std::vector<graph::NodeId>& cycle) {
  std::string path;
  for (graph::NodeId each : cycle) path += fmt::format("`{}` -> ", specs[each].name);
  path += fmt::format("`{}`", specs[cycle.front()].name);
  return Diagnostic(kTaskCycle, "these tasks wait for each other: " + path).Hint("take one of these `needs` away");
}

void AddOnce(std::vector<TaskId>& list, TaskId id) {
  if (std::find(list.begin(), list.end(), id) == list.end()) list.push_back(id);
}

// Which targets of `branch` lead to each task, by task; `order` has parents first.
using Reach = std::unordered_map<TaskId, std::vector<TaskId>>;

void Merge(std::vector<TaskId>& into, const std::vector<TaskId>& from) {
  std::vector<TaskId> both;
  std::set_union(into.begin(), into.end(), from.begin(), from.end(), std::back_inserter(both));
  into = std::move(both);
}

}  // namespace

Result<Plan> Plan::Make(PlanSpec spec) {
  Plan plan;
  plan.order_ = spec.order;
  for (auto& [name, slots] : spec.pools) plan.pools_[name].limit = std::max(slots, 1U);
  STIR_TRY(plan.Admit(std::move(spec.tasks), kNoTask));
  plan.Settle();
  return plan;
}

Status Plan::Check(const std::vector<TaskSpec>& specs) const {
  Diagnostics errors;
  std::set<std::string_view> seen;
  for (const TaskSpec& spec : specs) {
    if (!seen.insert(spec.name).second || by_name_.contains(spec.name))
      errors.push_back(Diagnostic(kDuplicateTask, fmt::format("two tasks are named `{}`", spec.name)));
    const auto outside = [&](TaskId id) { return id >= specs.size(); };
    if (std::any_of(spec.needs.begin(), spec.needs.end(), outside) ||
        std::any_of(spec.targets.begin(), spec.targets.end(), outside) ||
        std::any_of(spec.setups.begin(), spec.setups.end(), outside))
      errors.push_back(
          Diagnostic(kBadTaskReference, fmt::format("task `{}` refers to a task that is not there", spec.name)));
  }
  return StatusOf(std::move(errors));
}

Status Plan::Admit(std::vector<TaskSpec> specs, TaskId parent) {
  STIR_TRY(Check(specs));
  const graph::Graph graph(specs.size(), EdgesOf(specs));
  if (auto cycle = graph.FindCycle(); !cycle.empty()) return CycleError(specs, cycle);

  const TaskId first = static_cast<TaskId>(tasks_.size());
  std::vector<TaskId> order = graph.TopologicalOrder();
  for (TaskId& id : order) id += first;
  for (TaskId i = 0; i < specs.size(); ++i) {
    Entry entry;
    entry.spec = std::move(specs[i]);
    entry.parent = parent;
    pools_.try_emplace(entry.spec.pool);
    pools_.try_emplace(entry.spec.lane);
    by_name_.emplace(entry.spec.name, first + i);
    for (TaskId& target : entry.spec.targets) target += first;
    for (TaskId& setup : entry.spec.setups) setup += first;
    entry.spec.needs.assign(graph.Parents(i).begin(), graph.Parents(i).end());  // each once, branches included
    for (TaskId& need : entry.spec.needs) need += first;
    entry.dependents.assign(graph.Children(i).begin(), graph.Children(i).end());
    for (TaskId& dependent : entry.dependents) dependent += first;
    entry.counts.total = static_cast<uint32_t>(entry.spec.needs.size());
    tasks_.push_back(std::move(entry));
  }
  ResolveRules(first, order);
  FindDeciders(first);
  const Duration after = parent == kNoTask ? Duration{0} : tasks_[parent].tail - tasks_[parent].spec.expected;
  for (TaskId id : std::vector<TaskId>(order.rbegin(), order.rend())) {
    Duration longest = after;
    for (TaskId dependent : tasks_[id].dependents) longest = std::max(longest, tasks_[dependent].tail);
    tasks_[id].tail = longest + tasks_[id].spec.expected;
  }
  return {};
}

// A task where two ways out of one branch meet again would never run under all_success: one of the ways is always
// skipped.
void Plan::ResolveRules(TaskId first, std::span<const TaskId> order) {
  std::set<TaskId> joins;
  for (TaskId branch = first; branch < tasks_.size(); ++branch) {
    if (tasks_[branch].spec.targets.empty()) continue;
    Reach reach;
    const std::set<TaskId> targets(tasks_[branch].spec.targets.begin(), tasks_[branch].spec.targets.end());
    for (TaskId id : order) {
      std::set<std::vector<TaskId>> ways;
      std::vector<TaskId> all;
      if (targets.contains(id)) all.push_back(id), ways.insert(all);
      for (TaskId need : tasks_[id].spec.needs)
        if (auto found = reach.find(need); found != reach.end()) ways.insert(found->second), Merge(all, found->second);
      if (ways.size() > 1) joins.insert(id);
      if (!all.empty()) reach.emplace(id, std::move(all));
    }
  }
  for (TaskId id = first; id < tasks_.size(); ++id)
    if (TriggerRule& rule = tasks_[id].spec.rule; rule == TriggerRule::kDefault)
      rule = joins.contains(id) ? TriggerRule::kNoneFailedMinOneSuccess : TriggerRule::kAllSuccess;
}

// An early rule could fire before a gate above has closed, or before the branch that leaves the task out has chosen:
// what would then happen to the task would depend on timing.
void Plan::FindDeciders(TaskId first) {
  for (TaskId id = first; id < tasks_.size(); ++id) {
    const TaskSpec& spec = tasks_[id].spec;
    if (!spec.is_gate && spec.targets.empty()) continue;
    for (TaskId below : Below(std::span(&id, 1)))
      if (IsEarly(tasks_[below].spec.rule)) AddOnce(tasks_[below].deciders, id);
  }
}

std::vector<TaskId> Plan::Below(std::span<const TaskId> roots) const {
  std::set<TaskId> seen;
  std::vector<TaskId> stack(roots.begin(), roots.end());
  while (!stack.empty()) {
    const TaskId id = stack.back();
    stack.pop_back();
    for (TaskId dependent : tasks_[id].dependents)
      if (seen.insert(dependent).second) stack.push_back(dependent);
  }
  return {seen.begin(), seen.end()};
}

bool Plan::IsBetween(TaskId setup, TaskId id, TaskId teardown) const {
  const auto leads = [this](TaskId from, TaskId to) {
    const std::vector<TaskId> below = Below(std::span(&from, 1));
    return from == to || std::ranges::find(below, to) != below.end();
  };
  return leads(setup, id) && leads(id, teardown);
}

std::vector<TaskId> Plan::ToRetry() const {
  std::vector<TaskId> failed;
  for (TaskId id = 0; id < tasks_.size(); ++id) {
    const TaskState state = tasks_[id].state;
    if (state == TaskState::kFailed || state == TaskState::kCanceled || state == TaskState::kUpstreamFailed)
      failed.push_back(id);
  }
  return WithAllAround({failed.begin(), failed.end()}, /*downstream=*/true);
}

std::vector<TaskId> Plan::ToClear(std::span<const TaskId> tasks, bool downstream) const {
  std::set<TaskId> clear(tasks.begin(), tasks.end());
  for (const TaskId id : tasks) clear.insert(tasks_[id].expansion.begin(), tasks_[id].expansion.end());
  return WithAllAround(std::move(clear), downstream);
}

std::vector<TaskId> Plan::WithAllAround(std::set<TaskId> clear, bool downstream) const {
  // What follows a child follows its parent too, and a parent runs again only for its cleared children.
  for (std::vector<TaskId> todo(clear.begin(), clear.end()); !todo.empty();) {
    const TaskId id = todo.back();
    todo.pop_back();
    const auto add = [&](TaskId other) {
      if (clear.insert(other).second) todo.push_back(other);
    };
    for (TaskId dependent : downstream ? std::span<const TaskId>(tasks_[id].dependents) : std::span<const TaskId>()) {
      add(dependent);
      for (TaskId child : tasks_[dependent].expansion) add(child);
    }
    if (tasks_[id].parent != kNoTask) add(tasks_[id].parent);
  }
  // What was taken down is not there for those that run again in between.
  const std::vector<TaskId> again(clear.begin(), clear.end());
  for (TaskId teardown = 0; teardown < tasks_.size(); ++teardown)
    for (TaskId setup : tasks_[teardown].spec.setups)
      if (std::ranges::any_of(again, [&](TaskId id) { return IsBetween(setup, id, teardown); }))
        clear.insert({setup, teardown});
  return {clear.begin(), clear.end()};
}

}  // namespace stir::scheduler
