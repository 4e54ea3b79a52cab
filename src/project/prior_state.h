// The artifacts of an earlier run, as --state names them: what state:, result: and source_status: compare with.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/json.h"
#include "base/result.h"
#include "graph/selector.h"
#include "project/manifest.h"

namespace stir::project {

// The files of a folder, read. A file that is not there is no error until somebody asks for it.
struct PriorArtifacts {
  std::filesystem::path folder;
  std::shared_ptr<const Json> manifest, run_results, sources;  // null: not there
  std::shared_ptr<const Json> sources_now;                     // of this project's own target folder
};

// Manifests of dbt's versions 4 to 12 are understood. `target` is the folder where this project writes its own.
Result<PriorArtifacts> ReadPriorArtifacts(Files& files, const std::filesystem::path& folder,
                                          const std::filesystem::path& target);

// Compares the nodes of `manifest` with them. Both must outlive what is made here.
std::unique_ptr<graph::PriorState> ComparePrior(const PriorArtifacts& prior, const Manifest& manifest);

}  // namespace stir::project
