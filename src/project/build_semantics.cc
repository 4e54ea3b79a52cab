// The semantic layer's nodes: built, and joined with the models and with each other.
#include <algorithm>
#include <functional>
#include <set>
#include <unordered_map>

#include "base/strings.h"
#include "project/build_nodes.h"
#include "project/kinds.h"
#include "project/manifest_builder.h"

namespace stir::project {

namespace {

using jinja::Value;

Value TextOrNone(Text text) { return text.empty() ? Value::None() : Value::String(std::string(text)); }

std::string NameIn(const Value& dict) {
  const Value* name = dict.IsDict() ? dict.AsDict().Find("name") : nullptr;
  return name && name->IsString() ? std::string(name->AsString()) : std::string();
}

}  // namespace

Node NodeBuilder::FromSemantic(const PropertiesFile& file, const SemanticPatch& patch) {
  Node node;
  Name(node, patch.type, *file.package, patch.name);
  node.path = pool_.Intern(file.file->RelativePath());
  node.original_file_path = pool_.Intern(file.file->path);
  node.fqn = FqnOf(*file.package, file.file->RelativePath(), patch.name);
  node.span = patch.name_span;
  node.checksum_name = "none";
  node.config = LayerConfig(*file.package, node.type, node.fqn, patch.config, {});
  std::vector<std::pair<std::string, Value>> raw;
  for (const ConfigEntry& entry : patch.config) raw.emplace_back(entry.key, entry.value);
  node.unrendered_config = LayerUnrendered(*file.package, node.type, node.fqn, raw, {});
  node.description = pool_.Intern(patch.plain_description);
  Describe(node, patch.description);
  TakeUses(node, patch.uses);
  for (const std::string& metric : patch.metrics) node.metrics.push_back({{}, pool_.Intern(metric), patch.name_span});
  node.semantic = std::make_unique<SemanticPart>();
  node.semantic->fields = patch.fields;
  node.semantic->measures = patch.measures;
  node.semantic->group = pool_.Intern(node.config->group);
  std::set<std::string> tags(patch.tags.begin(), patch.tags.end());
  if (patch.type == ResourceType::kSavedQuery) tags.insert(node.config->tags.begin(), node.config->tags.end());
  for (const std::string& tag : tags) node.semantic->tags.push_back(pool_.Intern(tag));
  AddTags(node, {std::vector<std::string>(tags.begin(), tags.end())});
  return node;
}

namespace {

class Joiner {
 public:
  Joiner(std::vector<Node>& nodes, Diagnostics& errors) : nodes_(nodes), errors_(errors) {
    for (Node& node : nodes_) {
      if (!node.semantic) continue;
      if (node.type == ResourceType::kMetric) metrics_.emplace(node.name, &node);
      if (node.type == ResourceType::kSemanticModel) NoteMeasures(node);
    }
  }

  void Run() {
    for (Node& node : nodes_) {
      if (!node.semantic) continue;
      if (node.type == ResourceType::kMetric) JoinMetric(node);
      if (node.type == ResourceType::kSemanticModel) JoinModel(node);
    }
  }

 private:
  void NoteMeasures(Node& model) {
    const Value* measures =
        model.semantic->fields.IsDict() ? model.semantic->fields.AsDict().Find("measures") : nullptr;
    if (!measures || !measures->IsSequence()) return;
    for (const Value& measure : measures->Items()) models_.emplace(NameIn(measure), &model);
  }

  // A metric stands on the models of its measures; what its input metrics measure counts as its own.
  void JoinMetric(Node& metric) {
    if (!metric.semantic->fields.IsDict()) return;
    for (const Value& measure : metric.semantic->measures) {
      const std::string name = NameIn(measure);
      auto model = models_.find(name);
      if (model == models_.end()) {
        std::vector<std::string> known;
        for (const auto& [each, _] : models_) known.push_back(each);
        errors_.push_back(
            Diagnostic(kRefNotFound,
                       "metric `" + std::string(metric.name) + "` measures `" + name + "`, which no semantic model has",
                       metric.span)
                .About(std::string(metric.unique_id))
                .Hint(DidYouMean(name, known)));
      } else if (std::ranges::find(metric.depends_on, model->second->id) == metric.depends_on.end()) {
        metric.depends_on.push_back(model->second->id);
      }
    }
    std::vector<Value> inputs;
    std::set<std::string_view> seen;
    CollectMeasures(metric, inputs, seen);
    Value params = Thaw(*metric.semantic->fields.AsDict().Find("type_params"));
    params.AsDict().Set("input_measures", Value::List(std::move(inputs)));
    Value fields = Thaw(metric.semantic->fields);
    fields.AsDict().Set("type_params", std::move(params));
    metric.semantic->fields = std::move(fields);
  }

  void CollectMeasures(const Node& metric, std::vector<Value>& inputs, std::set<std::string_view>& seen) const {
    if (!seen.insert(metric.name).second) return;
    for (const Value& measure : metric.semantic->measures) {
      const bool known =
          std::ranges::any_of(inputs, [&](const Value& each) { return NameIn(each) == NameIn(measure); });
      if (!known) inputs.push_back(measure);
    }
    for (const NamedCall& input : metric.metrics) {
      if (auto found = metrics_.find(input.name); found != metrics_.end())
        CollectMeasures(*found->second, inputs, seen);
    }
  }

  void JoinModel(Node& model) {
    if (model.depends_on.empty() || !model.semantic->fields.IsDict()) return;
    const Node& target = nodes_[model.depends_on.front()];
    Value relation = Value::MakeDict();
    relation.AsDict().Set("alias", TextOrNone(target.alias));
    relation.AsDict().Set("schema_name", TextOrNone(target.schema));
    relation.AsDict().Set("database", TextOrNone(target.database));
    relation.AsDict().Set("relation_name", TextOrNone(target.relation_name));
    Value fields = Thaw(model.semantic->fields);
    fields.AsDict().Set("node_relation", std::move(relation));
    model.semantic->fields = std::move(fields);
  }

  std::vector<Node>& nodes_;
  Diagnostics& errors_;
  std::unordered_map<std::string_view, Node*> metrics_;
  std::unordered_map<std::string, Node*> models_;  // by the names of their measures
};

}  // namespace

// Runs when references are resolved and every node has its final id.
void ManifestBuilder::JoinSemantics(Diagnostics& errors) {
  const bool any = std::ranges::any_of(manifest_->nodes_, [](const Node& node) { return node.semantic != nullptr; });
  if (any) Joiner(manifest_->nodes_, errors).Run();
}

}  // namespace stir::project
