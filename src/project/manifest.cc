// Lookups in a manifest, and its view for selection.
#include "project/manifest.h"

#include <algorithm>

#include "project/manifest_index.h"
#include "project/vars.h"

namespace stir::project {

namespace {

using jinja::Value;

// The node of `package` among the candidates, or null; an empty package takes the first.
const Node* InPackage(const std::vector<uint32_t>& candidates, std::span<const Node> nodes, std::string_view package) {
  for (uint32_t candidate : candidates) {
    if (nodes[candidate].package == package) return &nodes[candidate];
  }
  return nullptr;
}

const Node* Other(const std::vector<uint32_t>& candidates, std::span<const Node> nodes, const Node& chosen) {
  for (uint32_t candidate : candidates) {
    if (nodes[candidate].package != chosen.package) return &nodes[candidate];
  }
  return nullptr;
}

Resolved Choose(const std::vector<uint32_t>* candidates, std::span<const Node> nodes, Lookup lookup,
                std::string_view package, std::string_view root, std::string_view from) {
  if (!candidates || candidates->empty()) return {};
  if (!package.empty()) {
    const Node* found = InPackage(*candidates, nodes, package);
    return found ? Resolved{lookup, found, nullptr} : Resolved{};
  }
  for (std::string_view place : {root, from}) {
    if (const Node* found = InPackage(*candidates, nodes, place)) return {lookup, found, nullptr};
  }
  const Node& first = nodes[candidates->front()];
  return {lookup, &first, Other(*candidates, nodes, first)};
}

// Without a version, a name means the model without versions or the latest one.
bool IsVersion(const Node& node, std::string_view version) {
  const Text own = node.model ? node.model->version : Text();
  return version.empty() ? own.empty() || own == node.model->latest_version : own == version;
}

std::vector<uint32_t> OfVersion(const std::vector<uint32_t>* candidates, std::span<const Node> nodes,
                                std::string_view version) {
  std::vector<uint32_t> kept;
  if (!candidates) return kept;
  for (uint32_t candidate : *candidates) {
    if (IsVersion(nodes[candidate], version)) kept.push_back(candidate);
  }
  return kept;
}

template <typename Map>
const std::vector<uint32_t>* At(const Map& map, std::string_view key) {
  auto found = map.find(key);
  return found == map.end() ? nullptr : &found->second;
}

void VisitValue(const Value& value, const std::function<void(const graph::ConfigValue&)>& visit) {
  if (value.IsString()) visit(value.AsString());
  if (value.type() == jinja::Type::kBool) visit(value.AsBool());
  if (value.type() == jinja::Type::kInt || value.type() == jinja::Type::kFloat) {
    const Result<std::string> text = value.Str();
    if (text.ok()) visit(std::string_view(*text));
  }
  if (!value.IsSequence()) return;
  for (const Value& item : value.Items()) VisitValue(item, visit);
}

}  // namespace

const Column* Node::FindColumn(std::string_view column_name) const {
  auto found = std::ranges::find(*columns, column_name, &Column::name);
  return found == columns->end() ? nullptr : &*found;
}

Result<std::shared_ptr<const jinja::Template>> CodeOf(const Node& node) {
  if (node.code || !node.code_origin.source) return node.code;
  return jinja::Template::Parse(std::string(node.raw_code), node.code_origin);
}

Manifest::Manifest() : index_(std::make_unique<Index>()) {}
Manifest::~Manifest() = default;

void Manifest::Index::Fill(const Manifest& manifest) {
  unique_ids.clear();
  refs.clear();
  disabled_refs.clear();
  sources.clear();
  disabled_sources.clear();
  named.clear();
  disabled_named.clear();
  packages.clear();
  unique_ids.reserve(manifest.nodes_.size());
  const auto add = [](const Node& node, uint32_t i, auto& by_name, auto& by_table, auto& others) {
    if (node.IsRefable()) by_name[node.name].push_back(i);
    if (node.source) by_table[node.name].push_back(i);
    if (node.function || node.semantic) others[node.name].push_back(i);
  };
  for (uint32_t i = 0; i < manifest.nodes_.size(); ++i) {
    unique_ids.emplace(manifest.nodes_[i].unique_id, i);
    add(manifest.nodes_[i], i, refs, sources, named);
  }
  for (uint32_t i = 0; i < manifest.disabled_.size(); ++i)
    add(manifest.disabled_[i], i, disabled_refs, disabled_sources, disabled_named);
  for (uint32_t i = 0; i < manifest.packages_.size(); ++i) packages.emplace(manifest.packages_[i].name, i);
}

const Node* Manifest::Find(std::string_view unique_id) const {
  auto found = index_->unique_ids.find(unique_id);
  return found == index_->unique_ids.end() ? nullptr : &nodes_[found->second];
}

Resolved Manifest::ResolveRef(std::string_view package, std::string_view name, std::string_view version,
                              std::string_view from_package) const {
  const std::vector<uint32_t> enabled = OfVersion(At(index_->refs, name), nodes_, version);
  const Resolved found = Choose(&enabled, nodes_, Lookup::kFound, package, project_name(), from_package);
  if (found.node) return found;
  const std::vector<uint32_t> disabled = OfVersion(At(index_->disabled_refs, name), disabled_, version);
  return Choose(&disabled, disabled_, Lookup::kDisabled, package, project_name(), from_package);
}

Resolved Manifest::ResolveSource(std::string_view source, std::string_view table, std::string_view from_package) const {
  const auto resolve = [&](const auto& map, std::span<const Node> nodes, Lookup lookup) -> Resolved {
    std::vector<uint32_t> candidates;
    if (const auto* all = At(map, table)) {
      for (uint32_t candidate : *all) {
        if (nodes[candidate].source->source_name == source) candidates.push_back(candidate);
      }
    }
    return Choose(&candidates, nodes, lookup, "", project_name(), from_package);
  };
  const Resolved found = resolve(index_->sources, nodes_, Lookup::kFound);
  return found.node ? found : resolve(index_->disabled_sources, disabled_, Lookup::kDisabled);
}

Resolved Manifest::ResolveNamed(ResourceType type, std::string_view package, std::string_view name,
                                std::string_view from_package) const {
  const auto resolve = [&](const auto& map, std::span<const Node> nodes, Lookup lookup) -> Resolved {
    std::vector<uint32_t> candidates;
    if (const auto* all = At(map, name)) {
      for (uint32_t candidate : *all) {
        if (nodes[candidate].type == type) candidates.push_back(candidate);
      }
    }
    return Choose(&candidates, nodes, lookup, package, project_name(), from_package);
  };
  const Resolved found = resolve(index_->named, nodes_, Lookup::kFound);
  return found.node ? found : resolve(index_->disabled_named, disabled_, Lookup::kDisabled);
}

std::vector<std::string> Manifest::RefableNames() const {
  std::vector<std::string> names;
  for (const Node& node : nodes_) {
    if (node.IsRefable()) names.emplace_back(node.name);
  }
  return names;
}

std::vector<std::string> Manifest::SourceNames() const {
  std::vector<std::string> names;
  for (const Node& node : nodes_) {
    if (node.source) names.push_back(std::string(node.source->source_name) + "." + std::string(node.name));
  }
  return names;
}

const Value* Manifest::FindVar(std::string_view package, std::string_view name) const {
  auto found = index_->packages.find(package);
  const bool own = found != index_->packages.end() && found->second != 0;
  return FindVarIn(vars_, packages_.front().vars, own ? &packages_[found->second].vars : nullptr, package, name);
}

adapter::Relation Manifest::RelationOf(const Node& node) const {
  adapter::Relation relation;
  relation.database = node.database;
  relation.schema = node.schema;
  relation.identifier = node.alias;
  relation.quote = node.quote;
  relation.include = include_;
  if (node.source && node.source->external_location) relation.external = node.relation_name;
  using enum adapter::RelationType;
  if (node.type == ResourceType::kModel) {
    const std::string& materialized = node.config->materialized;
    relation.type = materialized == "view"                ? kView
                    : materialized == "ephemeral"         ? kCte
                    : materialized == "materialized_view" ? kMaterializedView
                                                          : kTable;
  } else if (node.type == ResourceType::kSeed || node.type == ResourceType::kSnapshot) {
    relation.type = kTable;
  }
  return relation;
}

graph::NodeView Manifest::View(graph::NodeId id) const {
  const Node& node = nodes_[id];
  graph::NodeView view;
  view.resource_type = ResourceTypeName(node.type);
  view.package = node.package;
  view.name = node.name;
  view.fqn = node.fqn;
  view.tags = node.tags;
  view.path = node.original_file_path;
  const size_t scheme = node.patch_path.find("://");
  view.patch_path = scheme == Text::npos ? node.patch_path : node.patch_path.substr(scheme + 3);
  if (node.source) view.source_name = node.source->source_name;
  if (node.type < ResourceType::kSource || node.type == ResourceType::kMetric) view.group = node.config->group;
  if (node.model) {
    view.access = node.model->access;
    view.versioned = !node.model->version.empty();
    view.version = node.model->version;
    view.latest_version = node.model->latest_version;
  }
  if (node.unit_test) view.test_type = graph::TestType::kUnit;
  if (node.test) {
    view.test_type = node.test->generic ? graph::TestType::kGeneric : graph::TestType::kSingular;
    view.test_name = node.test->test_name;
  }
  return view;
}

void Manifest::VisitConfig(graph::NodeId id, std::span<const std::string> path,
                           const std::function<void(const graph::ConfigValue&)>& visit) const {
  if (path.empty()) return;
  const Value* value = &nodes_[id].config->Get(path.front());
  for (const std::string& key : path.subspan(1)) {
    value = value->IsDict() ? value->AsDict().Find(key) : nullptr;
    if (!value) return;
  }
  VisitValue(*value, visit);
}

}  // namespace stir::project
