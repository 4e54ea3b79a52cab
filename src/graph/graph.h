// The dependency graph: dense node ids, compressed adjacency both ways, topological order, cycles printed whole.
#pragma once

#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace stir::graph {

using NodeId = uint32_t;

// Immutable. Edges point from what is needed to what needs it (parent to child). Duplicates are folded.
class Graph {
 public:
  Graph() = default;
  Graph(size_t node_count, std::vector<std::pair<NodeId, NodeId>> parent_child_edges);

  size_t size() const { return size_; }
  std::span<const NodeId> Parents(NodeId node) const;
  std::span<const NodeId> Children(NodeId node) const;
  // Parents before children; ties by id, so the order is a function of the graph. Empty if there is a cycle (see
  // FindCycle).
  std::vector<NodeId> TopologicalOrder() const;
  // The nodes of one cycle, each the parent of the next and the last the parent of the first; empty if acyclic.
  std::vector<NodeId> FindCycle() const;

 private:
  size_t size_ = 0;
  std::vector<uint32_t> child_begin_, parent_begin_;
  std::vector<NodeId> children_, parents_;
};

}  // namespace stir::graph
