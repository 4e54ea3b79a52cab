// From selected nodes to a Plan: a node is a task, needs are its parents. Order is dbt's: also through nodes that were
// not selected, and, where a build runs tests too, after the tests of what a node stands on.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "graph/node_set.h"
#include "project/manifest.h"
#include "scheduler/plan.h"

namespace stir::engine {

// What a task of the plan stands for.
struct PlannedNode {
  graph::NodeId node = 0;
  bool ephemeral = false;  // it is only compiled, and does not count in "1 of N"
  // What the same worker goes on with, before all that waits: after a unit test the next one, in the end their model.
  std::optional<scheduler::TaskId> then = std::nullopt;
};

// What a node waits for.
enum class PlanEdges : uint8_t {
  kNone,             // nothing: the nodes are independent
  kParents,          // its parents
  kParentsAndTests,  // and selected tests: each holds back everything that follows from all of its parents
};

// Tasks are in dbt's order: by depth among the selected nodes, then by unique id. The plan's order is that of dbt's
// queue: nodes go as they become ready; unit tests stand where their model does, one after the other, and are followed
// by it. A task runs when its needs have ended, however they ended: what a failure means for it is for the executor to
// know.
struct NodePlan {
  scheduler::Plan plan;
  std::vector<PlannedNode> nodes;  // by task
  // Unit tests of models that are not built: `build` counts them in "1 of N", and runs none of them.
  int left_out = 0;
};

Result<NodePlan> MakeNodePlan(const project::Manifest& manifest, const graph::NodeSet& selected, PlanEdges edges);

// The edges test -> node that `build` adds (dbt.md 4.13): for each selected test the first models, seeds, snapshots and
// analyses that descend from all that the test depends on.
std::vector<std::pair<graph::NodeId, graph::NodeId>> TestEdges(const project::Manifest& manifest,
                                                               const graph::NodeSet& selected);

}  // namespace stir::engine
