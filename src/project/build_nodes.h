// From parsed files and properties to nodes with their final configuration, names and places. Each function is pure but
// for the pool that it writes texts to, so nodes are built on all cores, a pool for each part of the work.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "project/project_context.h"
#include "project/properties.h"
#include "project/sql_files.h"
#include "project/text_pool.h"

namespace stir::project {

// A properties file, read.
struct PropertiesFile {
  const ProjectFile* file = nullptr;
  const PackageContext* package = nullptr;
  Properties properties;
  bool broken = false;     // it had errors, so what it declares may be missing
  std::string patch_path;  // "shop://models/schema.yml"
  uint32_t number = 0;     // of the file
  bool whole = false;      // else only the names in `properties.nodes` are known
};

// A node's place in properties.
struct Patch {
  const PropertiesFile* file = nullptr;
  const NodePatch* patch = nullptr;
  size_t index = 0;  // of the patch in its file
  explicit operator bool() const { return patch != nullptr; }
};

class NodeBuilder {
 public:
  NodeBuilder(const ProjectContext& project, TextPool& pool, Diagnostics& errors)
      : project_(project), pool_(pool), errors_(errors) {}

  // A model, analysis, singular test or snapshot of a SQL file; `name` is the file's, or the snapshot block's.
  Node FromSql(const PackageContext& package, const ProjectFile& file, std::string_view name, const ParsedSql& sql,
               ResourceType type, Patch patch);
  // A snapshot that stands in properties alone.
  Node FromRelation(Patch patch);
  Node FromSeed(const PackageContext& package, const ProjectFile& file, Patch patch);
  Node FromHook(const PackageContext& package, const yaml::Node& hook, bool on_run_start, int index);
  Node FromSource(const PropertiesFile& file, const SourceTable& table);
  Node FromExposure(const PropertiesFile& file, const ExposurePatch& exposure);
  std::shared_ptr<const Config> ExposureConfig(const Node& node, const PackageContext& package,
                                               const ExposurePatch& exposure);
  Node FromSemantic(const PropertiesFile& file, const SemanticPatch& patch);
  Doc FromDoc(const DocBlock& block);
  Group FromGroup(const PropertiesFile& file, const GroupPatch& group);

  // Shared with the builder of generic tests.
  std::shared_ptr<const Config> LayerConfig(const PackageContext& package, ResourceType type, std::span<const Text> fqn,
                                            std::span<const ConfigEntry> properties,
                                            std::span<const ConfigEntry> in_file);
  jinja::Value LayerUnrendered(const PackageContext& package, ResourceType type, std::span<const Text> fqn,
                               std::span<const std::pair<std::string, jinja::Value>> properties,
                               std::span<const std::pair<std::string, jinja::Value>> in_file) const;
  void Place(Node& node, const PackageContext& package);  // database, schema, alias, relation_name
  void TakeUses(Node& node, const Recording& recording);  // refs, sources, macros
  void Describe(Node& node, const YamlNode& description);
  void AddTags(Node& node, std::span<const std::string> tags);
  std::vector<Text> FqnOf(const PackageContext& package, std::string_view path, std::string_view name);
  TextPool& pool() { return pool_; }
  Diagnostics& errors() { return errors_; }
  Reads& reads() { return reads_; }  // of what was built since it was last taken
  const ProjectContext& project() const { return project_; }
  std::shared_ptr<const Columns> ColumnsOf(std::span<const DeclaredColumn> declared, std::string_view package);

 private:
  struct Origin {  // where a node's own text and properties come from
    const ParsedSql* sql = nullptr;
    Patch patch;
  };
  void Name(Node& node, ResourceType type, const PackageContext& package, std::string_view name);
  void Configure(Node& node, const PackageContext& package, const Origin& origin);
  void ApplyPatch(Node& node, const PackageContext& package, Patch patch);
  void ApplyModelPatch(Node& node, const NodePatch& patch);
  void NameVersion(Node& node, const PackageContext& package, const NodePatch& patch);
  void NoteForeignKeys(Node& node, const NodePatch& patch);
  const PackageContext& PackageOf(const Node& node) const;
  std::optional<DocIndex::Rendered> RenderDescription(const YamlNode& description, std::string_view package);
  void RecordHooks(Node& node, const PackageContext& package);
  void FillSource(Node& node, const SourceTable& table);
  void FillExternalLocation(Node& node);
  void FillFreshness(Node& node);

  const ProjectContext& project_;
  TextPool& pool_;
  Diagnostics& errors_;
  Reads reads_;
  // Configurations without a layer of their own are the same for all nodes below one path.
  std::unordered_map<std::string, std::shared_ptr<const Config>> shared_configs_;
  std::unordered_map<std::string, jinja::Value> shared_unrendered_;
};

}  // namespace stir::project
