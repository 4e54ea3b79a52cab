// What the engine knows of relations: columns, types, comments. The project's macro get_catalog_relations is asked once
// a database.
#pragma once

#include <span>
#include <vector>

#include "runtime/node_run.h"

namespace stir::runtime {

Result<std::vector<CatalogColumn>> AskCatalog(NodeRun& run, std::span<const graph::NodeId> nodes);

}  // namespace stir::runtime
