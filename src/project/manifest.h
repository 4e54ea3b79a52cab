// The parsed project: every node, source, exposure, macro and doc with its names resolved, its configuration final and
// the graph acyclic. Made by ParseProject (parse.h); immutable from then on and safe to read from all threads.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/relation.h"
#include "base/clock.h"
#include "base/source_map.h"
#include "graph/graph.h"
#include "graph/selector.h"
#include "jinja/template.h"
#include "project/config.h"
#include "project/macros.h"
#include "project/text_pool.h"

namespace stir::project {

// Text of a manifest: a view into its pool or into the SourceMap, valid as long as both live. Empty means "none" (dbt's
// null) unless a field says otherwise.
using Text = std::string_view;

struct RefCall {  // ref('package', 'name', v='2')
  Text package, name, version;
  bool version_is_number = false;  // v=2: artifacts write it as one
  Span span;
};

struct SourceCall {  // source('source', 'table')
  Text source, table;
  Span span;
};

struct NamedCall {  // function('package', 'name'), metric('package', 'name')
  Text package, name;
  Span span;
};

struct Column {
  Text name, description, data_type;
  std::optional<bool> quote;
  jinja::Value meta;  // dict, frozen
  std::vector<Text> tags;
  jinja::Value constraints;      // list of dicts as written, frozen
  std::vector<Text> doc_blocks;  // unique ids of the docs its description shows
  jinja::Value extra;            // dict of keys that dbt does not know, frozen; undefined without any
  Text granularity;
  jinja::Value dimension, entity;  // of the semantic layer: a text or a dict, frozen; undefined without
  Span span;
};
using Columns = std::vector<Column>;  // in the file's order

// What a model has beyond a node.
struct ModelPart {
  Text access = "protected", group;
  Text version, latest_version, deprecation_date;
  bool version_is_number = false, latest_is_number = false;  // as artifacts write them
  jinja::Value constraints;                                  // list of dicts, frozen
  std::vector<Text> primary_key;                             // from constraints, else from unique and not_null tests
  Text contract_checksum;                                    // of an enforced contract
  jinja::Value time_spine;                                   // dict, frozen; undefined without
};

struct TestPart {
  bool generic = false;            // else a singular test: a file in tests/
  Text test_name, test_namespace;  // generic: "not_null", "dbt_utils"
  jinja::Value
      kwargs;          // generic: dict as dbt's artifacts have it (model: "{{ get_where_subquery(ref('m')) }}"), frozen
  Text column_name;    // generic tests of a column
  Text group;          // of the node that it tests
  Text file_key_name;  // "models.orders"
  std::optional<graph::NodeId> attached;  // the node that it tests
  bool left_out = false;                  // enabled, but what it tests is missing or disabled; stands in disabled()
};

struct FreshnessThreshold {
  std::optional<int64_t> count;
  Text period;  // "minute", "hour", "day"
};

struct SourcePart {
  Text source_name, source_description, loader, identifier;
  Text loaded_at_field, loaded_at_query;
  bool has_freshness = false;
  FreshnessThreshold warn_after, error_after;
  Text freshness_filter;
  adapter::Policy quote;  // final
  jinja::Value quoting;   // {database, schema, identifier, column}: as written, none where not, frozen
  jinja::Value external;  // frozen; none without
  jinja::Value source_meta;
  Text unrendered_database, unrendered_schema;
  bool external_location = false;  // the node's relation_name names files
};

struct ExposurePart {
  Text type, owner_name, owner_email, label, maturity, url;
  jinja::Value owner_extra;  // dict of the owner's other keys, frozen; undefined without
};

// What a unit test gives to its model in place of one input, or expects of it.
struct UnitTestFixture {
  Text input;                  // "ref('orders')", "source(..)", "this"; empty for what is expected
  Text format = "dict";        // dict, csv, sql
  Text fixture;                // the file that the rows came from, without its ending
  jinja::Value rows;           // dict and csv: list of dicts; sql: a text; frozen
  std::optional<RefCall> ref;  // what `input` says
  std::optional<SourceCall> source;
  std::optional<graph::NodeId> node;  // and the node that it means; none when there is no such node
  Span span;
};

struct UnitTestPart {
  Text model;  // as written; depends_on has the node
  std::vector<UnitTestFixture> given;
  UnitTestFixture expect;
  jinja::Value overrides;  // dict of macros, vars, env_vars (dicts), frozen; none without
  jinja::Value versions;   // dict of include, exclude (lists or none), frozen; none without
  bool left_out = false;   // enabled, but its model is not; stands in disabled()
  Text version;            // of the model that it tests
  bool version_is_number = false;
};

struct FunctionPart {
  jinja::Value arguments;  // list of dicts of name, data_type, description, default_value; frozen
  jinja::Value returns;    // dict of data_type, description
  jinja::Value overloads;  // list of dicts
};

// A metric, semantic model or saved query: what it says, with the keys of dbt's artifact in their order; frozen.
struct SemanticPart {
  jinja::Value fields;
  std::vector<jinja::Value> measures;  // a metric's own measures: dicts with a `name`
  std::vector<Text> tags;              // of metrics and saved queries
  Text group;
};

struct OperationPart {
  bool on_run_start = false;  // else on-run-end
  int index = 0;              // place in its list
};

// Where a node comes in the fixed order in which parsed files are joined.
struct ParseOrder {
  uint8_t phase = 0;
  uint32_t file = 0;    // among all files of all packages
  uint32_t number = 0;  // in its file
  auto operator<=>(const ParseOrder&) const = default;
};

// Anything that stands in the graph. `id` is its index in Manifest::nodes() and in Manifest::graph().
struct Node {
  ParseOrder order;
  graph::NodeId id = 0;
  ResourceType type = ResourceType::kModel;
  Text unique_id, name, package;
  Text path, original_file_path;  // below the folder of its kind; below the package's root
  std::vector<Text> fqn;
  Text database, schema, alias;  // final; where the relation is. A source: database, schema and identifier
  adapter::Policy quote;         // final
  Text relation_name;            // rendered; empty for what is no relation (ephemeral models, most tests, ...)
  Text description;              // doc() rendered
  std::vector<Text> doc_blocks;  // unique ids of the docs that the description shows
  std::vector<Text> tags;        // of all layers, each once
  Text patch_path;               // "shop://models/schema.yml"
  Text checksum_name = "sha256", checksum;

  Text raw_code;                                // without outer white space; may be empty and still be there (seeds)
  std::shared_ptr<const jinja::Template> code;  // raw_code parsed, where that is done already; see CodeOf
  jinja::Origin code_origin;                    // where raw_code stands
  Span span;  // what the user wrote: the file, or the test's or source's place in its properties
  Text language = "sql";

  std::shared_ptr<const Config> config;    // never null
  jinja::Value unrendered_config;          // dict, frozen
  std::shared_ptr<const Columns> columns;  // never null
  std::vector<RefCall> refs;
  std::vector<SourceCall> sources;
  std::vector<NamedCall> functions, metrics;
  std::vector<MacroId> macros;            // that rendering calls directly
  std::vector<graph::NodeId> depends_on;  // in the order of the refs and sources, without doubles

  // Exactly the one of its type is set; others are null.
  std::unique_ptr<ModelPart> model;
  std::unique_ptr<TestPart> test;
  std::unique_ptr<SourcePart> source;
  std::unique_ptr<ExposurePart> exposure;
  std::unique_ptr<OperationPart> operation;
  std::unique_ptr<UnitTestPart> unit_test;
  std::unique_ptr<FunctionPart> function;
  std::unique_ptr<SemanticPart> semantic;

  bool IsEphemeral() const { return type == ResourceType::kModel && config->materialized == "ephemeral"; }
  bool IsRefable() const { return type <= ResourceType::kSnapshot; }
  const Column* FindColumn(std::string_view column_name) const;
};

// A node's raw_code parsed; null for what has none: seeds, sources, exposures.
Result<std::shared_ptr<const jinja::Template>> CodeOf(const Node& node);

struct Doc {
  Text unique_id, name, package, path, original_file_path, contents;
  Span span;
};

struct Group {
  Text unique_id, name, package, path, original_file_path, description;
  Text owner_name, owner_email;
  jinja::Value owner_extra;  // as an exposure's
  jinja::Value config;       // dict, frozen
  Span span;
};

struct Package {
  Text name;
  Text root;  // as a path the process can open; absolute
  Text version;
  bool internal = false;         // dbt and dbt_<adapter>: built in
  bool restrict_access = false;  // its protected models are its own
  jinja::Value vars;             // its dbt_project.yml's vars, frozen
};

enum class Lookup : uint8_t { kFound, kMissing, kDisabled };
struct Resolved {
  Lookup lookup = Lookup::kMissing;
  const Node* node = nullptr;   // kFound; kDisabled: the disabled node
  const Node* other = nullptr;  // kFound: one of the same name in another package, when nothing says which is meant
};

class ManifestBuilder;

// Implements what selection asks, in manifest_view.cc.
class Manifest final : public graph::Selectable {
 public:
  ~Manifest() override;

  std::span<const Node> nodes() const { return nodes_; }
  const Node& node(graph::NodeId id) const { return nodes_[id]; }
  // Nodes that are switched off; not in the graph, their ids mean nothing.
  std::span<const Node> disabled() const { return disabled_; }
  const graph::Graph& graph() const override { return graph_; }
  const MacroIndex& macros() const { return *macros_; }
  std::span<const Doc> docs() const { return docs_; }
  std::span<const Group> groups() const { return groups_; }
  // selectors.yml, and the same as dbt's artifact has it: a dict by name.
  std::span<const graph::NamedSelector> named_selectors() const { return named_selectors_; }
  const jinja::Value& selectors() const { return selectors_; }
  std::span<const Package> packages() const { return packages_; }  // [0] is the root project
  const SourceMap& sources() const { return *sources_; }
  Text project_name() const { return packages_.front().name; }
  std::string_view root_package() const override { return project_name(); }
  graph::NodeView View(graph::NodeId node) const override;
  void VisitConfig(graph::NodeId node, std::span<const std::string> path,
                   const std::function<void(const graph::ConfigValue&)>& visit) const override;
  Text adapter_type() const { return adapter_type_; }
  // The on-run-start / on-run-end operations in the order in which they run (the root's first).
  std::span<const graph::NodeId> on_run_start() const { return on_run_start_; }
  std::span<const graph::NodeId> on_run_end() const { return on_run_end_; }

  const Node* Find(std::string_view unique_id) const;  // enabled nodes only; null when there is none
  // What ref() and source() mean in a node of `from_package`. `package` and `version` may be empty.
  Resolved ResolveRef(std::string_view package, std::string_view name, std::string_view version,
                      std::string_view from_package) const;
  Resolved ResolveSource(std::string_view source, std::string_view table, std::string_view from_package) const;
  // What function() and metric() mean.
  Resolved ResolveNamed(ResourceType type, std::string_view package, std::string_view name,
                        std::string_view from_package) const;
  // "did you mean" candidates: the names of all refable nodes, of all sources as "source.table".
  std::vector<std::string> RefableNames() const;
  std::vector<std::string> SourceNames() const;
  // The value of var(name) for a node of `package`: --vars, then the root's, then the package's own; null when nobody
  // set it.
  const jinja::Value* FindVar(std::string_view package, std::string_view name) const;
  // The adapter's form of a node's relation; `type` follows its materialization.
  adapter::Relation RelationOf(const Node& node) const;
  // The quoting that new relations of this project get: the adapter's, with dbt_project.yml's `quoting:`.
  const adapter::Policy& quote_policy() const { return quote_; }

 private:
  friend class ManifestBuilder;
  struct Index;
  Manifest();

  std::vector<std::unique_ptr<TextPool>> pools_;
  std::vector<std::shared_ptr<const void>> kept_;  // what else holds texts
  const SourceMap* sources_ = nullptr;
  std::vector<Node> nodes_, disabled_;
  graph::Graph graph_;
  std::unique_ptr<MacroIndex> macros_;
  std::vector<Doc> docs_;
  std::vector<Group> groups_;
  std::vector<Package> packages_;
  std::vector<graph::NodeId> on_run_start_, on_run_end_;
  jinja::Value vars_;       // --vars
  jinja::Value selectors_;  // undefined without
  std::vector<graph::NamedSelector> named_selectors_;
  Text adapter_type_;
  adapter::Policy quote_, include_;  // of the adapter, with the root project's quoting
  std::unique_ptr<Index> index_;
};

}  // namespace stir::project
