// Properties files (models/*.yml, ...): what they say about models, seeds, sources, tests, macros, exposures and
// groups, rendered where dbt renders it and kept as written where dbt does that later (tests, descriptions, hooks).
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "project/config.h"
#include "project/parse_context.h"
#include "yaml/node.h"

namespace stir::project {

using YamlNode = std::shared_ptr<const yaml::Node>;

// An entry of `data_tests:`: a name, or a mapping; as written.
struct DeclaredTest {
  YamlNode node;
  std::string column;             // as the test is told: quoted when its column asks for it; empty for the whole node
  std::vector<std::string> tags;  // of the column
};

struct DeclaredColumn {
  std::string name, data_type;
  YamlNode description;  // null without
  std::optional<bool> quote;
  jinja::Value meta;  // dict
  std::vector<std::string> tags;
  jinja::Value constraints;  // list
  jinja::Value extra;        // dict, undefined without
  Span span;
};

struct NodePatch {
  std::string_view section;  // "models", "seeds", "analyses", "snapshots", "data_tests"
  std::string name;
  Span name_span;
  YamlNode description;
  std::vector<ConfigEntry> config;
  std::vector<std::pair<std::string, jinja::Value>> unrendered;
  std::vector<DeclaredColumn> columns;
  std::vector<DeclaredTest> tests;  // of the columns, then of the node
  std::string latest_version, deprecation_date;
  jinja::Value constraints;  // list
};

struct SourceTable {
  std::string source_name, name, identifier, database, schema, loader;
  std::string unrendered_database, unrendered_schema;
  Span name_span;
  YamlNode source_description, description;
  std::vector<ConfigEntry> config;  // source and table joined, freshness, meta and tags among them
  jinja::Value source_meta;
  jinja::Value quoting;   // dict of database, schema, identifier, column; none where not given
  jinja::Value external;  // none without
  std::vector<DeclaredColumn> columns;
  std::vector<DeclaredTest> tests;
  std::vector<std::string> test_tags;  // of source and table, for their tests
};

struct ExposurePatch {
  std::string name, type, label, maturity, url, owner_name, owner_email;
  Span name_span;
  YamlNode description;
  std::vector<ConfigEntry> config;
  Recording uses;  // depends_on
};

struct MacroPatch {
  std::string name, description;
  Span name_span;
  std::vector<MacroArgument> arguments;
  jinja::Value meta;
  bool docs_show = true;
};

struct GroupPatch {
  std::string name, owner_name, owner_email, description;
};

struct Properties {
  std::vector<NodePatch> nodes;
  std::vector<SourceTable> sources;
  std::vector<ExposurePatch> exposures;
  std::vector<MacroPatch> macros;
  std::vector<GroupPatch> groups;
  Diagnostics errors, warnings;
};

// Pure: a function of the file and the context.
Properties ReadProperties(const SourceMap& sources, SourceId file, const ParseContext& context);

}  // namespace stir::project
