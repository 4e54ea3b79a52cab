// The files that a command leaves in the target folder for tools: manifest.json and run_results.json.
#pragma once

#include <span>

#include "base/result.h"
#include "engine/load_project.h"
#include "engine/narrator.h"
#include "engine/node_report.h"

namespace stir::engine {

std::filesystem::path ManifestPath(const Setting& setting);
// Does nothing with --no-write-json. A folder that cannot be written is an error.
Status WriteManifestFile(const project::Manifest& manifest, const Setting& setting, const Host& host,
                         const Options& options, const Narrator& narrator);
Status WriteRunResultsFile(std::span<const NodeReport> reports, double elapsed_seconds, const Setting& setting,
                           const Host& host, const Options& options, const Narrator& narrator);

}  // namespace stir::engine
