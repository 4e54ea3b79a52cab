// What data there is: sources, models, seeds, snapshots and publications, when each was last renewed, whether that is
// as fresh as it is asked for, and what it is made of. And the connections, of which nothing is shown that opens them.
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "engine/workspace.h"
#include "project/manifest.h"
#include "server/json_parts.h"
#include "server/kinds.h"
#include "server/resources.h"

namespace stir::server {
namespace {

using project::ResourceType;

struct AssetItem {
  std::string name, kind;
  const project::Node* node = nullptr;                 // of a publication null
  const platform::Publication* publication = nullptr;  // else null
};

bool IsAsset(ResourceType type) {
  return type == ResourceType::kModel || type == ResourceType::kSeed || type == ResourceType::kSnapshot ||
         type == ResourceType::kSource;
}

std::string NameOf(const platform::Publication& publication) { return "publication." + publication.name; }

// By name.
std::vector<AssetItem> AssetsOf(const engine::Workspace& workspace) {
  std::vector<AssetItem> assets;
  for (const project::Node& node : workspace.manifest()->nodes())
    if (IsAsset(node.type))
      assets.push_back({std::string(node.unique_id), std::string(ResourceTypeName(node.type)), &node, nullptr});
  for (const platform::Publication& publication : workspace.definitions().publications)
    assets.push_back({NameOf(publication), "publication", nullptr, &publication});
  std::ranges::sort(assets, {}, &AssetItem::name);
  return assets;
}

using AssetVersions = std::map<std::string, store::AssetVersion>;

Result<AssetVersions> VersionsOf(store::Views& store) {
  STIR_ASSIGN(std::vector<store::AssetVersion> all, store.Assets());
  AssetVersions versions;
  for (store::AssetVersion& each : all) versions.emplace(each.asset, std::move(each));
  return versions;
}

// How fresh it is beside how fresh it is asked to be.
std::string_view FreshnessOf(const AssetItem& asset, const store::AssetVersion* version, Timestamp now) {
  if (asset.publication == nullptr || asset.publication->freshness <= Duration{0}) return "not_asked";
  if (version == nullptr) return "never";
  return now - version->at <= asset.publication->freshness ? "fresh" : "stale";
}

void WriteFacts(JsonWriter& json, const AssetItem& asset, const AssetVersions& versions, Timestamp now) {
  const auto found = versions.find(asset.name);
  const store::AssetVersion* version = found == versions.end() ? nullptr : &found->second;
  json.Key("name").String(asset.name).Key("kind").String(asset.kind);
  WriteText(json, "relation", asset.node ? std::string_view(asset.node->relation_name) : std::string_view());
  WriteText(json, "description", asset.node ? std::string_view(asset.node->description) : std::string_view());
  json.Key("version").Int(version ? version->version : 0);
  WriteTime(json, "renewed_at", version ? std::optional(version->at) : std::nullopt);
  WriteInt(json, "run", version ? version->run : std::nullopt);
  json.Key("freshness").BeginObject().Key("state").String(FreshnessOf(asset, version, now)).Key("asked_seconds");
  if (asset.publication != nullptr && asset.publication->freshness > Duration{0})
    json.Double(std::chrono::duration<double>(asset.publication->freshness).count());
  else
    json.Null();
  WriteSeconds(json, "age_seconds", version ? std::optional(version->at) : std::nullopt, std::nullopt, now);
  json.EndObject();
}

void WriteNames(JsonWriter& json, std::string_view key, std::vector<std::string> names) {
  std::ranges::sort(names);
  json.Key(key).BeginArray();
  for (const std::string& name : names) json.String(name);
  json.EndArray();
}

// What it is made of and what is made of it, one step each way.
void WriteLineage(JsonWriter& json, const AssetItem& asset, const engine::Workspace& workspace) {
  const project::Manifest& manifest = *workspace.manifest();
  std::vector<std::string> parents, children;
  if (asset.publication != nullptr) parents.emplace_back(manifest.node(asset.publication->from.node).unique_id);
  if (asset.node != nullptr) {
    for (const graph::NodeId parent : manifest.graph().Parents(asset.node->id))
      if (IsAsset(manifest.node(parent).type)) parents.emplace_back(manifest.node(parent).unique_id);
    for (const graph::NodeId child : manifest.graph().Children(asset.node->id))
      if (IsAsset(manifest.node(child).type)) children.emplace_back(manifest.node(child).unique_id);
    for (const platform::Publication& publication : workspace.definitions().publications)
      if (publication.from.node == asset.node->id) children.push_back(NameOf(publication));
  }
  WriteNames(json, "parents", std::move(parents));
  WriteNames(json, "children", std::move(children));
}

}  // namespace

Result<Response> ListAssets(Api& api, const Call& call) {
  STIR_ASSIGN(const auto project, api.Project());
  STIR_ASSIGN(store::Views * store, api.Store());
  STIR_ASSIGN(const int64_t limit, call.Integer("limit", 200, 1, 2000));
  STIR_ASSIGN(const AssetVersions versions, VersionsOf(*store));
  const std::vector<AssetItem> assets = AssetsOf(project->workspace());
  const std::string after = call.Text("cursor");
  auto at = std::ranges::upper_bound(assets, after, {}, &AssetItem::name);
  Page answer;
  std::string last;
  for (int64_t left = limit; left > 0 && at != assets.end(); --left, ++at) {
    answer.json().BeginObject();
    WriteFacts(answer.json(), *at, versions, api.host().clock.Now());
    answer.json().EndObject();
    last = at->name;
  }
  return answer.End(at == assets.end() ? "" : last);
}

Result<Response> GetAsset(Api& api, const Call& call) {
  STIR_ASSIGN(const auto project, api.Project());
  STIR_ASSIGN(store::Views * store, api.Store());
  const std::vector<AssetItem> assets = AssetsOf(project->workspace());
  const auto found = std::ranges::find(assets, call.Name("asset"), &AssetItem::name);
  if (found == assets.end()) return Diagnostic(kNotFound, fmt::format("there is no asset `{}`", call.Name("asset")));
  STIR_ASSIGN(const AssetVersions versions, VersionsOf(*store));
  JsonWriter json;
  json.BeginObject();
  WriteFacts(json, *found, versions, api.host().clock.Now());
  WriteLineage(json, *found, project->workspace());
  json.EndObject();
  return JsonResponse(std::move(json));
}

Result<Response> ListConnections(Api& api, const Call&) {
  STIR_ASSIGN(const auto project, api.Project());
  Page answer;
  for (const platform::Connection& connection : project->workspace().definitions().connections) {
    answer.json().BeginObject().Key("name").String(connection.name);
    answer.json().Key("type").String(ToString(connection.type)).Key("built").Bool(IsBuilt(connection.type));
    answer.json().Key("database").Bool(IsDatabase(connection.type)).Key("files").Bool(IsFileStore(connection.type));
    answer.json().Key("alerts").Bool(TakesAlerts(connection.type)).EndObject();
  }
  return answer.End("");
}

}  // namespace stir::server
