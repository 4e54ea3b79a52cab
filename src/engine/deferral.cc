#include "engine/deferral.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "engine/kinds.h"

namespace stir::engine {
namespace {

namespace fs = std::filesystem;

Result<Json> ReadManifest(const Host& host, const Options& options) {
  const fs::path& state = options.defer_state.empty() ? options.state : options.defer_state;
  if (state.empty()) {
    return Diagnostic(kNoState, "--state or --defer-state are required for deferral, but neither was provided")
        .Hint("name the folder of the other run's manifest.json, as in --state prod/target");
  }
  const fs::path path = options.project_dir / state / "manifest.json";
  if (!host.files.Exists(path)) {
    return Diagnostic(kNoState, fmt::format("Could not find manifest in --state path: \"{}\"", state.string()))
        .Hint("it has to hold the manifest.json of the run to read from");
  }
  STIR_ASSIGN(const std::string text, host.files.Read(path));
  Json manifest = ReadJson(text);
  if (!manifest.is_object() || !manifest.contains("nodes") || !manifest["nodes"].is_object()) {
    return Diagnostic(kNoState, "this is no manifest of a dbt project: it has no `nodes`").About(path.string());
  }
  return manifest;
}

std::string FieldText(const Json& node, const char* key) {
  const auto found = node.find(key);
  return found != node.end() && found->is_string() ? found->get<std::string>() : std::string();
}

bool IsRelation(const Json& node) {
  const std::string type = FieldText(node, "resource_type");
  if (type != "model" && type != "seed" && type != "snapshot") return false;
  const auto config = node.find("config");
  return config == node.end() || FieldText(*config, "materialized") != "ephemeral";
}

}  // namespace

Result<runtime::Deferral> ReadDeferral(const Host& host, const Options& options, const project::Manifest& manifest,
                                       bool required) {
  runtime::Deferral deferral{.relations = {}, .refs = options.defer, .favor_state = options.favor_state};
  if (!options.defer && !required) return deferral;
  STIR_ASSIGN(const Json other, ReadManifest(host, options));
  for (const auto& [id, node] : other["nodes"].items()) {
    const project::Node* here = manifest.Find(id);
    if (here == nullptr || !node.is_object() || !IsRelation(node)) continue;
    adapter::Relation relation = manifest.RelationOf(*here);
    relation.database = FieldText(node, "database");
    relation.schema = FieldText(node, "schema");
    relation.identifier = FieldText(node, "alias");
    relation.type = adapter::RelationType::kUnknown;
    deferral.relations.emplace(id, std::move(relation));
  }
  return deferral;
}

}  // namespace stir::engine
