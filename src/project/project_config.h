// dbt_project.yml, understood: names, paths, configuration trees, vars, hooks, dispatch. What dbt renders later (hooks,
// vars, query-comment) or against the target (the configuration trees) is kept as written.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/digest.h"
#include "base/result.h"
#include "base/source_map.h"
#include "jinja/value.h"
#include "project/config.h"
#include "project/invocation.h"
#include "project/macros.h"
#include "project/reads.h"
#include "yaml/node.h"

namespace stir::project {

// A text with its place.
struct Placed {
  std::string text;
  Span span;
};

struct ProjectConfig {
  std::string name, version;
  Placed profile;  // empty: not given
  Span name_span;
  SourceId source;
  std::string checksum;  // of the whole file
  Hash128 content;       // likewise, of every byte
  std::vector<std::string> model_paths, seed_paths, snapshot_paths, analysis_paths, macro_paths, test_paths, docs_paths,
      function_paths, asset_paths, clean_targets;
  std::string target_path = "target", packages_install_path = "dbt_packages", log_path = "logs";
  std::vector<std::shared_ptr<const yaml::Node>> on_run_start, on_run_end;
  std::vector<DispatchRule> dispatch;
  std::vector<std::string> require_dbt_version;
  bool restrict_access = false;
  std::optional<bool> quote_database, quote_schema, quote_identifier;
  jinja::Value vars;                                // dict as written, frozen
  jinja::Value render_vars;                         // what var() finds while this file is rendered
  jinja::Value flags;                               // dict, frozen
  std::shared_ptr<const yaml::Node> query_comment;  // null: dbt's default
  // models:, seeds:, tests: or data_tests:, ... as written; null without.
  std::shared_ptr<const yaml::Node> models, seeds, snapshots, tests, sources, exposures, unit_tests, functions, metrics,
      semantic_models, saved_queries;
  std::shared_ptr<const yaml::Node> root;  // the whole file
  Reads reads;                             // what its templates asked for
};

// Reads one dbt_project.yml. Unknown keys and wrong types are errors with their place, all at once.
Result<ProjectConfig> ParseProjectConfig(const SourceMap& sources, SourceId source, const Invocation& invocation,
                                         Diagnostics& warnings);

// The profile that a dbt_project.yml names, whatever else is wrong with it; empty: none, or it cannot be read.
std::string ProfileNamed(const SourceMap& sources, SourceId source, const Invocation& invocation);

// A scope for YAML files that are read before, or beside, the nodes: the base context with var() over the given
// variables.
jinja::Value VarsOnly(const jinja::Value& vars, Reads& reads);

}  // namespace stir::project
