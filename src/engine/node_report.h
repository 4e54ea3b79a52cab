// How one node ended: what run_results.json says of it, and the diagnostics that explain it.
#pragma once

#include <optional>

#include "adapter/relation.h"
#include "base/diagnostic.h"
#include "project/artifacts.h"
#include "project/manifest.h"
#include "runtime/runner.h"

namespace stir::engine {

struct NodeReport {
  const project::Node* node = nullptr;
  project::NodeResult result;
  Diagnostics diagnostics;                      // of an error
  std::string failures_relation;                // a test whose failing rows were kept: where
  std::optional<runtime::Freshness> freshness;  // of a source that could be asked
};

// As `--fail-fast` and the exit code count: an error, failing rows, or a microbatch model that lost some of its
// batches.
inline bool IsFailure(const project::NodeResult& result) {
  return result.status == "error" || result.status == "fail" || result.status == "runtime error" ||
         result.status == "partial success";
}

// Of such a node results say whether it was compiled, and its relation; of seeds, unit tests and exposures they do not.
inline bool IsRunAsCode(const project::Node& node) {
  using project::ResourceType;
  return node.type != ResourceType::kSeed && node.type != ResourceType::kUnitTest &&
         node.type != ResourceType::kExposure && node.type != ResourceType::kSavedQuery;
}

}  // namespace stir::engine
