// What building nodes needs to know of the project: packages with their contexts and configuration trees, docs, macros.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "project/config_layers.h"
#include "project/docs.h"
#include "project/files.h"
#include "project/manifest.h"
#include "project/parse.h"
#include "project/parse_context.h"

namespace stir::project {

// The project's own macros for naming relations; null where the built-in rule applies.
struct NamingMacros {
  const Macro *database = nullptr, *schema = nullptr, *alias = nullptr;
};

struct PackageContext {
  const PackageFiles* files = nullptr;
  std::unique_ptr<ParseContext> parse;
  NamingMacros naming;
  ConfigTree models, seeds, snapshots, tests, sources, exposures, unit_tests, functions, metrics, semantic_models,
      saved_queries;

  const std::string& name() const { return files->config.name; }
  const ConfigTree& TreeOf(ResourceType type) const;
};

// Immutable while nodes are built; shared by all threads.
struct ProjectContext {
  std::vector<PackageContext> packages;  // [0] is the root
  const MacroIndex* macros = nullptr;
  const adapter::Dialect* dialect = nullptr;
  const Target* target = nullptr;
  DocIndex docs;
  adapter::Policy quote;  // the adapter's, with the root project's quoting
};

}  // namespace stir::project
