// A command's selection.
#include "engine/select.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "base/json.h"
#include "base/strings.h"
#include "engine/kinds.h"
#include "graph/kinds.h"
#include "graph/selector.h"

namespace stir::engine {
namespace {

using project::Node;

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
    if (!(warning.kind == graph::kSelectionEmpty)) {
      STIR_TRY(narrator.Warn(Diagnostics{warning}));
      continue;
    }
    JsonWriter json;
    json.BeginObject().Key("spec_raw").String(warning.subject).EndObject();
    STIR_TRY(
        narrator.Warn("M030", "NoNodesForSelectionCriteria",
                      fmt::format("The selection criterion '{}' does not match any enabled nodes", warning.subject),
                      std::move(json).Take()));
  }
  return {};
}

// What is compared with would be written over.
Status WarnOfState(const Options& options, const Setting& setting, const Narrator& narrator) {
  const std::filesystem::path state = (options.project_dir / options.state).lexically_normal();
  if (state != setting.target_path) return {};
  const std::string shown = state.lexically_relative(options.project_dir.lexically_normal()).string();
  JsonWriter json;
  json.BeginObject().Key("state_path").String(shown).EndObject();
  return narrator.Warn("I072", "WarnStateTargetEqual",
                       fmt::format("The state and target directories are the same: '{}'. This could lead to missing "
                                   "changes due to overwritten state including non-idempotent retries.",
                                   shown),
                       std::move(json).Take());
}

graph::NodeSet NodesNamed(const project::Manifest& manifest, const std::vector<std::string>& unique_ids) {
  graph::NodeSet nodes(manifest.nodes().size());
  for (const std::string& id : unique_ids) {
    if (const Node* node = manifest.Find(id)) nodes.Add(node->id);
  }
  return nodes;
}

// What the flags say: a selector of selectors.yml, criteria, or, without any of them, the default selector.
Result<graph::Selector> ChosenSelector(const project::Manifest& manifest, const SelectionOptions& options,
                                       graph::Indirect indirect, SourceMap& sources, const Narrator& narrator) {
  const std::span<const graph::NamedSelector> named = manifest.named_selectors();
  if (!options.selector.empty()) return graph::Selector::Named(named, options.selector);
  if (options.select.empty() && options.exclude.empty()) {
    const auto chosen = std::ranges::find(named, true, &graph::NamedSelector::is_default);
    if (chosen != named.end()) {
      JsonWriter json;
      json.BeginObject().Key("name").String(chosen->name).EndObject();
      narrator.Say("Q023", "DefaultSelector", Level::kInfo, fmt::format("Using default selector {}", chosen->name),
                   std::move(json).Take());
      return graph::Selector(chosen->definition);
    }
  }
  return graph::Selector::Parse(sources, AddText(sources, "--select", options.select),
                                AddText(sources, "--exclude", options.exclude), indirect);
}

}  // namespace

Status CheckResourceTypes(const SelectionOptions& options) {
  STIR_TRY(CheckTypes(options.resource_types));
  return CheckTypes(options.exclude_resource_types);
}

Result<std::unique_ptr<const StateComparison>> CompareState(const Host& host, const Options& options,
                                                            const Setting& setting, const project::Manifest& manifest,
                                                            const Narrator& narrator) {
  auto comparison = std::make_unique<StateComparison>();
  if (!options.state.empty()) {
    STIR_TRY(WarnOfState(options, setting, narrator));
    STIR_ASSIGN(comparison->artifacts,
                project::ReadPriorArtifacts(host.files, options.project_dir / options.state, setting.target_path));
    comparison->state = project::ComparePrior(comparison->artifacts, manifest);
  }
  return std::unique_ptr<const StateComparison>(std::move(comparison));
}

Result<graph::NodeSet> SelectNodes(const project::Manifest& manifest, const SelectionOptions& options,
                                   std::span<const std::string_view> types, SourceMap& sources,
                                   const Narrator& narrator, const graph::PriorState* state) {
  if (options.unique_ids) return NodesNamed(manifest, *options.unique_ids);
  const graph::Indirect indirect = graph::ParseIndirect(options.indirect_selection).value_or(graph::Indirect::kEager);
  STIR_ASSIGN(const graph::Selector selector, ChosenSelector(manifest, options, indirect, sources, narrator));
  const graph::SelectionContext context{.selectors = manifest.named_selectors(), .state = state, .indirect = indirect};
  STIR_ASSIGN(graph::Selection selection, selector.Evaluate(manifest, context));
  STIR_TRY(TellEmptyParts(selection.warnings, narrator));

  const std::vector<std::string_view> wanted = WantedTypes(options, types);
  graph::NodeSet kept(manifest.nodes().size());
  selection.nodes.ForEach([&](graph::NodeId id) {
    if (std::ranges::find(wanted, ResourceTypeName(manifest.node(id).type)) != wanted.end()) kept.Add(id);
  });
  return kept;
}

graph::NodeSet WithoutEmpty(const project::Manifest& manifest, graph::NodeSet nodes) {
  for (const project::Node& node : manifest.nodes()) {
    const bool has_code = node.type < project::ResourceType::kSource && node.type != project::ResourceType::kSeed;
    if (has_code && node.raw_code.empty()) nodes.Remove(node.id);
  }
  return nodes;
}

}  // namespace stir::engine
