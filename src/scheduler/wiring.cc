#include "scheduler/wiring.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "graph/graph.h"
#include "scheduler/kinds.h"

namespace stir::scheduler {
namespace {

using Set = std::set<uint32_t>;

std::vector<uint32_t> ToList(const Set& set) { return {set.begin(), set.end()}; }

bool Inside(std::span<const WiringItem> items, uint32_t item, uint32_t group) {
  for (int up = items[item].group; up >= 0; up = items[static_cast<uint32_t>(up)].group)
    if (static_cast<uint32_t>(up) == group) return true;
  return false;
}

std::vector<uint32_t> TasksOf(std::span<const WiringItem> items, uint32_t item) {
  if (!items[item].is_group) return {item};
  std::vector<uint32_t> tasks;
  for (uint32_t each = 0; each < items.size(); ++each)
    if (!items[each].is_group && Inside(items, each, item)) tasks.push_back(each);
  return tasks;
}

// What each item needs by its own words: `needs`, `setups`, and the branch that names it as a target.
std::vector<Set> StatedNeeds(std::span<const WiringItem> items) {
  std::vector<Set> needs(items.size());
  for (uint32_t item = 0; item < items.size(); ++item) {
    needs[item].insert(items[item].needs.begin(), items[item].needs.end());
    needs[item].insert(items[item].setups.begin(), items[item].setups.end());
    for (uint32_t target : items[item].targets) needs[target].insert(item);
  }
  return needs;
}

class Flattener {
 public:
  explicit Flattener(std::span<const WiringItem> items)
      : items_(items), stated_(StatedNeeds(items)), entries_(items.size()), exits_(items.size()) {
    for (uint32_t item = 0; item < items.size(); ++item) {
      const bool group = items[item].is_group;
      entries_[item] = group ? FindEntries(item) : Set{item};
      exits_[item] = group ? FindExits(item) : Set{item};
    }
  }

  const Set& Entries(uint32_t item) const { return entries_[item]; }
  const Set& Exits(uint32_t item) const { return exits_[item]; }

  // The tasks that `task` waits for: its own needs, and those of the groups it is an entry of.
  Set Needs(uint32_t task) const {
    Set needs;
    for (uint32_t item = task;; item = static_cast<uint32_t>(items_[item].group)) {
      if (entries_[item].contains(task))
        for (uint32_t need : stated_[item]) needs.insert(exits_[need].begin(), exits_[need].end());
      if (items_[item].group < 0) return needs;
    }
  }

 private:
  // Tasks inside `group` that need nothing else inside it.
  Set FindEntries(uint32_t group) const {
    Set entries;
    for (uint32_t task : TasksOf(items_, group))
      if (!NeedsWithin(task, group)) entries.insert(task);
    return entries;
  }

  // Tasks inside `group` that nothing else inside it needs: what follows a group does not wait for its teardowns, and
  // what they need may be its end.
  Set FindExits(uint32_t group) const {
    const std::vector<uint32_t> tasks = TasksOf(items_, group);
    Set exits(tasks.begin(), tasks.end());
    std::erase_if(exits, [&](uint32_t task) { return !items_[task].setups.empty(); });
    for (uint32_t each = 0; each < items_.size(); ++each) {
      if (!Inside(items_, each, group) || !items_[each].setups.empty()) continue;
      for (uint32_t need : stated_[each])
        if (Inside(items_, need, group))
          for (uint32_t task : TasksOf(items_, need)) exits.erase(task);
    }
    return exits;
  }

  // Does the task, or a group around it and inside `group`, need something inside `group`?
  bool NeedsWithin(uint32_t task, uint32_t group) const {
    for (uint32_t each = task; each != group; each = static_cast<uint32_t>(items_[each].group))
      for (uint32_t need : stated_[each])
        if (Inside(items_, need, group)) return true;
    return false;
  }

  std::span<const WiringItem> items_;
  std::vector<Set> stated_;
  std::vector<Set> entries_, exits_;
};

// An item waits for what it needs; a group's tasks wait for the group's needs, and the group for its tasks but
// teardowns.
Status CheckCycles(std::span<const WiringItem> items) {
  // Two nodes an item: its beginning (2i) and its end (2i + 1).
  std::vector<std::pair<graph::NodeId, graph::NodeId>> edges;
  const std::vector<Set> stated = StatedNeeds(items);
  for (uint32_t item = 0; item < items.size(); ++item) {
    edges.emplace_back(2 * item, 2 * item + 1);
    for (uint32_t need : stated[item]) edges.emplace_back(2 * need + 1, 2 * item);
    if (items[item].group < 0) continue;
    const uint32_t group = static_cast<uint32_t>(items[item].group);
    edges.emplace_back(2 * group, 2 * item);
    if (items[item].setups.empty()) edges.emplace_back(2 * item + 1, 2 * group + 1);
  }
  const auto cycle = graph::Graph(2 * items.size(), std::move(edges)).FindCycle();
  if (cycle.empty()) return {};
  std::vector<std::string> names;
  for (graph::NodeId node : cycle)
    if (const std::string& name = items[node / 2].name; names.empty() || names.back() != name) names.push_back(name);
  if (names.size() > 1 && names.front() == names.back()) names.pop_back();
  std::string path;
  for (const std::string& name : names) path += fmt::format("`{}` -> ", name);
  return Diagnostic(kTaskCycle, fmt::format("these tasks wait for each other: {}`{}`", path, names.front()))
      .Hint("take one of these `needs` away");
}

}  // namespace

Result<Wired> Wire(std::span<const WiringItem> items) {
  STIR_TRY(CheckCycles(items));
  const Flattener flattener(items);
  Wired wired;
  for (auto* lists : {&wired.needs, &wired.targets, &wired.entries, &wired.exits}) lists->resize(items.size());
  for (uint32_t item = 0; item < items.size(); ++item) {
    wired.entries[item] = ToList(flattener.Entries(item));
    wired.exits[item] = ToList(flattener.Exits(item));
    if (items[item].is_group) continue;
    wired.needs[item] = ToList(flattener.Needs(item));
    Set targets;
    for (uint32_t target : items[item].targets)
      for (uint32_t task : flattener.Entries(target)) targets.insert(task);
    wired.targets[item] = ToList(targets);
  }
  return wired;
}

}  // namespace stir::scheduler
