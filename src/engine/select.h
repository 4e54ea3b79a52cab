// Which nodes a command is about: dbt's selection over the manifest, cut to the types that the command handles.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "base/source_map.h"
#include "engine/narrator.h"
#include "engine/options.h"
#include "graph/node_set.h"
#include "graph/selector.h"
#include "project/manifest.h"

namespace stir::engine {

// A manifest as the selector sees it. The manifest must outlive it.
class SelectableManifest final : public graph::Selectable {
 public:
  explicit SelectableManifest(const project::Manifest& manifest);
  const graph::Graph& graph() const override { return manifest_.graph(); }
  graph::NodeView View(graph::NodeId node) const override;
  void VisitConfig(graph::NodeId node, std::span<const std::string> path,
                   const std::function<void(const graph::ConfigValue&)>& visit) const override;
  std::string_view root_package() const override { return manifest_.project_name(); }

 private:
  const project::Manifest& manifest_;
  std::vector<std::vector<std::string_view>> tags_;  // by node: views of its configuration's tags
};

// Evaluates --select, --exclude and --resource-type; a part that matches nothing is told as dbt's warning. `types`:
// what the command handles, by dbt's words; --resource-type chooses among them ("all" and "default" are all of them).
Result<graph::NodeSet> SelectNodes(const project::Manifest& manifest, const SelectionOptions& options,
                                   std::span<const std::string_view> types, SourceMap& sources,
                                   const Narrator& narrator);

}  // namespace stir::engine
