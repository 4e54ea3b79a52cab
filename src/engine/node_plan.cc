// Building the plan of a dbt command.
#include "engine/node_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <tuple>
#include <utility>

namespace stir::engine {
namespace {

using graph::NodeId;
using graph::NodeSet;
using project::Node;
using project::ResourceType;

bool IsUnitTest(const project::Manifest& manifest, NodeId id) {
  return manifest.node(id).type == ResourceType::kUnitTest;
}
bool IsTest(const project::Manifest& manifest, NodeId id) {
  return manifest.node(id).type == ResourceType::kTest || IsUnitTest(manifest, id);
}

// Exposures, saved queries and functions do not wait for tests; what comes after a function does.
bool WaitsForTests(const Node& node) {
  switch (node.type) {
    case ResourceType::kModel:
    case ResourceType::kSeed:
    case ResourceType::kSnapshot:
    case ResourceType::kAnalysis:
      return true;
    default:
      return false;
  }
}

NodeSet Descendants(const graph::Graph& graph, std::span<const NodeId> from) {
  NodeSet found(graph.size());
  std::vector<NodeId> open(from.begin(), from.end());
  while (!open.empty()) {
    const NodeId node = open.back();
    open.pop_back();
    for (NodeId child : graph.Children(node)) {
      if (found.Add(child)) open.push_back(child);
    }
  }
  return found;
}

// The nodes that descend from all of `parents`.
NodeSet CommonDescendants(const graph::Graph& graph, std::span<const NodeId> parents) {
  NodeSet common = Descendants(graph, parents.first(1));
  for (size_t i = 1; i < parents.size(); ++i) common &= Descendants(graph, parents.subspan(i, 1));
  return common;
}

}  // namespace

std::vector<std::pair<NodeId, NodeId>> TestEdges(const project::Manifest& manifest, const NodeSet& selected) {
  const graph::Graph& graph = manifest.graph();
  std::vector<std::pair<NodeId, NodeId>> edges;
  const auto hold_back = [&](const auto& self, NodeId test, NodeId node) -> void {
    if (WaitsForTests(manifest.node(node))) edges.emplace_back(test, node);
    if (manifest.node(node).function == nullptr) return;
    for (NodeId child : graph.Children(node)) self(self, test, child);
  };
  selected.ForEach([&](NodeId test) {
    if (!IsTest(manifest, test) || IsUnitTest(manifest, test)) return;
    const std::span<const NodeId> parents = graph.Parents(test);
    if (parents.empty()) return;
    if (parents.size() == 1) {
      for (NodeId child : graph.Children(parents.front())) hold_back(hold_back, test, child);
      return;
    }
    const NodeSet common = CommonDescendants(graph, parents);
    common.ForEach([&](NodeId node) {
      const bool first =
          std::ranges::none_of(graph.Parents(node), [&](NodeId parent) { return common.Contains(parent); });
      if (first) hold_back(hold_back, test, node);
    });
  });
  return edges;
}

namespace {

using Needs = std::vector<std::vector<NodeId>>;  // by node

// The nearest selected nodes above each selected one, on all ways up.
Needs NeedsOf(const project::Manifest& manifest, const NodeSet& selected, PlanEdges edges) {
  const graph::Graph& graph = manifest.graph();
  Needs needs(graph.size()), tests_before(graph.size());
  if (edges == PlanEdges::kNone) return needs;
  if (edges == PlanEdges::kParentsAndTests) {
    for (const auto& [test, node] : TestEdges(manifest, selected)) tests_before[node].push_back(test);
  }
  std::vector<NodeId> seen_from(graph.size(), static_cast<NodeId>(graph.size())), open;
  selected.ForEach([&](NodeId id) {
    open.assign(1, id);
    const auto visit = [&](NodeId above) {
      if (std::exchange(seen_from[above], id) == id) return;
      (selected.Contains(above) ? needs[id] : open).push_back(above);
    };
    while (!open.empty()) {
      const NodeId node = open.back();
      open.pop_back();
      std::ranges::for_each(graph.Parents(node), visit);
      std::ranges::for_each(tests_before[node], visit);
    }
  });
  return needs;
}

// The chains of unit tests and their model, by node.
struct Chains {
  std::vector<std::optional<NodeId>> model;   // of a unit test
  std::vector<std::optional<NodeId>> before;  // what it follows at once
};

// Unit tests need what their model needs and each other, by name; the model needs the last of them.
Chains PutUnitTestsFirst(const project::Manifest& manifest, const NodeSet& selected, Needs& needs) {
  Chains chains{std::vector<std::optional<NodeId>>(needs.size()), std::vector<std::optional<NodeId>>(needs.size())};
  std::map<NodeId, std::vector<NodeId>> tests_of;
  selected.ForEach([&](NodeId id) {
    if (!IsUnitTest(manifest, id)) return;
    const NodeId model = manifest.node(id).depends_on.front();
    if (selected.Contains(model)) tests_of[model].push_back(id);
  });
  for (auto& [model, tests] : tests_of) {
    std::ranges::sort(tests, {}, [&](NodeId id) { return manifest.node(id).unique_id; });
    const std::vector<NodeId> above = needs[model];
    std::optional<NodeId> before;
    const auto follow = [&](NodeId id) {
      needs[id] = above;
      if (before) needs[id].push_back(*before);
      chains.before[id] = std::exchange(before, id);
    };
    for (const NodeId test : tests) {
      chains.model[test] = model;
      follow(test);
    }
    follow(model);
  }
  return chains;
}

// How many nodes stand above each, at most; unit tests are of their model's depth.
std::vector<uint32_t> Depths(const Needs& needs, const Chains& chains) {
  std::vector<std::pair<NodeId, NodeId>> edges;
  for (NodeId id = 0; id < needs.size(); ++id) {
    for (NodeId need : needs[id]) {
      if (chains.before[id] != need) edges.emplace_back(need, id);
    }
  }
  const graph::Graph graph(needs.size(), std::move(edges));
  std::vector<uint32_t> depths(needs.size());
  for (NodeId id : graph.TopologicalOrder()) {
    for (NodeId child : graph.Children(id)) depths[child] = std::max(depths[child], depths[id] + 1);
  }
  return depths;
}

}  // namespace

Result<NodePlan> MakeNodePlan(const project::Manifest& manifest, const NodeSet& selected, PlanEdges edges) {
  Needs needs = NeedsOf(manifest, selected, edges);
  const bool builds = edges == PlanEdges::kParentsAndTests;
  const Chains chains = PutUnitTestsFirst(manifest, builds ? selected : NodeSet(needs.size()), needs);
  const std::vector<uint32_t> depths = Depths(needs, chains);
  std::vector<NodeId> ordered = selected.ToVector();
  const auto left_out = static_cast<int>(
      std::erase_if(ordered, [&](NodeId id) { return builds && IsUnitTest(manifest, id) && !chains.model[id]; }));
  std::ranges::sort(ordered, {}, [&](NodeId id) {
    const NodeId place = chains.model[id].value_or(id);
    return std::tuple(depths[id], manifest.node(place).unique_id, place == id, manifest.node(id).unique_id);
  });

  std::vector<PlannedNode> nodes;
  std::vector<scheduler::TaskId> task_of(needs.size());
  for (const NodeId id : ordered) {
    task_of[id] = static_cast<scheduler::TaskId>(nodes.size());
    nodes.push_back({id, manifest.node(id).IsEphemeral()});
  }
  scheduler::PlanSpec spec;
  spec.order = scheduler::Order::kFirstReady;
  for (const NodeId id : ordered) {
    scheduler::TaskSpec task;
    task.name = manifest.node(id).unique_id;
    task.rule = scheduler::TriggerRule::kAllDone;
    task.at_once = chains.before[id].has_value();
    if (task.at_once) nodes[task_of[*chains.before[id]]].then = task_of[id];
    for (const NodeId need : needs[id]) task.needs.push_back(task_of[need]);
    spec.tasks.push_back(std::move(task));
  }
  STIR_ASSIGN(scheduler::Plan plan, scheduler::Plan::Make(std::move(spec)));
  return NodePlan{std::move(plan), std::move(nodes), left_out};
}

}  // namespace stir::engine
