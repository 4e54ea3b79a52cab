// The files that a command leaves in the target folder for tools: manifest.json, run_results.json, sources.json,
// catalog.json.
#pragma once

#include <span>

#include "base/result.h"
#include "engine/load_project.h"
#include "engine/narrator.h"
#include "engine/node_report.h"
#include "graph/node_set.h"

namespace stir::engine {

std::filesystem::path ManifestPath(const Setting& setting);
// Does nothing with --no-write-json, or when the file says the same already. A folder that cannot be written is an
// error. `rendered`: what a run made of the nodes.
Status WriteManifestFile(const project::Manifest& manifest, const Setting& setting, const Host& host,
                         const Options& options, const Narrator& narrator, const project::RenderedNodes& rendered = {});
Status WriteRunResultsFile(std::span<const NodeReport> reports, double elapsed_seconds, const Setting& setting,
                           const Host& host, const Options& options, const Narrator& narrator);

// sources.json, or the file of --output.
Status WriteSourcesFile(std::span<const NodeReport> reports, double elapsed_seconds, const Setting& setting,
                        const Host& host, const Options& options, const Narrator& narrator);
// catalog.json: what the engine knows of `nodes`. Returns its path.
Result<std::filesystem::path> WriteCatalogFile(std::span<const runtime::CatalogColumn> columns,
                                               const project::Manifest& manifest, const graph::NodeSet& nodes,
                                               const Setting& setting, const Host& host, const Options& options,
                                               const Narrator& narrator);

}  // namespace stir::engine
