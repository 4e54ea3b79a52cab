// Building the plan of a dbt command.
#include "engine/node_plan.h"

#include <algorithm>

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

NodeSet Ancestors(const graph::Graph& graph, const NodeSet& of) {
  NodeSet found(graph.size());
  std::vector<NodeId> open = of.ToVector();
  while (!open.empty()) {
    const NodeId node = open.back();
    open.pop_back();
    for (NodeId parent : graph.Parents(node)) {
      if (found.Add(parent)) open.push_back(parent);
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

// The nodes that the plan is made of: the selected ones and all that lie between two of them.
NodeSet Between(const graph::Graph& graph, const NodeSet& selected,
                const std::vector<std::pair<NodeId, NodeId>>& edges) {
  NodeSet from = selected;
  for (const auto& [test, node] : edges) from.Add(node);
  NodeSet between = Descendants(graph, from.ToVector());
  between |= from;
  NodeSet above = Ancestors(graph, selected);
  above |= selected;
  between &= above;
  between |= selected;
  return between;
}

// Nothing is run for what was not selected; ephemeral models become part of the nodes that use them.
bool PassesThrough(const Node& node, const NodeSet& selected, bool sources) {
  return !selected.Contains(node.id) || node.IsEphemeral() || (node.type == ResourceType::kSource && !sources);
}

// Parents before children, and by unique id among nodes of one depth: the order in which dbt takes nodes of equal
// weight, and in which skipped ones are told.
std::vector<NodeId> InOrder(const project::Manifest& manifest, const NodeSet& members) {
  const graph::Graph& graph = manifest.graph();
  std::vector<uint32_t> depth(graph.size());
  for (const NodeId node : graph.TopologicalOrder()) {
    for (const NodeId child : graph.Children(node)) depth[child] = std::max(depth[child], depth[node] + 1);
  }
  std::vector<NodeId> ordered = members.ToVector();
  std::ranges::sort(ordered, {}, [&](NodeId id) { return std::pair(depth[id], manifest.node(id).unique_id); });
  return ordered;
}

}  // namespace

std::vector<std::pair<NodeId, NodeId>> TestEdges(const project::Manifest& manifest, const NodeSet& selected) {
  const graph::Graph& graph = manifest.graph();
  std::vector<std::pair<NodeId, NodeId>> edges;
  selected.ForEach([&](NodeId test) {
    if (!IsTest(manifest, test) || IsUnitTest(manifest, test)) return;
    const std::span<const NodeId> parents = graph.Parents(test);
    if (parents.empty()) return;
    if (parents.size() == 1) {
      for (NodeId child : graph.Children(parents.front())) {
        if (!IsTest(manifest, child)) edges.emplace_back(test, child);
      }
      return;
    }
    const NodeSet common = CommonDescendants(graph, parents);
    common.ForEach([&](NodeId node) {
      const bool first =
          std::ranges::none_of(graph.Parents(node), [&](NodeId parent) { return common.Contains(parent); });
      if (first && !IsTest(manifest, node)) edges.emplace_back(test, node);
    });
  });
  return edges;
}

namespace {

// A unit test needs what its model needs, and the model needs the unit test.
void UnitTestsFirst(const project::Manifest& manifest, const NodeSet& members,
                    const std::vector<scheduler::TaskId>& task_of, scheduler::PlanSpec& spec) {
  std::vector<std::pair<scheduler::TaskId, scheduler::TaskId>> held;  // model, unit test
  members.ForEach([&](NodeId id) {
    if (!IsUnitTest(manifest, id)) return;
    const NodeId model = manifest.node(id).depends_on.front();
    if (!members.Contains(model)) return;
    spec.tasks[task_of[id]].needs = spec.tasks[task_of[model]].needs;
    held.emplace_back(task_of[model], task_of[id]);
  });
  for (const auto& [model, test] : held) spec.tasks[model].needs.push_back(test);
}

}  // namespace

Result<NodePlan> MakeNodePlan(const project::Manifest& manifest, const NodeSet& selected, PlanEdges edges,
                              bool sources) {
  const graph::Graph& graph = manifest.graph();
  std::vector<std::pair<NodeId, NodeId>> extra;
  if (edges == PlanEdges::kParentsAndTests) extra = TestEdges(manifest, selected);
  const NodeSet members = edges == PlanEdges::kNone ? selected : Between(graph, selected, extra);

  std::vector<PlannedNode> nodes;
  std::vector<scheduler::TaskId> task_of(graph.size());
  scheduler::PlanSpec spec;
  for (const NodeId id : InOrder(manifest, members)) {
    task_of[id] = static_cast<scheduler::TaskId>(nodes.size());
    const bool silent = edges != PlanEdges::kNone && selected.Contains(id) && manifest.node(id).IsEphemeral();
    nodes.push_back({id, PassesThrough(manifest.node(id), selected, sources), silent});
    scheduler::TaskSpec task;
    task.name = manifest.node(id).unique_id;
    spec.tasks.push_back(std::move(task));
  }
  members.ForEach([&](NodeId id) {
    for (NodeId parent : graph.Parents(id)) {
      if (edges != PlanEdges::kNone && members.Contains(parent))
        spec.tasks[task_of[id]].needs.push_back(task_of[parent]);
    }
  });
  for (const auto& [test, node] : extra) {
    if (!members.Contains(node)) continue;
    std::vector<scheduler::TaskId>& needs = spec.tasks[task_of[node]].needs;
    if (std::ranges::find(needs, task_of[test]) == needs.end()) needs.push_back(task_of[test]);
  }
  if (edges == PlanEdges::kParentsAndTests) UnitTestsFirst(manifest, members, task_of, spec);
  STIR_ASSIGN(scheduler::Plan plan, scheduler::Plan::Make(std::move(spec)));
  return NodePlan{std::move(plan), std::move(nodes)};
}

}  // namespace stir::engine
