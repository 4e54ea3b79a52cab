// From selected nodes to a Plan: a node is a task, needs are its parents. Order is dbt's: also through nodes that were
// not selected, and, where a build runs tests too, after the tests of what a node stands on.
#pragma once

#include <cstdint>
#include <vector>

#include "base/result.h"
#include "graph/node_set.h"
#include "project/manifest.h"
#include "scheduler/plan.h"

namespace stir::engine {

// What a task of the plan stands for.
struct PlannedNode {
  graph::NodeId node = 0;
  // Nothing is run for it: a node between selected ones, a source, an ephemeral model. It ends at once and only hands
  // on that what it needs has failed.
  bool pass_through = false;
  bool silent = false;  // of those, an ephemeral model that was selected: compiled, and not told of
};

// What a node waits for.
enum class PlanEdges : uint8_t {
  kNone,             // nothing: the nodes are independent
  kParents,          // its parents
  kParentsAndTests,  // and selected tests: each holds back everything that follows from all of its parents
};

struct NodePlan {
  scheduler::Plan plan;
  std::vector<PlannedNode> nodes;  // by task
};

// Sources count as nodes only with `sources`, for commands that ask them something.
Result<NodePlan> MakeNodePlan(const project::Manifest& manifest, const graph::NodeSet& selected, PlanEdges edges,
                              bool sources = false);

// The edges test -> node that `build` adds (dbt.md 4.13): for each selected test the first nodes, no tests themselves,
// that descend from all that the test depends on.
std::vector<std::pair<graph::NodeId, graph::NodeId>> TestEdges(const project::Manifest& manifest,
                                                               const graph::NodeSet& selected);

}  // namespace stir::engine
