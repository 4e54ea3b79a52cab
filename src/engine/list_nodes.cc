// list: what a selection takes, one node a line.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>
#include <unordered_map>

#include "base/json.h"
#include "base/strings.h"
#include "engine/artifacts.h"
#include "engine/commands.h"
#include "engine/load_project.h"
#include "engine/python_json.h"
#include "engine/select.h"
#include "project/artifacts.h"

namespace stir::engine {
namespace {

using project::Node;
using project::ResourceType;

constexpr std::array<std::string_view, 12> kListTypes{"model",          "seed",      "snapshot", "test",
                                                      "source",         "exposure",  "metric",   "saved_query",
                                                      "semantic_model", "unit_test", "function", "analysis"};
constexpr std::array<std::string_view, 11> kDefaultKeys{
    "alias",  "name",          "package_name", "depends_on",         "direct_parents", "tags",
    "config", "resource_type", "source_name",  "original_file_path", "unique_id"};

// Analyses are listed only when they are asked for.
std::span<const std::string_view> TypesFor(const SelectionOptions& options) {
  const auto asked = [&](std::string_view type) {
    return std::ranges::find(options.resource_types, type) != options.resource_types.end();
  };
  const std::span<const std::string_view> all(kListTypes);
  return asked("all") || asked("analysis") ? all : all.first(all.size() - 1);
}

// "orders_v2" of a unit test of version 2.
std::string VersionedName(const Node& node) {
  const project::Text version = node.unit_test->version;
  return std::string(node.name) + (version.empty() ? "" : "_v" + std::string(version));
}

std::string SelectorOf(const Node& node) {
  const std::string_view type = ResourceTypeName(node.type);
  if (node.source) return fmt::format("{}:{}.{}.{}", type, node.package, node.source->source_name, node.name);
  if (node.unit_test) return fmt::format("{}:{}.{}", type, node.package, VersionedName(node));
  if (node.exposure || node.semantic) return fmt::format("{}:{}.{}", type, node.package, node.name);
  return Join(std::vector<std::string>(node.fqn.begin(), node.fqn.end()), ".");
}

std::string NameOf(const Node& node) {
  if (node.source) return fmt::format("{}.{}", node.source->source_name, node.name);
  if (node.model && !node.model->version.empty()) return fmt::format("{}.v{}", node.name, node.model->version);
  return std::string(node.name);
}

// The value at "config.materialized", or null when a step is missing.
const Json* Find(const Json& node, std::string_view path) {
  const Json* at = &node;
  for (std::string_view step : Split(path, '.')) {
    if (!at->is_object()) return nullptr;
    auto found = at->find(step);
    if (found == at->end()) return nullptr;
    at = &*found;
  }
  return at;
}

// The nodes as manifest.json has them.
class NodeDicts {
 public:
  explicit NodeDicts(const project::Manifest& manifest) : whole_(ReadJson(project::WriteManifest(manifest, {}))) {
    for (const char* section :
         {"nodes", "sources", "exposures", "metrics", "semantic_models", "saved_queries", "unit_tests", "functions"}) {
      for (auto& [id, dict] : whole_[section].items()) by_id_.emplace(id, &dict);
    }
  }

  Json Take(const Node& node) {
    Json dict = std::move(*by_id_.at(node.unique_id));
    if (node.type == ResourceType::kModel) dict["direct_parents"] = dict["depends_on"]["nodes"];
    return dict;
  }

 private:
  Json whole_;
  std::unordered_map<std::string_view, Json*> by_id_;  // views of whole_'s keys
};

std::string JsonLine(const Json& dict, const std::vector<std::string>& keys) {
  Json shown = Json::object();
  if (keys.empty()) {
    for (const auto& [key, value] : dict.items()) {
      if (std::ranges::find(kDefaultKeys, key) != kDefaultKeys.end()) shown[key] = value;
    }
  }
  for (const std::string& key : keys) {
    if (const Json* value = Find(dict, key); value != nullptr) shown[key] = *value;
  }
  return PythonJson(shown);
}

std::string LineOf(const Node& node, OutputFormat format) {
  if (format == OutputFormat::kName) return NameOf(node);
  if (format == OutputFormat::kPath) return std::string(node.original_file_path);
  return SelectorOf(node);
}

}  // namespace

Result<CommandResult> List(const Host& host, const Options& options) {
  STIR_ASSIGN(const std::unique_ptr<Setting> setting, ReadSetting(host, options));
  const Narrator narrator(host.events, host.sources, setting->narrator_style(options));
  STIR_ASSIGN(const std::shared_ptr<const project::Manifest> manifest, ParseSetting(*setting, host, options, narrator));
  STIR_TRY(WriteManifestFile(*manifest, *setting, host, options, narrator));
  narrator.FoundStats(*manifest);
  STIR_ASSIGN(const auto comparison, CompareState(host, options, *setting, *manifest, narrator));
  STIR_ASSIGN(const graph::NodeSet selected, SelectNodes(*manifest, options.selection, TypesFor(options.selection),
                                                         host.sources, narrator, comparison->state.get()));
  if (selected.empty()) STIR_TRY(narrator.Warn("Q038", "NoNodesSelected", "No nodes selected!", "{}"));

  std::vector<const Node*> nodes;
  selected.ForEach([&](graph::NodeId id) { nodes.push_back(&manifest->node(id)); });
  std::ranges::sort(nodes, {}, [](const Node* node) { return node->unique_id; });
  if (options.output != OutputFormat::kJson) {
    for (const Node* node : nodes) narrator.Print(LineOf(*node, options.output));
    return CommandResult{};
  }
  NodeDicts dicts(*manifest);
  for (const Node* node : nodes) narrator.Print(JsonLine(dicts.Take(*node), options.output_keys));
  return CommandResult{};
}

}  // namespace stir::engine
