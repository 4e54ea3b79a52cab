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

}  // namespace stir::engine
