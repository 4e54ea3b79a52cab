// The keys are those of dbt's artifacts.
#include "runtime/node_values.h"

#include <algorithm>
#include <functional>

#include "jinja/template.h"
#include "runtime/object_tools.h"
#include "runtime/runner.h"

namespace stir::runtime {

namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;
using project::Node;
using project::ResourceType;

class DictWriter {
 public:
  explicit DictWriter(Nulls nulls) : nulls_(nulls) {}
  void Set(std::string_view key, Value value) {
    if (value.IsUndefined() || (value.IsNone() && nulls_ == Nulls::kLeftOut)) return;
    entries_.emplace_back(TextValue(key), std::move(value));
  }
  void Text(std::string_view key, std::string_view text) { Set(key, TextValue(text)); }
  void TextOrNull(std::string_view key, std::string_view text) { Set(key, TextOrNone(text)); }
  Value Take() && { return Value::MakeDict(std::move(entries_)); }

 private:
  Nulls nulls_;
  std::vector<std::pair<Value, Value>> entries_;
};

Value Thawed(const Value& frozen, Value fallback) {
  return frozen.IsUndefined() ? std::move(fallback) : project::Thaw(frozen);
}

Value ConfigDict(const project::Config& config) {
  std::vector<std::pair<Value, Value>> entries;
  for (const project::ConfigEntry& entry : config.All())
    entries.emplace_back(TextValue(entry.key), project::Thaw(entry.value));
  return Value::MakeDict(std::move(entries));
}

Value ColumnDict(const project::Column& column, Nulls nulls) {
  DictWriter dict(nulls);
  dict.Text("name", column.name);
  dict.Text("description", column.description);
  dict.Set("meta", Thawed(column.meta, Value::MakeDict()));
  dict.TextOrNull("data_type", column.data_type);
  dict.Set("constraints", Thawed(column.constraints, Value::List()));
  dict.Set("quote", column.quote ? Value::Bool(*column.quote) : Value::None());
  dict.Set("tags", TextList(column.tags));
  if (column.extra.IsDict())
    for (const auto& [key, value] : column.extra.AsDict().entries())
      if (key.IsString()) dict.Set(key.AsString(), project::Thaw(value));
  return std::move(dict).Take();
}

Value ColumnsDict(const project::Columns& columns, Nulls nulls) {
  std::vector<std::pair<Value, Value>> entries;
  for (const project::Column& column : columns) entries.emplace_back(TextValue(column.name), ColumnDict(column, nulls));
  return Value::MakeDict(std::move(entries));
}

Value RefList(const std::vector<project::RefCall>& refs) {
  std::vector<Value> items;
  for (const project::RefCall& ref : refs)
    items.push_back(Value::MakeDict({{TextValue("name"), TextValue(ref.name)},
                                     {TextValue("package"), TextOrNone(ref.package)},
                                     {TextValue("version"), TextOrNone(ref.version)}}));
  return Value::List(std::move(items));
}

Value SourceList(const std::vector<project::SourceCall>& sources) {
  std::vector<Value> items;
  for (const project::SourceCall& source : sources)
    items.push_back(Value::List({TextValue(source.source), TextValue(source.table)}));
  return Value::List(std::move(items));
}

Value DependsOn(const project::Manifest& manifest, const Node& node) {
  std::vector<Value> macros, nodes;
  for (const project::MacroId id : node.macros) macros.push_back(TextValue(manifest.macros().at(id).unique_id));
  for (const graph::NodeId id : node.depends_on) nodes.push_back(TextValue(manifest.node(id).unique_id));
  return Value::MakeDict(
      {{TextValue("macros"), Value::List(std::move(macros))}, {TextValue("nodes"), Value::List(std::move(nodes))}});
}

void WriteCommon(DictWriter& dict, const project::Manifest& manifest, const Node& node, Nulls nulls) {
  dict.TextOrNull("database", node.database);
  dict.TextOrNull("schema", node.schema);
  dict.Text("name", node.name);
  dict.Text("resource_type", project::ResourceTypeName(node.type));
  dict.Text("package_name", node.package);
  dict.Text("path", node.path);
  dict.Text("original_file_path", node.original_file_path);
  dict.Text("unique_id", node.unique_id);
  dict.Set("fqn", TextList(node.fqn));
  dict.Set("config", ConfigDict(*node.config));
  dict.Set("tags", TextList(node.config->tags));
  dict.Text("description", node.description);
  dict.Set("columns", ColumnsDict(*node.columns, nulls));
  dict.Set("meta", Thawed(node.config->Get("meta"), Value::MakeDict()));
  dict.TextOrNull("patch_path", node.patch_path);
  dict.Set("unrendered_config", Thawed(node.unrendered_config, Value::MakeDict()));
  dict.TextOrNull("relation_name", node.relation_name);
  dict.Set("depends_on", DependsOn(manifest, node));
}

void WriteCode(DictWriter& dict, const Node& node, const CompiledNode* compiled) {
  dict.Text("alias", node.alias.empty() ? node.name : node.alias);
  dict.Set("checksum", Value::MakeDict({{TextValue("name"), TextValue(node.checksum_name)},
                                        {TextValue("checksum"), TextValue(node.checksum)}}));
  dict.TextOrNull("group", node.model ? node.model->group : project::Text());
  dict.Set("docs", Thawed(node.config->Get("docs"), Value::MakeDict()));
  dict.Text("language", node.language);
  dict.Text("raw_code", node.raw_code);
  dict.Set("refs", RefList(node.refs));
  dict.Set("sources", SourceList(node.sources));
  dict.Set("metrics", Value::List());
  dict.Set("contract", Thawed(node.config->Get("contract"), Value::MakeDict()));
  if (!compiled) return;
  dict.Set("compiled", Value::Bool(true));
  dict.Text("compiled_code", compiled->sql);
  dict.Text("compiled_sql", compiled->sql);
}

void WriteModel(DictWriter& dict, const project::ModelPart& model) {
  dict.Text("access", model.access);
  dict.Set("constraints", Thawed(model.constraints, Value::List()));
  dict.TextOrNull("version", model.version);
  dict.TextOrNull("latest_version", model.latest_version);
  dict.TextOrNull("deprecation_date", model.deprecation_date);
  dict.Set("primary_key", TextList(model.primary_key));
}

void WriteFunction(DictWriter& dict, const project::FunctionPart& function) {
  dict.Set("arguments", Thawed(function.arguments, Value::List()));
  dict.Set("returns", Thawed(function.returns, Value::None()));
  dict.Set("overloads", Thawed(function.overloads, Value::List()));
}

void WriteTest(DictWriter& dict, const project::Manifest& manifest, const project::TestPart& test) {
  if (!test.generic) return;
  dict.Set("test_metadata", Value::MakeDict({{TextValue("name"), TextValue(test.test_name)},
                                             {TextValue("kwargs"), Thawed(test.kwargs, Value::MakeDict())},
                                             {TextValue("namespace"), TextOrNone(test.test_namespace)}}));
  dict.TextOrNull("column_name", test.column_name);
  dict.TextOrNull("file_key_name", test.file_key_name);
  dict.Set("attached_node", test.attached ? TextValue(manifest.node(*test.attached).unique_id) : Value::None());
}

void WriteSource(DictWriter& dict, const project::SourcePart& source, const project::Config& config) {
  dict.Text("source_name", source.source_name);
  dict.Text("source_description", source.source_description);
  dict.Text("loader", source.loader);
  dict.Text("identifier", source.identifier);
  dict.Set("quoting", Thawed(source.quoting, Value::MakeDict()));
  dict.TextOrNull("loaded_at_field", source.loaded_at_field);
  dict.TextOrNull("loaded_at_query", source.loaded_at_query);
  dict.Set("freshness", Thawed(config.Get("freshness"), Value::None()));
  dict.Set("external", Thawed(source.external, Value::None()));
  dict.Set("source_meta", Thawed(source.source_meta, Value::MakeDict()));
}

void WriteSemantic(DictWriter& dict, const project::SemanticPart& semantic) {
  if (!semantic.fields.IsDict()) return;
  for (const auto& [key, value] : semantic.fields.AsDict().entries())
    if (key.IsString()) dict.Set(key.AsString(), project::Thaw(value));
}

Value FixtureDict(const project::UnitTestFixture& fixture) {
  std::vector<std::pair<Value, Value>> entries;
  if (!fixture.input.empty()) entries.emplace_back(TextValue("input"), TextValue(fixture.input));
  entries.emplace_back(TextValue("rows"), project::Thaw(fixture.rows));
  entries.emplace_back(TextValue("format"), TextValue(fixture.format));
  entries.emplace_back(TextValue("fixture"), TextOrNone(fixture.fixture));
  return Value::MakeDict(std::move(entries));
}

void WriteUnitTest(DictWriter& dict, const project::UnitTestPart& test) {
  dict.Text("model", test.model);
  std::vector<Value> given;
  for (const project::UnitTestFixture& each : test.given) given.push_back(FixtureDict(each));
  dict.Set("given", Value::List(std::move(given)));
  dict.Set("expect", FixtureDict(test.expect));
  dict.Set("overrides", project::Thaw(test.overrides));
  dict.TextOrNull("version", test.version);
}

void WriteExposure(DictWriter& dict, const project::ExposurePart& exposure) {
  dict.Text("type", exposure.type);
  dict.Set("owner", Value::MakeDict({{TextValue("name"), TextOrNone(exposure.owner_name)},
                                     {TextValue("email"), TextOrNone(exposure.owner_email)}}));
  dict.TextOrNull("label", exposure.label);
  dict.TextOrNull("maturity", exposure.maturity);
  dict.TextOrNull("url", exposure.url);
}

// A mapping from unique id to node that makes each dict when it is asked for.
class NodeMapping final : public jinja::Object {
 public:
  using Wanted = bool (*)(const Node&);
  NodeMapping(const project::Manifest& manifest, Wanted wanted) : manifest_(manifest), wanted_(wanted) {}
  std::string_view TypeName() const override { return "dict"; }
  bool IsMapping() const override { return true; }
  bool IsIterable() const override { return true; }
  std::optional<size_t> Length() const override {
    return static_cast<size_t>(std::ranges::count_if(manifest_.nodes(), wanted_));
  }
  Result<std::unique_ptr<jinja::Iterator>> Iterate() override { return Walk('k'); }
  Result<std::optional<Value>> GetItem(CallContext&, const Value& key) override { return {Find(key)}; }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name == "items" || name == "keys" || name == "values")
      return {
          BoundMethod(std::string(name), this, [this, what = name[0]](CallContext&, const Arguments&) -> Result<Value> {
            return Value::New<View>(jinja::Ref<NodeMapping>(this), what);
          })};
    if (name == "get")
      return {BoundMethod("get", this, [this](CallContext&, const Arguments& arguments) -> Result<Value> {
        ArgumentReader args("get", arguments);
        STIR_ASSIGN(const Value key, args.Required("key"));
        Value fallback = args.Optional("default");
        std::optional<Value> found = Find(key);
        return found ? *std::move(found) : std::move(fallback);
      })};
    return {Find(TextValue(name))};
  }

 private:
  // keys(), values() or items().
  class View final : public jinja::Object {
   public:
    View(jinja::Ref<NodeMapping> of, char what) : of_(std::move(of)), what_(what) {}
    std::string_view TypeName() const override { return "dict_view"; }
    bool IsIterable() const override { return true; }
    std::optional<size_t> Length() const override { return of_->Length(); }
    Result<std::unique_ptr<jinja::Iterator>> Iterate() override { return of_->Walk(what_); }

   private:
    jinja::Ref<NodeMapping> of_;
    char what_;
  };

  class Walker final : public jinja::Iterator {
   public:
    Walker(jinja::Ref<NodeMapping> of, char what) : of_(std::move(of)), what_(what) {}
    Result<std::optional<Value>> Next() override {
      const auto nodes = of_->manifest_.nodes();
      while (next_ < nodes.size() && !of_->wanted_(nodes[next_])) ++next_;
      if (next_ == nodes.size()) return {std::nullopt};
      const Node& node = nodes[next_++];
      if (what_ == 'k') return {TextValue(node.unique_id)};
      Value dict = NodeDict(of_->manifest_, node, Nulls::kKept);
      if (what_ == 'v') return {std::move(dict)};
      return {Value::Tuple({TextValue(node.unique_id), std::move(dict)})};
    }

   private:
    jinja::Ref<NodeMapping> of_;
    char what_;
    size_t next_ = 0;
  };

  std::unique_ptr<jinja::Iterator> Walk(char what) {
    return std::make_unique<Walker>(jinja::Ref<NodeMapping>(this), what);
  }
  std::optional<Value> Find(const Value& key) const {
    const Node* node = key.IsString() ? manifest_.Find(key.AsString()) : nullptr;
    if (!node || !wanted_(*node)) return std::nullopt;
    return NodeDict(manifest_, *node, Nulls::kKept);
  }

  const project::Manifest& manifest_;
  Wanted wanted_;
};

template <ResourceType type>
bool OfType(const Node& node) {
  return node.type == type;
}

Value GroupsDict(const project::Manifest& manifest) {
  std::vector<std::pair<Value, Value>> entries;
  for (const project::Group& group : manifest.groups()) {
    DictWriter dict(Nulls::kKept);
    dict.Text("name", group.name);
    dict.Text("resource_type", "group");
    dict.Text("package_name", group.package);
    dict.Text("original_file_path", group.original_file_path);
    dict.Text("unique_id", group.unique_id);
    dict.Set("owner", Value::MakeDict({{TextValue("name"), TextOrNone(group.owner_name)},
                                       {TextValue("email"), TextOrNone(group.owner_email)}}));
    dict.TextOrNull("description", group.description);
    entries.emplace_back(TextValue(group.unique_id), std::move(dict).Take());
  }
  return Value::MakeDict(std::move(entries));
}

}  // namespace

Value NodeDict(const project::Manifest& manifest, const Node& node, Nulls nulls, const CompiledNode* compiled) {
  DictWriter dict(nulls);
  WriteCommon(dict, manifest, node, nulls);
  if (node.type < ResourceType::kSource || node.function) WriteCode(dict, node, compiled);
  if (node.model) WriteModel(dict, *node.model);
  if (node.function) WriteFunction(dict, *node.function);
  if (node.test) WriteTest(dict, manifest, *node.test);
  if (node.source) WriteSource(dict, *node.source, *node.config);
  if (node.exposure) WriteExposure(dict, *node.exposure);
  if (node.semantic) WriteSemantic(dict, *node.semantic);
  if (node.unit_test) WriteUnitTest(dict, *node.unit_test);
  return std::move(dict).Take();
}

Value MakeGraph(const project::Manifest& manifest) {
  const auto mapping = [&](NodeMapping::Wanted wanted) { return Value::New<NodeMapping>(manifest, wanted); };
  std::vector<std::pair<Value, Value>> parts;
  parts.emplace_back(TextValue("exposures"), mapping(OfType<ResourceType::kExposure>));
  parts.emplace_back(TextValue("functions"), mapping(OfType<ResourceType::kFunction>));
  parts.emplace_back(TextValue("groups"), GroupsDict(manifest));
  parts.emplace_back(TextValue("metrics"), mapping(OfType<ResourceType::kMetric>));
  parts.emplace_back(TextValue("nodes"), mapping([](const Node& node) { return node.type < ResourceType::kSource; }));
  parts.emplace_back(TextValue("sources"), mapping(OfType<ResourceType::kSource>));
  parts.emplace_back(TextValue("semantic_models"), mapping(OfType<ResourceType::kSemanticModel>));
  parts.emplace_back(TextValue("saved_queries"), mapping(OfType<ResourceType::kSavedQuery>));
  parts.emplace_back(TextValue("unit_tests"), mapping(OfType<ResourceType::kUnitTest>));
  return Value::MakeDict(std::move(parts));
}

}  // namespace stir::runtime
