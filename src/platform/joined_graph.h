// One graph of everything: ingestion -> source -> model -> test, and model -> publication, which may feed nothing
// further. Lineage, freshness and "what is affected" are questions to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "graph/graph.h"
#include "platform/definitions.h"
#include "project/manifest.h"

namespace stir::platform {

enum class JoinedKind : uint8_t { kNode, kIngestion, kPublication };

// What a node of the joined graph stands for.
struct JoinedNode {
  JoinedKind kind = JoinedKind::kNode;
  uint32_t index = 0;  // kNode: the manifest's id; else into Definitions::ingestions or ::publications
  std::string id;      // unique: "model.shop.orders", "ingestion.sales_us_east", "publication.leaderboard"
};

// The manifest's nodes come first and keep their ids.
struct JoinedGraph {
  graph::Graph graph;
  std::vector<JoinedNode> nodes;
};

JoinedGraph JoinGraphs(const project::Manifest& manifest, const Definitions& definitions);

}  // namespace stir::platform
