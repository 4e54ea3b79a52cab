#include "platform/joined_graph.h"

namespace stir::platform {

JoinedGraph JoinGraphs(const project::Manifest& manifest, const Definitions& definitions) {
  JoinedGraph joined;
  std::vector<std::pair<graph::NodeId, graph::NodeId>> edges;
  for (const project::Node& node : manifest.nodes()) {
    joined.nodes.push_back({JoinedKind::kNode, node.id, std::string(node.unique_id)});
    for (graph::NodeId child : manifest.graph().Children(node.id)) edges.emplace_back(node.id, child);
  }
  const auto next = [&] { return static_cast<graph::NodeId>(joined.nodes.size()); };
  for (uint32_t i = 0; i < definitions.ingestions.size(); ++i) {
    edges.emplace_back(next(), definitions.ingestions[i].to.node);
    joined.nodes.push_back({JoinedKind::kIngestion, i, "ingestion." + definitions.ingestions[i].name});
  }
  for (uint32_t i = 0; i < definitions.publications.size(); ++i) {
    edges.emplace_back(definitions.publications[i].from.node, next());
    joined.nodes.push_back({JoinedKind::kPublication, i, "publication." + definitions.publications[i].name});
  }
  joined.graph = graph::Graph(joined.nodes.size(), std::move(edges));
  return joined;
}

}  // namespace stir::platform
