// manifest.json: the keys of dbt's version 12, in its order. Nothing is built in memory but the text.
#include <algorithm>
#include <unordered_map>

#include "base/digest.h"
#include "base/strings.h"
#include "project/artifacts.h"
#include "project/value_json.h"

namespace stir::project {

namespace {

using jinja::Value;

constexpr std::string_view kSchema = "https://schemas.getdbt.com/dbt/manifest/v12.json";

// The entries of a dict, when there is one.
void WriteExtra(JsonWriter& json, const Value& extra) {
  if (!extra.IsDict()) return;
  for (const auto& [key, value] : extra.AsDict().entries()) WriteValue(json.Key(key.AsString()), value);
}

bool IsLeftOut(const Node& node) { return node.test && node.test->left_out; }

class NodeWriter {
 public:
  using Sink = std::function<Status(std::string& part)>;
  // Without a sink the text stays in `json`.
  NodeWriter(JsonWriter& json, const Manifest& manifest, double created_at, const Sink* sink = nullptr)
      : json_(json), manifest_(manifest), created_at_(created_at), sink_(sink) {}

  // From here on configurations are written many times.
  void Share() { share_ = true; }
  // Nodes are written with what a run made of them. Outlives the writer.
  void Repeat(const RenderedNodes& rendered) { rendered_nodes_ = &rendered; }

  // Hands on what has been written so far.
  Status Flush() {
    if (!sink_) return {};
    std::string part = json_.TakePart();
    Status status = (*sink_)(part);
    if (!status.ok() && full_.ok()) full_ = std::move(status);
    json_.GiveBack(std::move(part));
    return full_;
  }

  void Write(const Node& node) {
    if (json_.text().size() > kPart) static_cast<void>(Flush());
    rendered_ = FindRendered(node);
    json_.BeginObject();
    if (node.function) Put("returns", node.function->returns);
    if (node.source) {
      Source(node);
    } else if (node.exposure) {
      Exposure(node);
    } else if (node.unit_test) {
      UnitTest(node);
    } else if (node.semantic) {
      Semantic(node);
    } else {
      Common(node);
      if (node.type == ResourceType::kSeed) {
        SeedTail(node);
      } else {
        CodeTail(node);
      }
    }
    json_.EndObject();
  }

 private:
  const RenderedNode* FindRendered(const Node& node) const {
    if (!rendered_nodes_ || node.id >= manifest_.nodes().size() || &manifest_.node(node.id) != &node) return nullptr;
    const auto found = rendered_nodes_->find(node.id);
    return found == rendered_nodes_->end() ? nullptr : &found->second;
  }

  void Text(std::string_view key, std::string_view text) { json_.Key(key).String(text); }
  void OrNull(std::string_view key, std::string_view text) {
    json_.Key(key);
    if (text.empty()) {
      json_.Null();
    } else {
      json_.String(text);
    }
  }
  void Null(std::string_view key) { json_.Key(key).Null(); }
  void Put(std::string_view key, const Value& value) { WriteValue(json_.Key(key), value); }
  void PutList(std::string_view key, const Value& list) {
    if (list.IsSequence()) {
      Put(key, list);
    } else {
      EmptyList(key);
    }
  }
  void EmptyObject(std::string_view key) { json_.Key(key).BeginObject().EndObject(); }
  void EmptyList(std::string_view key) { json_.Key(key).BeginArray().EndArray(); }

  template <typename Texts>
  void List(std::string_view key, const Texts& texts) {
    json_.Key(key).BeginArray();
    for (const auto& text : texts) json_.String(text);
    json_.EndArray();
  }

  void Common(const Node& node) {
    Text("database", node.database);
    Text("schema", node.schema);
    Identity(node);
    List("fqn", node.fqn);
    Text("alias", node.alias);
    json_.Key("checksum").BeginObject();
    Text("name", node.checksum_name);
    Text("checksum", node.checksum);
    json_.EndObject();
    Configuration(node);
    List("tags", node.tags);
    Text("description", node.description);
    ColumnMap(*node.columns);
    Put("meta", node.config->Get("meta"));
    OrNull("group", node.test ? std::string_view(node.test->group) : std::string_view(node.config->group));
    Docs(node);
    OrNull("patch_path", node.patch_path);
    OrNull("build_path", rendered_ ? std::string_view(rendered_->build_path) : std::string_view());
    Put("unrendered_config", node.unrendered_config);
    json_.Key("created_at").Double(created_at_);
    OrNull("relation_name",
           rendered_ && node.relation_name.empty() ? std::string_view(rendered_->relation_name) : node.relation_name);
    Text("raw_code", node.raw_code);
    List("doc_blocks", node.doc_blocks);
  }

  void Identity(const Node& node) {
    Text("name", node.name);
    Text("resource_type", ResourceTypeName(node.type));
    Text("package_name", node.package);
    Text("path", node.path);
    Text("original_file_path", node.original_file_path);
    Text("unique_id", node.unique_id);
  }

  // Many nodes share one configuration: its text is made once.
  void Configuration(const Node& node) {
    const bool left_out = IsLeftOut(node);
    if (!share_ || left_out || node.config.use_count() < kShared) return WriteConfiguration(json_.Key("config"), node);
    std::string& text = configurations_[node.config.get()];
    if (text.empty()) {
      JsonWriter json;
      WriteConfiguration(json, node);
      text = std::move(json).Take();
    }
    json_.Key("config").Raw(text);
  }

  static void WriteConfiguration(JsonWriter& json, const Node& node) {
    const bool left_out = IsLeftOut(node);
    json.BeginObject();
    node.config->ForEach([&](std::string_view key, const Value& value) {
      json.Key(key);
      WriteValue(json, left_out && key == "enabled" ? Value::Bool(false) : value);
    });
    json.EndObject();
  }

  void Docs(const Node& node) {
    const Value& docs = node.config->Get("docs");
    json_.Key("docs");
    if (docs.IsDict()) {
      WriteValue(json_, docs);
    } else {
      json_.BeginObject().Key("show").Bool(true).Key("node_color").Null().EndObject();
    }
  }

  // Foreign keys with the relations that they were compiled to.
  Value Resolved(const Value& constraints) const {
    if (!rendered_ || rendered_->key_targets.empty() || !constraints.IsSequence()) return constraints;
    Value resolved = Thaw(constraints);
    for (const Value& each : resolved.Items()) {
      const Value* to = each.IsDict() ? each.AsDict().Find("to") : nullptr;
      if (!to || !to->IsString()) continue;
      const auto known = rendered_->key_targets.find(std::string(to->AsString()));
      if (known != rendered_->key_targets.end()) each.AsDict().Set("to", Value::String(known->second));
    }
    return resolved;
  }

  void ColumnMap(const Columns& columns) {
    json_.Key("columns").BeginObject();
    for (const Column& column : columns) {
      json_.Key(column.name).BeginObject();
      Text("name", column.name);
      Text("description", column.description);
      Put("meta", column.meta);
      OrNull("data_type", column.data_type);
      Put("constraints", Resolved(column.constraints));
      json_.Key("quote");
      if (column.quote) {
        json_.Bool(*column.quote);
      } else {
        json_.Null();
      }
      json_.Key("config").BeginObject();
      Put("meta", column.meta);
      List("tags", column.tags);
      json_.EndObject();
      List("tags", column.tags);
      OrNull("granularity", column.granularity);
      Put("dimension", column.dimension);
      Put("entity", column.entity);
      List("doc_blocks", column.doc_blocks);
      WriteExtra(json_, column.extra);
      json_.EndObject();
    }
    json_.EndObject();
  }

  void Macros(const Node& node) {
    json_.Key("macros").BeginArray();
    for (MacroId id : node.macros) json_.String(manifest_.macros().at(id).unique_id);
    if (rendered_) {
      for (MacroId id : rendered_->macros) json_.String(manifest_.macros().at(id).unique_id);
    }
    json_.EndArray();
  }

  void DependsOn(const Node& node) {
    json_.Key("depends_on").BeginObject();
    Macros(node);
    json_.Key("nodes").BeginArray();
    for (graph::NodeId id : node.depends_on) json_.String(manifest_.node(id).unique_id);
    json_.EndArray();
    json_.EndObject();
  }

  void Uses(const Node& node) {
    Refs(node);
    json_.Key("sources").BeginArray();
    for (const SourceCall& call : node.sources) json_.BeginArray().String(call.source).String(call.table).EndArray();
    json_.EndArray();
    Calls("metrics", node.metrics);
  }

  void Refs(const Node& node) {
    json_.Key("refs").BeginArray();
    for (const RefCall& call : node.refs) {
      json_.BeginObject();
      Text("name", call.name);
      OrNull("package", call.package);
      Version("version", call.version, call.version_is_number);
      json_.EndObject();
    }
    json_.EndArray();
  }

  void Calls(std::string_view key, const std::vector<NamedCall>& calls) {
    json_.Key(key).BeginArray();
    for (const NamedCall& call : calls) {
      json_.BeginArray();
      if (!call.package.empty()) json_.String(call.package);
      json_.String(call.name).EndArray();
    }
    json_.EndArray();
  }

  void Version(std::string_view key, std::string_view version, bool is_number) {
    if (is_number) {
      json_.Key(key).Raw(version);
    } else {
      OrNull(key, version);
    }
  }

  void Contract(const Node& node) {
    json_.Key("contract").BeginObject();
    json_.Key("enforced").Bool(node.config->contract_enforced);
    const Value& contract = node.config->Get("contract");
    const Value* alias_types = contract.IsDict() ? contract.AsDict().Find("alias_types") : nullptr;
    json_.Key("alias_types").Bool(!alias_types || alias_types->Truthy());
    OrNull("checksum", node.model ? node.model->contract_checksum : std::string_view());
    json_.EndObject();
  }

  void SeedTail(const Node& node) {
    for (const Package& package : manifest_.packages()) {
      if (package.name == node.package) Text("root_path", package.root);
    }
    json_.Key("depends_on").BeginObject();
    Macros(node);
    json_.EndObject();
  }

  void CodeTail(const Node& node) {
    Text("language", node.language);
    Uses(node);
    Calls("functions", node.functions);
    DependsOn(node);
    Compiled();
    Contract(node);
    if (node.model) ModelTail(*node.model);
    if (node.function) {
      PutList("arguments", node.function->arguments);
      PutList("overloads", node.function->overloads);
    }
    if (node.test && node.test->generic) TestTail(*node.test);
    if (node.operation)
      json_.Key("index").Int(rendered_ && rendered_->hook_number > 0 ? rendered_->hook_number : node.operation->index);
  }

  void Compiled() {
    OrNull("compiled_path", rendered_ ? std::string_view(rendered_->compiled_path) : std::string_view());
    if (!rendered_ || !rendered_->code) return;
    json_.Key("compiled").Bool(true);
    Text("compiled_code", *rendered_->code);
    json_.Key("extra_ctes_injected").Bool(rendered_->has_ctes);
    json_.Key("extra_ctes").BeginArray();
    for (const RenderedNode::Cte& cte : rendered_->ctes) {
      json_.BeginObject();
      Text("id", cte.unique_id);
      OrNull("sql", cte.sql);
      json_.EndObject();
    }
    json_.EndArray();
  }

  void ModelTail(const ModelPart& model) {
    Text("access", model.access);
    PutList("constraints", Resolved(model.constraints));
    Version("version", model.version, model.version_is_number);
    Version("latest_version", model.latest_version, model.latest_is_number);
    OrNull("deprecation_date", model.deprecation_date);
    List("primary_key", model.primary_key);
    Put("time_spine", model.time_spine);
  }

  void TestTail(const TestPart& test) {
    OrNull("column_name", test.column_name);
    Text("file_key_name", test.file_key_name);
    OrNull("attached_node", test.attached ? manifest_.node(*test.attached).unique_id : std::string_view());
    json_.Key("test_metadata").BeginObject();
    Text("name", test.test_name);
    Put("kwargs", test.kwargs);
    OrNull("namespace", test.test_namespace);
    json_.EndObject();
  }

  void Source(const Node& node) {
    const SourcePart& source = *node.source;
    Text("database", node.database);
    Text("schema", node.schema);
    Identity(node);
    List("fqn", node.fqn);
    Text("source_name", source.source_name);
    Text("source_description", source.source_description);
    Text("loader", source.loader);
    Text("identifier", source.identifier);
    Put("quoting", source.quoting);
    OrNull("loaded_at_field", source.loaded_at_field);
    OrNull("loaded_at_query", source.loaded_at_query);
    Put("freshness", node.config->Get("freshness"));
    Put("external", source.external);
    Text("description", node.description);
    ColumnMap(*node.columns);
    Put("meta", node.config->Get("meta"));
    Put("source_meta", source.source_meta);
    List("tags", node.tags);
    Configuration(node);
    Null("patch_path");
    Put("unrendered_config", node.unrendered_config);
    OrNull("relation_name", node.relation_name);
    json_.Key("created_at").Double(created_at_);
    OrNull("unrendered_database", source.unrendered_database);
    OrNull("unrendered_schema", source.unrendered_schema);
    List("doc_blocks", node.doc_blocks);
  }

  void UnitTest(const Node& node) {
    const UnitTestPart& test = *node.unit_test;
    Text("model", test.model);
    json_.Key("given").BeginArray();
    for (const UnitTestFixture& given : test.given) Fixture(given);
    json_.EndArray();
    json_.Key("expect");
    Fixture(test.expect);
    Identity(node);
    List("fqn", node.fqn);
    Text("description", node.description);
    Put("overrides", test.overrides);
    DependsOn(node);
    Configuration(node);
    Text("checksum", node.checksum);
    OrNull("schema", node.schema);
    json_.Key("created_at").Double(created_at_);
    Put("versions", test.versions);
    Version("version", test.version, test.version_is_number);
  }

  void Fixture(const UnitTestFixture& fixture) {
    json_.BeginObject();
    if (!fixture.input.empty()) Text("input", fixture.input);
    Put("rows", fixture.rows);
    Text("format", fixture.format);
    OrNull("fixture", fixture.fixture);
    json_.EndObject();
  }

  // Its own keys from `fields`, in the order of dbt's classes.
  void Semantic(const Node& node) {
    const SemanticPart& part = *node.semantic;
    auto own = [&](std::initializer_list<std::string_view> keys) {
      for (std::string_view key : keys) {
        const Value* value = part.fields.IsDict() ? part.fields.AsDict().Find(key) : nullptr;
        Put(key, value ? *value : Value::None());
      }
    };
    Identity(node);
    List("fqn", node.fqn);
    if (node.type == ResourceType::kMetric) {
      Text("description", node.description);
      own({"label", "type", "type_params", "filter"});
      Null("metadata");
      own({"time_granularity"});
      SemanticTail(node);
      EmptyList("sources");
      DependsOn(node);
      EmptyList("refs");
      EmptyList("metrics");
      json_.Key("created_at").Double(created_at_);
      OrNull("group", part.group);
      Put("meta", node.config->Get("meta"));
      List("tags", part.tags);
    } else if (node.type == ResourceType::kSemanticModel) {
      own({"model", "node_relation"});
      OrNull("description", node.description);
      own({"label", "defaults", "entities", "measures", "dimensions"});
      Null("metadata");
      DependsOn(node);
      Refs(node);
      json_.Key("created_at").Double(created_at_);
      SemanticTail(node);
      own({"primary_entity"});
      OrNull("group", part.group);
    } else {
      own({"query_params", "exports"});
      OrNull("description", node.description);
      own({"label"});
      Null("metadata");
      SemanticTail(node);
      OrNull("group", part.group);
      DependsOn(node);
      json_.Key("created_at").Double(created_at_);
      EmptyList("refs");
      List("tags", part.tags);
    }
  }

  void SemanticTail(const Node& node) {
    Configuration(node);
    Put("unrendered_config", node.unrendered_config);
  }

  void Exposure(const Node& node) {
    const ExposurePart& exposure = *node.exposure;
    Identity(node);
    List("fqn", node.fqn);
    Text("type", exposure.type);
    json_.Key("owner").BeginObject();
    OrNull("email", exposure.owner_email);
    OrNull("name", exposure.owner_name);
    WriteExtra(json_, exposure.owner_extra);
    json_.EndObject();
    Text("description", node.description);
    OrNull("label", exposure.label);
    OrNull("maturity", exposure.maturity);
    Put("meta", node.config->Get("meta"));
    List("tags", node.tags);
    Configuration(node);
    Put("unrendered_config", node.unrendered_config);
    OrNull("url", exposure.url);
    DependsOn(node);
    Uses(node);
    json_.Key("created_at").Double(created_at_);
  }

  static constexpr size_t kPart = size_t{1} << 20;
  static constexpr long kShared = 4;  // fewer nodes are not worth keeping a text for

  JsonWriter& json_;
  const Manifest& manifest_;
  double created_at_;
  const Sink* sink_;
  Status full_;
  bool share_ = false;
  const RenderedNodes* rendered_nodes_ = nullptr;
  const RenderedNode* rendered_ = nullptr;  // of the node that is being written; null: none
  std::unordered_map<const Config*, std::string> configurations_;
};

void WriteDocsFlags(JsonWriter& json, bool show) {
  json.Key("docs").BeginObject().Key("show").Bool(show).Key("node_color").Null().EndObject();
}

void WriteMeta(JsonWriter& json, const Value& meta) {
  json.Key("meta");
  if (meta.IsDict()) {
    WriteValue(json, meta);
  } else {
    json.BeginObject().EndObject();
  }
}

void WriteMacro(JsonWriter& json, const MacroIndex& macros, const Macro& macro, double created_at) {
  auto or_null = [&](std::string_view key, std::string_view text) {
    json.Key(key);
    if (text.empty()) {
      json.Null();
    } else {
      json.String(text);
    }
  };
  json.BeginObject();
  json.Key("name").String(macro.name).Key("resource_type").String("macro").Key("package_name").String(macro.package);
  json.Key("path")
      .String(macro.path)
      .Key("original_file_path")
      .String(macro.path)
      .Key("unique_id")
      .String(macro.unique_id);
  json.Key("macro_sql").String(macro.sql);
  json.Key("depends_on").BeginObject().Key("macros").BeginArray();
  for (MacroId id : macro.depends_on) json.String(macros.at(id).unique_id);
  json.EndArray().EndObject();
  json.Key("description").String(macro.description);
  WriteMeta(json, macro.meta);
  WriteDocsFlags(json, macro.docs_show);
  json.Key("config").BeginObject();
  WriteMeta(json, macro.meta);
  WriteDocsFlags(json, macro.docs_show);
  json.EndObject();
  or_null("patch_path", macro.patch_path);
  json.Key("arguments").BeginArray();
  for (const MacroArgument& argument : macro.arguments) {
    json.BeginObject().Key("name").String(argument.name);
    or_null("type", argument.type);
    json.Key("description").String(argument.description).EndObject();
  }
  json.EndArray();
  json.Key("created_at").Double(created_at);
  json.Key("supported_languages");
  if (macro.supported_languages.empty()) {
    json.Null();
  } else {
    json.BeginArray();
    for (const std::string& language : macro.supported_languages) json.String(language);
    json.EndArray();
  }
  json.EndObject();
}

void WriteMetadata(JsonWriter& json, const Manifest& manifest, const ArtifactMetadata& metadata) {
  const adapter::Policy& quote = manifest.quote_policy();
  json.Key("metadata").BeginObject();
  json.Key("dbt_schema_version").String(kSchema).Key("dbt_version").String(kDbtVersion);
  json.Key("generated_at").String(FormatTimestamp(metadata.generated_at));
  json.Key("invocation_id").String(metadata.invocation_id);
  json.Key("invocation_started_at").String(FormatTimestamp(metadata.invocation_started_at));
  json.Key("env").BeginObject().EndObject();
  json.Key("project_name").String(manifest.project_name());
  json.Key("project_id").String(Md5Hex(manifest.project_name()));
  json.Key("user_id").Null().Key("send_anonymous_usage_stats").Bool(false);
  json.Key("adapter_type").String(manifest.adapter_type());
  json.Key("quoting").BeginObject().Key("database").Bool(quote.database).Key("schema").Bool(quote.schema);
  json.Key("identifier").Bool(quote.identifier).Key("column").Null().EndObject();
  std::string started = FormatTimestamp(metadata.invocation_started_at);
  if (started.ends_with('Z')) started.replace(started.size() - 1, 1, "+00:00");
  json.Key("run_started_at").String(started);
  json.EndObject();
}

template <ResourceType type>
bool OfType(const Node& node) {
  return node.type == type;
}

template <typename Wanted>
void WriteNodes(JsonWriter& json, std::string_view key, const Manifest& manifest, NodeWriter& writer, Wanted wanted) {
  json.Key(key).BeginObject();
  for (const Node& node : manifest.nodes()) {
    if (!wanted(node)) continue;
    json.Key(node.unique_id);
    writer.Write(node);
  }
  for (const Node& node : manifest.disabled()) {  // dbt keeps these among its nodes
    if (!IsLeftOut(node) || !wanted(node)) continue;
    json.Key(node.unique_id);
    writer.Write(node);
  }
  json.EndObject();
}

void WriteDisabled(JsonWriter& json, const Manifest& manifest, NodeWriter& writer) {
  std::vector<const Node*> nodes;
  for (const Node& node : manifest.disabled()) {
    if (!IsLeftOut(node)) nodes.push_back(&node);
  }
  std::ranges::stable_sort(nodes, {}, [](const Node* node) { return node->unique_id; });
  json.Key("disabled").BeginObject();
  for (size_t i = 0; i < nodes.size(); ++i) {
    const bool first = i == 0 || nodes[i - 1]->unique_id != nodes[i]->unique_id;
    const bool last = i + 1 == nodes.size() || nodes[i + 1]->unique_id != nodes[i]->unique_id;
    if (first) json.Key(nodes[i]->unique_id).BeginArray();
    writer.Write(*nodes[i]);
    if (last) json.EndArray();
  }
  json.EndObject();
}

template <typename Related>
void WriteMap(JsonWriter& json, std::string_view key, const Manifest& manifest, Related related) {
  json.Key(key).BeginObject();
  std::vector<std::string_view> ids;
  for (const Node& node : manifest.nodes()) {
    ids.clear();
    for (graph::NodeId id : related(node.id)) ids.push_back(manifest.node(id).unique_id);
    std::ranges::sort(ids);
    json.Key(node.unique_id).BeginArray();
    for (std::string_view id : ids) json.String(id);
    json.EndArray();
  }
  for (const Node& node : manifest.disabled()) {
    if (IsLeftOut(node)) json.Key(node.unique_id).BeginArray().EndArray();
  }
  json.EndObject();
}

void WriteDocs(JsonWriter& json, const Manifest& manifest) {
  json.Key("docs").BeginObject();
  for (const Doc& doc : manifest.docs()) {
    json.Key(doc.unique_id).BeginObject();
    json.Key("name").String(doc.name).Key("resource_type").String("doc").Key("package_name").String(doc.package);
    json.Key("path").String(doc.path).Key("original_file_path").String(doc.original_file_path);
    json.Key("unique_id").String(doc.unique_id).Key("block_contents").String(doc.contents).EndObject();
  }
  json.EndObject();
}

void WriteGroups(JsonWriter& json, const Manifest& manifest) {
  json.Key("groups").BeginObject();
  for (const Group& group : manifest.groups()) {
    json.Key(group.unique_id).BeginObject();
    json.Key("name").String(group.name).Key("resource_type").String("group").Key("package_name").String(group.package);
    json.Key("path").String(group.path).Key("original_file_path").String(group.original_file_path);
    json.Key("unique_id").String(group.unique_id).Key("owner").BeginObject();
    json.Key("email");
    group.owner_email.empty() ? json.Null() : json.String(group.owner_email);
    json.Key("name");
    group.owner_name.empty() ? json.Null() : json.String(group.owner_name);
    WriteExtra(json, group.owner_extra);
    json.EndObject();
    json.Key("description");
    group.description.empty() ? json.Null() : json.String(group.description);
    WriteValue(json.Key("config"), group.config);
    json.EndObject();
  }
  json.EndObject();
}

void WriteGroupMap(JsonWriter& json, const Manifest& manifest) {
  json.Key("group_map").BeginObject();
  for (const Group& group : manifest.groups()) {
    json.Key(group.name).BeginArray();
    for (const Node& node : manifest.nodes()) {
      if (node.config->group == group.name || (node.test && node.test->group == group.name))
        json.String(node.unique_id);
    }
    json.EndArray();
  }
  json.EndObject();
}

// A little more than the text will have.
size_t EstimatedSize(const Manifest& manifest) {
  constexpr size_t kNode = 2300, kColumn = 350, kMacro = 500;
  size_t size = manifest.macros().all().size() * kMacro;
  for (const Node& node : manifest.nodes()) size += kNode + node.raw_code.size() + node.columns->size() * kColumn;
  for (const Macro& macro : manifest.macros().all()) size += macro.sql.size();
  return size;
}

double Seconds(Timestamp time) { return static_cast<double>(time.time_since_epoch().count()) / 1e6; }

}  // namespace

void WriteNode(JsonWriter& json, const Manifest& manifest, const Node& node) {
  NodeWriter(json, manifest, 0).Write(node);
}

namespace {

void WriteWhole(JsonWriter& json, NodeWriter& writer, const Manifest& manifest, const ArtifactMetadata& metadata) {
  const double created_at = Seconds(metadata.generated_at);
  writer.Share();
  json.BeginObject();
  WriteMetadata(json, manifest, metadata);
  WriteNodes(json, "nodes", manifest, writer, [](const Node& node) { return node.type < ResourceType::kSource; });
  WriteNodes(json, "sources", manifest, writer, [](const Node& node) { return node.source != nullptr; });
  json.Key("macros").BeginObject();
  for (const Macro& macro : manifest.macros().all()) {
    json.Key(macro.unique_id);
    WriteMacro(json, manifest.macros(), macro, created_at);
  }
  json.EndObject();
  WriteDocs(json, manifest);
  WriteNodes(json, "exposures", manifest, writer, [](const Node& node) { return node.exposure != nullptr; });
  WriteNodes(json, "metrics", manifest, writer, OfType<ResourceType::kMetric>);
  WriteGroups(json, manifest);
  json.Key("selectors");
  if (manifest.selectors().IsDict()) {
    WriteValue(json, manifest.selectors());
  } else {
    json.BeginObject().EndObject();
  }
  WriteDisabled(json, manifest, writer);
  WriteMap(json, "parent_map", manifest, [&](graph::NodeId id) { return manifest.graph().Parents(id); });
  WriteMap(json, "child_map", manifest, [&](graph::NodeId id) { return manifest.graph().Children(id); });
  WriteGroupMap(json, manifest);
  WriteNodes(json, "saved_queries", manifest, writer, OfType<ResourceType::kSavedQuery>);
  WriteNodes(json, "semantic_models", manifest, writer, OfType<ResourceType::kSemanticModel>);
  WriteNodes(json, "unit_tests", manifest, writer, [](const Node& node) { return node.unit_test != nullptr; });
  WriteNodes(json, "functions", manifest, writer, [](const Node& node) { return node.function != nullptr; });
  json.EndObject();
}

}  // namespace

std::string WriteManifest(const Manifest& manifest, const ArtifactMetadata& metadata, const RenderedNodes& rendered) {
  JsonWriter json;
  json.Reserve(EstimatedSize(manifest));
  NodeWriter writer(json, manifest, Seconds(metadata.generated_at));
  writer.Repeat(rendered);
  WriteWhole(json, writer, manifest, metadata);
  return std::move(json).Take();
}

Status WriteManifest(const Manifest& manifest, const ArtifactMetadata& metadata, const RenderedNodes& rendered,
                     const std::function<Status(std::string& part)>& sink) {
  JsonWriter json;
  NodeWriter writer(json, manifest, Seconds(metadata.generated_at), &sink);
  writer.Repeat(rendered);
  WriteWhole(json, writer, manifest, metadata);
  return writer.Flush();
}

}  // namespace stir::project
