// Which nodes a command is about: dbt's selection over the manifest, cut to the types that the command handles.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "base/result.h"
#include "base/source_map.h"
#include "engine/host.h"
#include "engine/load_project.h"
#include "engine/narrator.h"
#include "engine/options.h"
#include "graph/node_set.h"
#include "graph/selector.h"
#include "project/manifest.h"
#include "project/prior_state.h"

namespace stir::engine {

// What state:, result: and source_status: compare with: the artifacts that --state names. `artifacts` and the manifest
// that was compared outlive `state`.
struct StateComparison {
  project::PriorArtifacts artifacts;
  std::unique_ptr<graph::PriorState> state;  // null without --state
};
Result<std::unique_ptr<const StateComparison>> CompareState(const Host& host, const Options& options,
                                                            const Setting& setting, const project::Manifest& manifest,
                                                            const Narrator& narrator);

// --resource-type and --exclude-resource-type name types of dbt.
Status CheckResourceTypes(const SelectionOptions& options);

// Evaluates --select, --exclude, --selector (else the default of selectors.yml) and --resource-type; a part that
// matches nothing is told as dbt's warning. `types`: what the command handles, by dbt's words; --resource-type chooses
// among them ("all" and "default" are all of them).
Result<graph::NodeSet> SelectNodes(const project::Manifest& manifest, const SelectionOptions& options,
                                   std::span<const std::string_view> types, SourceMap& sources,
                                   const Narrator& narrator, const graph::PriorState* state = nullptr);

// The selected nodes without those whose file is empty: they can be listed, but not run.
graph::NodeSet WithoutEmpty(const project::Manifest& manifest, graph::NodeSet nodes);

}  // namespace stir::engine
