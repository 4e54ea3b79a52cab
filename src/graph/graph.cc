#include "graph/graph.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <queue>

namespace stir::graph {
namespace {

using Edge = std::pair<NodeId, NodeId>;

// The second ends of edges that are sorted by their first end, and where those of each node begin.
void Compress(size_t size, const std::vector<Edge>& edges, std::vector<uint32_t>& begin, std::vector<NodeId>& targets) {
  begin.assign(size + 1, 0);
  targets.reserve(edges.size());
  for (const auto& [from, to] : edges) {
    assert(from < size && to < size);
    ++begin[from + 1];
    targets.push_back(to);
  }
  for (size_t i = 0; i < size; ++i) begin[i + 1] += begin[i];
}

}  // namespace

Graph::Graph(size_t node_count, std::vector<Edge> edges) : size_(node_count) {
  std::sort(edges.begin(), edges.end());
  edges.erase(std::unique(edges.begin(), edges.end()), edges.end());
  Compress(size_, edges, child_begin_, children_);
  for (auto& [parent, child] : edges) std::swap(parent, child);
  std::sort(edges.begin(), edges.end());
  Compress(size_, edges, parent_begin_, parents_);
}

std::span<const NodeId> Graph::Parents(NodeId node) const {
  return std::span(parents_).subspan(parent_begin_[node], parent_begin_[node + 1] - parent_begin_[node]);
}

std::span<const NodeId> Graph::Children(NodeId node) const {
  return std::span(children_).subspan(child_begin_[node], child_begin_[node + 1] - child_begin_[node]);
}

std::vector<NodeId> Graph::TopologicalOrder() const {
  std::vector<size_t> waiting_for(size_);
  std::priority_queue<NodeId, std::vector<NodeId>, std::greater<>> ready;
  for (NodeId node = 0; node < size_; ++node) {
    waiting_for[node] = Parents(node).size();
    if (waiting_for[node] == 0) ready.push(node);
  }
  std::vector<NodeId> order;
  order.reserve(size_);
  while (!ready.empty()) {
    order.push_back(ready.top());
    ready.pop();
    for (const NodeId child : Children(order.back())) {
      if (--waiting_for[child] == 0) ready.push(child);
    }
  }
  return order.size() == size_ ? order : std::vector<NodeId>();
}

std::vector<NodeId> Graph::FindCycle() const {
  enum class Mark : uint8_t { kNew, kOnPath, kDone };
  struct Step {
    NodeId node;
    size_t next_child;
  };
  std::vector<Mark> marks(size_, Mark::kNew);
  std::vector<Step> path;  // depth first, without recursion: graphs are deep
  for (NodeId start = 0; start < size_; ++start) {
    if (marks[start] != Mark::kNew) continue;
    path.assign(1, {start, 0});
    marks[start] = Mark::kOnPath;
    while (!path.empty()) {
      const std::span<const NodeId> children = Children(path.back().node);
      if (path.back().next_child == children.size()) {
        marks[path.back().node] = Mark::kDone;
        path.pop_back();
        continue;
      }
      const NodeId child = children[path.back().next_child++];
      if (marks[child] == Mark::kOnPath) {
        const auto first = std::find_if(path.begin(), path.end(), [&](const Step& step) { return step.node == child; });
        std::vector<NodeId> cycle;
        std::transform(first, path.end(), std::back_inserter(cycle), [](const Step& step) { return step.node; });
        return cycle;
      }
      if (marks[child] == Mark::kNew) {
        marks[child] = Mark::kOnPath;
        path.push_back({child, 0});
      }
    }
  }
  return {};
}

}  // namespace stir::graph
