#include "graph/graph.h"

#include <gtest/gtest.h>

#include "graph/node_set.h"

namespace stir::graph {
namespace {

using Nodes = std::vector<NodeId>;

Nodes ToNodes(std::span<const NodeId> nodes) { return {nodes.begin(), nodes.end()}; }

TEST(Graph, FoldsDuplicatesAndKnowsBothWays) {
  const Graph graph(4, {{0, 2}, {1, 2}, {0, 2}, {2, 3}});
  EXPECT_EQ(ToNodes(graph.Parents(2)), (Nodes{0, 1}));
  EXPECT_EQ(ToNodes(graph.Children(0)), (Nodes{2}));
  EXPECT_TRUE(graph.Children(3).empty());
}

TEST(Graph, OrderIsParentsFirstThenById) {
  EXPECT_EQ(Graph(5, {{4, 0}, {3, 1}}).TopologicalOrder(), (Nodes{2, 3, 1, 4, 0}));
  EXPECT_TRUE(Graph().TopologicalOrder().empty());
}

TEST(Graph, PrintsAWholeCycle) {
  const Graph graph(5, {{0, 1}, {1, 2}, {2, 3}, {3, 1}, {3, 4}});
  EXPECT_TRUE(graph.TopologicalOrder().empty());
  EXPECT_EQ(graph.FindCycle(), (Nodes{1, 2, 3}));
  EXPECT_EQ(Graph(1, {{0, 0}}).FindCycle(), (Nodes{0}));
  EXPECT_TRUE(Graph(3, {{0, 1}, {0, 2}, {1, 2}}).FindCycle().empty());
}

TEST(Graph, AVeryLongChainIsNoProblem) {
  std::vector<std::pair<NodeId, NodeId>> edges;
  for (NodeId i = 0; i + 1 < 200000; ++i) edges.emplace_back(i, i + 1);
  const Graph graph(200000, std::move(edges));
  EXPECT_TRUE(graph.FindCycle().empty());
  EXPECT_EQ(graph.TopologicalOrder().size(), 200000u);
}

TEST(NodeSet, DoesSetOperations) {
  NodeSet a(130), b(130);
  EXPECT_TRUE(a.Add(0));
  EXPECT_FALSE(a.Add(0));
  a.Add(129);
  b.Add(129);
  b.Add(64);
  NodeSet both = a;
  both &= b;
  EXPECT_EQ(both.ToVector(), (Nodes{129}));
  NodeSet all = a;
  all |= b;
  EXPECT_EQ(all.ToVector(), (Nodes{0, 64, 129}));
  all -= b;
  EXPECT_EQ(all.ToVector(), (Nodes{0}));
  EXPECT_EQ(all.Count(), 1u);
}

}  // namespace
}  // namespace stir::graph
