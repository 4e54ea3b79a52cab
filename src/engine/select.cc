// The manifest as a Selectable, and a command's selection.
#include "engine/select.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/strings.h"
#include "engine/kinds.h"

namespace stir::engine {
namespace {

using jinja::Type;
using jinja::Value;
using project::Node;
using project::ResourceType;

void VisitValue(const Value& value, std::span<const std::string> path,
                const std::function<void(const graph::ConfigValue&)>& visit) {
  if (!path.empty()) {
    if (value.type() != Type::kDict) return;
    const Value* inner = value.AsDict().Find(std::string_view(path.front()));
    if (inner != nullptr) VisitValue(*inner, path.subspan(1), visit);
  } else if (value.IsSequence()) {
    for (const Value& item : value.Items()) {
      if (!item.IsSequence()) VisitValue(item, {}, visit);
    }
  } else if (value.type() == Type::kBool) {
    visit(value.AsBool());
  } else if (value.IsString()) {
    visit(value.AsString());
  } else if (value.type() == Type::kInt || value.type() == Type::kFloat) {
    if (auto text = value.Str(); text.ok()) visit(std::string_view(*text));
  }
}

SourceId AddText(SourceMap& sources, std::string_view option, const std::vector<std::string>& words) {
  return words.empty() ? SourceId{} : sources.Add(std::string(option), Join(words, " "));
}

// dbt's words, whether a command handles them or not.
constexpr std::array<std::string_view, 14> kResourceTypes{
    "model",    "seed",   "snapshot",       "test",        "unit_test", "source", "exposure",
    "analysis", "metric", "semantic_model", "saved_query", "function",  "all",    "default"};

Status CheckTypes(const std::vector<std::string>& given) {
  const std::span<const std::string_view> known = kResourceTypes;
  for (const std::string& type : given) {
    if (std::ranges::find(known, type) != known.end()) continue;
    std::vector<std::string> names(known.begin(), known.end());
    std::string hint = DidYouMean(type, names);
    if (hint.empty()) hint = "there are: " + Join(names, ", ");
    return Diagnostic(kBadResourceType, fmt::format("`{}` is not a resource type", type)).Hint(std::move(hint));
  }
  return {};
}

std::vector<std::string_view> WantedTypes(const SelectionOptions& options, std::span<const std::string_view> types) {
  std::vector<std::string_view> wanted;
  const auto among = [](const std::vector<std::string>& list, std::string_view type) {
    return std::ranges::find(list, type) != list.end();
  };
  const bool all = options.resource_types.empty() || among(options.resource_types, "all") ||
                   among(options.resource_types, "default");
  for (std::string_view type : types) {
    if ((all || among(options.resource_types, type)) && !among(options.exclude_resource_types, type))
      wanted.push_back(type);
  }
  return wanted;
}

Status TellEmptyParts(const Diagnostics& warnings, const Narrator& narrator) {
  for (const Diagnostic& warning : warnings) {
    JsonWriter json;
    json.BeginObject().Key("spec_raw").String(warning.subject).EndObject();
    STIR_TRY(
        narrator.Warn("M030", "NoNodesForSelectionCriteria",
                      fmt::format("The selection criterion '{}' does not match any enabled nodes", warning.subject),
                      std::move(json).Take()));
  }
  return {};
}

graph::NodeSet NodesNamed(const project::Manifest& manifest, const std::vector<std::string>& unique_ids) {
  graph::NodeSet nodes(manifest.nodes().size());
  for (const std::string& id : unique_ids) {
    if (const Node* node = manifest.Find(id)) nodes.Add(node->id);
  }
  return nodes;
}

}  // namespace

SelectableManifest::SelectableManifest(const project::Manifest& manifest) : manifest_(manifest) {
  tags_.reserve(manifest.nodes().size());
  for (const Node& node : manifest.nodes()) tags_.emplace_back(node.config->tags.begin(), node.config->tags.end());
}

graph::NodeView SelectableManifest::View(graph::NodeId id) const {
  const Node& node = manifest_.node(id);
  graph::NodeView view;
  view.resource_type = ResourceTypeName(node.type);
  view.package = node.package;
  view.name = node.name;
  view.fqn = node.fqn;
  view.tags = tags_[id];
  view.path = node.original_file_path;
  const size_t scheme = node.patch_path.find("://");
  view.patch_path = scheme == node.patch_path.npos ? node.patch_path : node.patch_path.substr(scheme + 3);
  if (node.source != nullptr) view.source_name = node.source->source_name;
  if (node.model != nullptr) {
    view.group = node.model->group;
    view.access = node.model->access;
    view.versioned = !node.model->version.empty();
  }
  if (node.test != nullptr) {
    view.test_type = node.test->generic ? graph::TestType::kGeneric : graph::TestType::kSingular;
    view.test_name = node.test->test_name;
  }
  return view;
}

void SelectableManifest::VisitConfig(graph::NodeId node, std::span<const std::string> path,
                                     const std::function<void(const graph::ConfigValue&)>& visit) const {
  if (!path.empty()) VisitValue(manifest_.node(node).config->Get(path.front()), path.subspan(1), visit);
}

Result<graph::NodeSet> SelectNodes(const project::Manifest& manifest, const SelectionOptions& options,
                                   std::span<const std::string_view> types, SourceMap& sources,
                                   const Narrator& narrator) {
  if (options.unique_ids) return NodesNamed(manifest, *options.unique_ids);
  STIR_TRY(CheckTypes(options.resource_types));
  STIR_TRY(CheckTypes(options.exclude_resource_types));
  const graph::Indirect indirect = graph::ParseIndirect(options.indirect_selection).value_or(graph::Indirect::kEager);
  STIR_ASSIGN(graph::Selector selector,
              graph::Selector::Parse(sources, AddText(sources, "--select", options.select),
                                     AddText(sources, "--exclude", options.exclude), indirect));
  STIR_ASSIGN(graph::Selection selection, selector.Evaluate(SelectableManifest(manifest)));
  STIR_TRY(TellEmptyParts(selection.warnings, narrator));

  const std::vector<std::string_view> wanted = WantedTypes(options, types);
  graph::NodeSet kept(manifest.nodes().size());
  selection.nodes.ForEach([&](graph::NodeId id) {
    if (std::ranges::find(wanted, ResourceTypeName(manifest.node(id).type)) != wanted.end()) kept.Add(id);
  });
  return kept;
}

}  // namespace stir::engine
