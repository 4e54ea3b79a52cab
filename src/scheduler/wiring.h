// Groups, flattened: what a pipeline's author writes against groups, as needs between tasks. Needing a group means
// needing the tasks it ends with; what a group needs, the tasks it begins with need; choosing a group chooses those.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/result.h"

namespace stir::scheduler {

// A task or a group as written. Indexes are into the list of items.
struct WiringItem {
  std::string name;
  bool is_group = false;
  int group = -1;                  // the group it stands in
  std::vector<uint32_t> needs;     // tasks or groups
  std::vector<uint32_t> targets;   // of a branch: tasks or groups
  std::vector<uint32_t> setups{};  // of a teardown: tasks, which it needs; a group does not end with its teardowns
};

// For each item that is a task its needs and targets as items that are tasks; for each group the tasks it begins with
// (`entries`) and ends with (`exits`). Lists are sorted and without doubles.
struct Wired {
  std::vector<std::vector<uint32_t>> needs, targets, entries, exits;
};

// Fails with the whole cycle when items wait for each other, also through groups.
Result<Wired> Wire(std::span<const WiringItem> items);

}  // namespace stir::scheduler
