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
  std::string granularity;
  jinja::Value dimension, entity;  // undefined without
  Span span;
};

// A version of a model in properties, or in a reference to it.
struct Version {
  std::string text;        // empty: none
  bool is_number = false;  // `v: 1`, not `v: "1"`
};

// What properties say about one node. A model with versions has one patch for each.
struct NodePatch {
  std::string_view section;  // "models", "seeds", "analyses", "snapshots", "data_tests"
  std::string name;
  Span name_span;
  YamlNode description;
  std::vector<ConfigEntry> config;
  std::vector<std::pair<std::string, jinja::Value>> unrendered;
  std::vector<DeclaredColumn> columns;
  std::vector<DeclaredTest> tests;  // of the columns, then of the node
  std::string deprecation_date;
  jinja::Value constraints;  // list
  YamlNode relation;         // a snapshot without a file: the call that it copies
  Version version, latest;
  std::vector<std::string> files;              // of a version: the names that its file may have, the first one first
  jinja::Value time_spine;                     // dict, undefined without
  jinja::Value arguments, returns, overloads;  // functions; undefined without
};

// A unit test; whether its model and inputs exist is known when everything is joined.
struct FixturePatch {
  std::string input, format = "dict", fixture;
  jinja::Value rows;  // none without
  Span span;
};
struct UnitTestPatch {
  std::string name, model;
  Span name_span, model_span;
  YamlNode description;
  std::vector<FixturePatch> given;
  FixturePatch expect;
  jinja::Value overrides, versions;  // none without
  std::vector<ConfigEntry> config;
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

struct OwnerPatch {
  std::string name, email;
  jinja::Value extra;  // dict of other keys, undefined without
};

struct ExposurePatch {
  std::string name, type, label, maturity, url;
  OwnerPatch owner;
  Span name_span;
  YamlNode description;
  std::vector<ConfigEntry> config;
  std::vector<std::string> tags;  // beside the configuration's
  jinja::Value meta;              // dict
  Recording uses;                 // depends_on
};

// A metric, semantic model or saved query.
struct SemanticPatch {
  ResourceType type = ResourceType::kMetric;
  std::string name;
  Span name_span;
  YamlNode description;
  std::string plain_description;  // of a metric that a measure made
  std::vector<ConfigEntry> config;
  jinja::Value fields;                 // dict: what it has of its own, in dbt's order
  std::vector<std::string> tags;       // beside the configuration's
  std::vector<std::string> metrics;    // that it is made of, in order
  std::vector<jinja::Value> measures;  // a metric's own inputs, as dicts
  Recording uses;                      // a semantic model's model
};

struct MacroPatch {
  std::string name;
  YamlNode description;
  Span name_span;
  std::vector<MacroArgument> arguments;  // their descriptions are below, not rendered
  std::vector<YamlNode> argument_descriptions;
  jinja::Value meta;
  bool docs_show = true;
};

struct GroupPatch {
  std::string name, description;
  OwnerPatch owner;
  std::vector<ConfigEntry> config;
  Span name_span;
};

struct Properties {
  std::vector<NodePatch> nodes;
  std::vector<SourceTable> sources;
  std::vector<ExposurePatch> exposures;
  std::vector<MacroPatch> macros;
  std::vector<GroupPatch> groups;
  std::vector<UnitTestPatch> unit_tests;
  std::vector<SemanticPatch> semantics;
  Diagnostics errors, warnings;
  Reads reads;
};

// Pure: a function of the file and the context.
Properties ReadProperties(const SourceMap& sources, SourceId file, const ParseContext& context);

}  // namespace stir::project
