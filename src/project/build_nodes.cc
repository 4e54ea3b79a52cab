// What is the same for all kinds of node comes first; a function for each kind follows.
#include "project/build_nodes.h"

#include <algorithm>
#include <set>

#include "base/strings.h"
#include "project/checksum.h"
#include "project/external_location.h"
#include "project/kinds.h"
#include "project/relation_names.h"
#include "project/yaml_values.h"

namespace stir::project {

namespace {

using jinja::Value;

std::string_view Stem(std::string_view path) {
  const std::string_view name = path.substr(path.rfind('/') + 1);
  return name.substr(0, name.rfind('.'));
}

bool IsRelational(ResourceType type) { return type <= ResourceType::kSnapshot || type == ResourceType::kFunction; }

std::vector<std::string> TextsOf(const Value* value) {
  std::vector<std::string> texts;
  if (!value) return texts;
  if (value->IsString()) texts.emplace_back(value->AsString());
  if (!value->IsSequence()) return texts;
  for (const Value& item : value->Items()) {
    if (item.IsString()) texts.emplace_back(item.AsString());
  }
  return texts;
}

const Value* FindKey(std::span<const ConfigEntry> entries, std::string_view key) {
  for (const ConfigEntry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

std::string LevelsKey(ResourceType type, const std::vector<const ConfigTree::Level*>& own,
                      const std::vector<const ConfigTree::Level*>& root) {
  std::string key(1, static_cast<char>(type));
  for (const auto* levels : {&own, &root}) {
    for (const ConfigTree::Level* level : *levels) key.append(reinterpret_cast<const char*>(&level), sizeof(level));
  }
  return key;
}

}  // namespace

const ConfigTree& PackageContext::TreeOf(ResourceType type) const {
  switch (type) {
    case ResourceType::kSeed:
      return seeds;
    case ResourceType::kSnapshot:
      return snapshots;
    case ResourceType::kTest:
      return tests;
    case ResourceType::kSource:
      return sources;
    case ResourceType::kExposure:
      return exposures;
    case ResourceType::kUnitTest:
      return unit_tests;
    case ResourceType::kFunction:
      return functions;
    case ResourceType::kMetric:
      return metrics;
    case ResourceType::kSemanticModel:
      return semantic_models;
    case ResourceType::kSavedQuery:
      return saved_queries;
    default:
      return models;
  }
}

const PackageContext& NodeBuilder::PackageOf(const Node& node) const {
  return *std::ranges::find(project_.packages, node.package, &PackageContext::name);
}

std::shared_ptr<const Config> NodeBuilder::LayerConfig(const PackageContext& package, ResourceType type,
                                                       std::span<const Text> fqn,
                                                       std::span<const ConfigEntry> properties,
                                                       std::span<const ConfigEntry> in_file) {
  const PackageContext& root = project_.packages.front();
  const auto own_levels = package.TreeOf(type).Find(fqn);
  std::vector<const ConfigTree::Level*> root_levels;
  if (&package != &root) root_levels = root.TreeOf(type).Find(fqn);

  const bool shared = properties.empty() && in_file.empty();
  std::shared_ptr<const Config>* slot = shared ? &shared_configs_[LevelsKey(type, own_levels, root_levels)] : nullptr;
  if (slot && *slot) return *slot;

  ConfigBuilder builder(type);
  for (const ConfigTree::Level* level : own_levels) builder.Apply(level->entries, ConfigLayer::kPackageProject);
  builder.Apply(properties, ConfigLayer::kProperties);
  builder.Apply(in_file, ConfigLayer::kInFile);
  for (const ConfigTree::Level* level : root_levels) builder.Apply(level->entries, ConfigLayer::kRootProject);
  auto config = std::make_shared<const Config>(type, std::move(builder).Take(errors_));
  if (slot) *slot = config;
  return config;
}

Value NodeBuilder::LayerUnrendered(const PackageContext& package, ResourceType type, std::span<const Text> fqn,
                                   std::span<const std::pair<std::string, Value>> properties,
                                   std::span<const std::pair<std::string, Value>> in_file) const {
  const PackageContext& root = project_.packages.front();
  Value unrendered = Value::MakeDict();
  if (type == ResourceType::kFunction) type = ResourceType::kModel;                                // dbt looks there
  const bool no_tree = type == ResourceType::kSemanticModel || type == ResourceType::kSavedQuery;  // nor has it these
  auto apply = [&](std::span<const std::pair<std::string, Value>> entries) {
    for (const auto& [key, value] : entries) unrendered.AsDict().Set(key, value);
  };
  if (!no_tree) {
    for (const ConfigTree::Level* level : package.TreeOf(type).Find(fqn)) apply(level->unrendered);
  }
  apply(properties);
  apply(in_file);
  if (!no_tree && &package != &root) {
    for (const ConfigTree::Level* level : root.TreeOf(type).Find(fqn)) apply(level->unrendered);
  }
  return unrendered;
}

std::vector<Text> NodeBuilder::FqnOf(const PackageContext& package, std::string_view path, std::string_view name) {
  std::vector<Text> fqn{pool_.Intern(package.name())};
  for (size_t slash = path.find('/'); slash != std::string_view::npos; slash = path.find('/')) {
    fqn.push_back(pool_.Intern(path.substr(0, slash)));
    path.remove_prefix(slash + 1);
  }
  fqn.push_back(pool_.Intern(name));
  return fqn;
}

void NodeBuilder::AddTags(Node& node, std::span<const std::string> tags) {
  for (const std::string& tag : tags) {
    if (std::ranges::find(node.tags, tag) == node.tags.end()) node.tags.push_back(pool_.Intern(tag));
  }
}

void NodeBuilder::Name(Node& node, ResourceType type, const PackageContext& package, std::string_view name) {
  node.type = type;
  node.package = pool_.Intern(package.name());
  node.name = pool_.Intern(name);
  node.unique_id = pool_.Add(std::string(ResourceTypeName(type)) + "." + package.name() + "." + std::string(name));
  static const auto no_columns = std::make_shared<const Columns>();
  node.columns = no_columns;
}

void NodeBuilder::Configure(Node& node, const PackageContext& package, const Origin& origin) {
  std::span<const ConfigEntry> properties, in_file;
  std::span<const std::pair<std::string, Value>> raw_properties, raw_in_file;
  std::vector<std::pair<std::string, Value>> as_values;
  if (origin.patch) {
    properties = origin.patch.patch->config;
    raw_properties = origin.patch.patch->unrendered;
  }
  if (origin.sql) {
    in_file = origin.sql->recording.config;
    raw_in_file = origin.sql->unrendered;
    if (node.type == ResourceType::kModel && origin.sql->is_static) {
      for (const ConfigEntry& entry : in_file) as_values.emplace_back(entry.key, entry.value);
      raw_in_file = as_values;
    }
  }
  node.config = LayerConfig(package, node.type, node.fqn, properties, in_file);
  node.unrendered_config = LayerUnrendered(package, node.type, node.fqn, raw_properties, raw_in_file);
  for (const ConfigTree::Level* level : package.TreeOf(node.type).Find(node.fqn))
    AddTags(node, TextsOf(FindKey(level->entries, "tags")));
  AddTags(node, TextsOf(FindKey(in_file, "tags")));
  AddTags(node, node.config->tags);
  Place(node, package);
  // As dbt, `config(schema=none)` counts for the names, and is gone afterwards.
  std::vector<ConfigEntry> said;
  std::ranges::copy_if(in_file, std::back_inserter(said),
                       [](const ConfigEntry& entry) { return !entry.value.IsNone(); });
  if (said.size() < in_file.size()) node.config = LayerConfig(package, node.type, node.fqn, properties, said);
}

void NodeBuilder::Place(Node& node, const PackageContext& package) {
  const NamedNode named{node.type,
                        node.name,
                        node.unique_id,
                        node.path,
                        node.original_file_path,
                        node.fqn,
                        node.model ? node.model->version : Text()};
  Result<RelationNames> names = NameRelation(named, *node.config, package, reads_);
  if (!names.ok()) {
    Append(errors_, std::move(names).error());
    return;
  }
  node.database = pool_.Intern(names->database);
  node.schema = pool_.Intern(names->schema);
  node.alias = pool_.Intern(names->alias);
  node.quote = project_.quote;
  const bool stored_test = node.type == ResourceType::kTest && node.config->store_failures.value_or(false);
  if (!stored_test && (!IsRelational(node.type) || node.IsEphemeral())) return;
  adapter::Relation relation{names->database, names->schema,
                             names->alias,    adapter::RelationType::kUnknown,
                             node.quote,      project_.dialect->default_include};
  node.relation_name = pool_.Add(project_.dialect->Render(relation));
}

void NodeBuilder::TakeUses(Node& node, const Recording& recording) {
  for (const RefUse& use : recording.refs) {
    node.refs.push_back({pool_.Intern(use.package), pool_.Intern(use.name), pool_.Intern(use.version),
                         use.version_is_number, use.span});
  }
  for (const SourceUse& use : recording.sources) {
    node.sources.push_back({pool_.Intern(use.source), pool_.Intern(use.table), use.span});
  }
  auto named = [&](const std::vector<NamedUse>& uses, std::vector<NamedCall>& calls) {
    for (const NamedUse& use : uses) calls.push_back({pool_.Intern(use.package), pool_.Intern(use.name), use.span});
  };
  named(recording.functions, node.functions);
  named(recording.metrics, node.metrics);
  node.macros = recording.macros;
  reads_.Add(recording.reads);
}

std::optional<DocIndex::Rendered> NodeBuilder::RenderDescription(const YamlNode& description,
                                                                 std::string_view package) {
  if (!description) return std::nullopt;
  reads_.docs = reads_.docs || HasJinja(description->text);
  Result<DocIndex::Rendered> rendered = project_.docs.Render(*description, package);
  if (rendered.ok()) return *std::move(rendered);
  Append(errors_, std::move(rendered).error());
  return std::nullopt;
}

void NodeBuilder::Describe(Node& node, const YamlNode& description) {
  const std::optional<DocIndex::Rendered> rendered = RenderDescription(description, node.package);
  if (!rendered) return;
  node.description = pool_.Intern(rendered->text);
  for (const std::string& use : rendered->uses) node.doc_blocks.push_back(pool_.Intern(use));
}

std::shared_ptr<const Columns> NodeBuilder::ColumnsOf(std::span<const DeclaredColumn> declared,
                                                      std::string_view package) {
  auto columns = std::make_shared<Columns>();
  columns->reserve(declared.size());
  for (const DeclaredColumn& each : declared) {
    Column column;
    column.name = pool_.Intern(each.name);
    column.data_type = pool_.Intern(each.data_type);
    if (const std::optional<DocIndex::Rendered> rendered = RenderDescription(each.description, package)) {
      column.description = pool_.Intern(rendered->text);
      for (const std::string& use : rendered->uses) column.doc_blocks.push_back(pool_.Intern(use));
    }
    column.quote = each.quote;
    column.meta = each.meta;
    for (const std::string& tag : each.tags) {
      if (std::ranges::find(column.tags, tag) == column.tags.end()) column.tags.push_back(pool_.Intern(tag));
    }
    column.constraints = each.constraints;
    column.extra = each.extra;
    column.granularity = pool_.Intern(each.granularity);
    column.dimension = each.dimension;
    column.entity = each.entity;
    column.span = each.span;
    columns->push_back(std::move(column));
  }
  return columns;
}

void NodeBuilder::ApplyPatch(Node& node, const PackageContext& package, Patch patch) {
  if (!patch) return;
  node.patch_path = pool_.Intern(patch.file->patch_path);
  Describe(node, patch.patch->description);
  if (!patch.patch->columns.empty()) node.columns = ColumnsOf(patch.patch->columns, package.name());
  if (node.model) ApplyModelPatch(node, *patch.patch);
  if (node.function) {
    node.function->arguments = patch.patch->arguments;
    node.function->returns = patch.patch->returns;
    node.function->overloads = patch.patch->overloads;
  }
}

// Hooks are templates of the node: what they refer to, the node depends on.
void NodeBuilder::RecordHooks(Node& node, const PackageContext& package) {
  Recording recording;
  for (const auto* hooks : {&node.config->pre_hooks, &node.config->post_hooks}) {
    for (const Hook& hook : *hooks) {
      if (!HasJinja(hook.sql)) continue;
      auto code = jinja::Template::Parse(hook.sql, jinja::Origin{hook.span.source, hook.span.begin, false, hook.span});
      Status status = code.ok() ? Record(**code, node.operation ? Text() : node.name, *package.parse, recording)
                                : Status(std::move(code).error());
      if (!status.ok()) Append(errors_, std::move(status).error());
    }
  }
  Node uses;
  TakeUses(uses, recording);
  if (node.type == ResourceType::kSeed && !(uses.refs.empty() && uses.sources.empty() && uses.metrics.empty())) {
    errors_.push_back(Diagnostic(kBadConfig,
                                 "seed `" + std::string(node.name) + "` has a hook that refers to another node",
                                 uses.refs.empty() ? node.config->Where("pre-hook") : uses.refs.front().span)
                          .About(std::string(node.unique_id))
                          .Hint("a seed depends on nothing: move the hook to a model"));
  }
  std::ranges::move(uses.refs, std::back_inserter(node.refs));
  std::ranges::move(uses.sources, std::back_inserter(node.sources));
  std::ranges::move(uses.functions, std::back_inserter(node.functions));
  for (MacroId macro : uses.macros) {
    if (std::ranges::find(node.macros, macro) == node.macros.end()) node.macros.push_back(macro);
  }
}

Node NodeBuilder::FromSql(const PackageContext& package, const ProjectFile& file, std::string_view name,
                          const ParsedSql& sql, ResourceType type, Patch patch) {
  Node node;
  Name(node, type, package, name);
  const std::string path = (type == ResourceType::kAnalysis ? "analysis/" : "") + std::string(file.RelativePath());
  node.path = pool_.Add(path);
  node.original_file_path = pool_.Add(file.path);
  node.fqn = FqnOf(package, path, name);
  if (type == ResourceType::kSnapshot) node.fqn.insert(node.fqn.end() - 1, pool_.Intern(Stem(file.path)));
  node.checksum = pool_.Add(TextChecksum(file.text));
  node.raw_code = sql.raw_code;
  node.code = sql.code;
  node.code_origin = sql.origin;
  node.span = sql.span;
  if (type == ResourceType::kModel) node.model = std::make_unique<ModelPart>();
  if (type == ResourceType::kTest) node.test = std::make_unique<TestPart>();
  if (type == ResourceType::kFunction) node.function = std::make_unique<FunctionPart>();
  if (node.model && patch && !patch.patch->version.text.empty()) NameVersion(node, package, *patch.patch);
  TakeUses(node, sql.recording);
  Configure(node, package, {&sql, patch});
  ApplyPatch(node, package, patch);
  if (node.model) {
    node.model->group = pool_.Intern(node.config->group);
    if (const Value& access = node.config->Get("access"); access.IsString())
      node.model->access = pool_.Intern(access.AsString());
  }
  RecordHooks(node, package);
  return node;
}

Node NodeBuilder::FromRelation(Patch patch) {
  const PackageContext& package = *patch.file->package;
  const ProjectFile& file = *patch.file->file;
  const NodePatch& snapshot = *patch.patch;
  Node node;
  Name(node, ResourceType::kSnapshot, package, snapshot.name);
  node.path = pool_.Add(snapshot.name + ".sql");
  node.original_file_path = pool_.Add(file.path);
  node.fqn = FqnOf(package, file.RelativePath(), snapshot.name);
  node.checksum = pool_.Add(TextChecksum(file.text));
  node.raw_code = pool_.Add("select * from {{ " + snapshot.relation->text + " }}");
  node.span = snapshot.relation->span;
  node.code_origin = {node.span.source, node.span.begin, false, node.span};
  const ParsedSql sql = ParseSql(node.raw_code, node.code_origin, snapshot.name, *package.parse);
  node.code = sql.code;
  for (const Diagnostic& error : sql.errors) errors_.push_back(error);
  TakeUses(node, sql.recording);
  Configure(node, package, {nullptr, patch});
  ApplyPatch(node, package, patch);
  RecordHooks(node, package);
  return node;
}

Node NodeBuilder::FromSeed(const PackageContext& package, const ProjectFile& file, Patch patch) {
  Node node;
  const std::string_view name = Stem(file.path);
  Name(node, ResourceType::kSeed, package, name);
  node.path = pool_.Add(file.RelativePath());
  node.original_file_path = pool_.Add(file.path);
  node.fqn = FqnOf(package, file.RelativePath(), name);
  node.checksum_name = file.checksum_is_path ? "path" : "sha256";
  node.checksum = pool_.Add(file.checksum);
  Configure(node, package, {nullptr, patch});
  ApplyPatch(node, package, patch);
  RecordHooks(node, package);
  return node;
}

Node NodeBuilder::FromHook(const PackageContext& package, const yaml::Node& hook, bool on_run_start, int index) {
  Node node;
  const std::string kind = on_run_start ? "on-run-start" : "on-run-end";
  const std::string name = package.name() + "-" + kind + "-" + std::to_string(index);
  Name(node, ResourceType::kOperation, package, name);
  node.path = pool_.Add("hooks/" + name + ".sql");
  node.original_file_path = "./dbt_project.yml";
  node.fqn = FqnOf(package, node.path, name);
  node.raw_code = pool_.Add(Strip(hook.text));
  node.span = hook.span;
  node.checksum = pool_.Intern(package.files->config.checksum);
  node.operation = std::make_unique<OperationPart>(OperationPart{on_run_start, index});
  node.code_origin = {hook.span.source, hook.span.begin, hook.verbatim && node.raw_code == hook.text, hook.span};
  auto code = jinja::Template::Parse(std::string(node.raw_code), node.code_origin);
  if (!code.ok()) {
    Append(errors_, std::move(code).error());
  } else {
    node.code = *std::move(code);
    Recording recording;
    Status status = Record(*node.code, "", *package.parse, recording);
    if (!status.ok()) Append(errors_, std::move(status).error());
    TakeUses(node, recording);
  }
  const std::string tag[] = {kind};
  AddTags(node, tag);
  Configure(node, package, {});
  RecordHooks(node, package);  // the project's hooks of models count as an operation's too
  return node;
}

Node NodeBuilder::FromSource(const PropertiesFile& file, const SourceTable& table) {
  Node node;
  Name(node, ResourceType::kSource, *file.package, table.name);
  node.unique_id = pool_.Add("source." + file.package->name() + "." + table.source_name + "." + table.name);
  node.path = node.original_file_path = pool_.Intern(file.file->path);
  node.fqn = FqnOf(*file.package, file.file->RelativePath(), table.source_name);
  node.fqn.push_back(node.name);
  node.span = table.name_span;
  node.checksum_name = "none";
  node.config = LayerConfig(*file.package, node.type, node.fqn, table.config, {});
  std::vector<std::pair<std::string, Value>> unrendered;
  for (const ConfigEntry& entry : table.config) unrendered.emplace_back(entry.key, entry.value);
  node.unrendered_config = LayerUnrendered(*file.package, node.type, node.fqn, unrendered, {});
  AddTags(node, node.config->tags);
  Describe(node, table.description);
  node.columns = ColumnsOf(table.columns, node.package);
  node.database = pool_.Intern(table.database);
  node.schema = pool_.Intern(table.schema);
  node.alias = pool_.Intern(table.identifier);
  node.source = std::make_unique<SourcePart>();
  FillSource(node, table);
  return node;
}

void NodeBuilder::FillSource(Node& node, const SourceTable& table) {
  SourcePart& part = *node.source;
  part.source_name = pool_.Intern(table.source_name);
  part.identifier = node.alias;
  part.loader = pool_.Intern(table.loader);
  if (const std::optional<DocIndex::Rendered> rendered = RenderDescription(table.source_description, node.package))
    part.source_description = pool_.Intern(rendered->text);
  auto text = [&](std::string_view key) {
    const Value& value = node.config->Get(key);
    return value.IsString() ? pool_.Intern(value.AsString()) : Text();
  };
  part.loaded_at_field = text("loaded_at_field");
  part.loaded_at_query = text("loaded_at_query");
  part.quoting = table.quoting;
  part.external = table.external.IsUndefined() ? Value::None() : table.external;
  part.source_meta = table.source_meta;
  part.unrendered_database = pool_.Intern(table.unrendered_database);
  part.unrendered_schema = pool_.Intern(table.unrendered_schema);

  adapter::Policy quote = project_.quote;
  auto apply = [&](std::string_view key, bool& policy) {
    if (const Value* value = table.quoting.AsDict().Find(key); value && !value->IsNone()) policy = value->Truthy();
  };
  apply("database", quote.database);
  apply("schema", quote.schema);
  apply("identifier", quote.identifier);
  node.quote = part.quote = quote;
  node.relation_name =
      pool_.Add(project_.dialect->Render({table.database, table.schema, table.identifier,
                                          adapter::RelationType::kUnknown, quote, project_.dialect->default_include}));
  if (project_.dialect->external_sources) FillExternalLocation(node);
  FillFreshness(node);
}

void NodeBuilder::FillExternalLocation(Node& node) {
  Result<std::optional<std::string>> location = ExternalLocation(node);
  if (!location.ok()) return Append(errors_, std::move(location).error());
  if (!location->has_value()) return;
  node.relation_name = pool_.Add(**std::move(location));
  node.source->external_location = true;
}

void NodeBuilder::FillFreshness(Node& node) {
  const Value& freshness = node.config->Get("freshness");
  if (!freshness.IsDict()) return;
  SourcePart& part = *node.source;
  auto read = [&](std::string_view key, FreshnessThreshold& threshold) {
    const Value* value = freshness.AsDict().Find(key);
    if (!value || !value->IsDict()) return;
    const Value* count = value->AsDict().Find("count");
    const Value* period = value->AsDict().Find("period");
    if (count && count->type() == jinja::Type::kInt) threshold.count = count->AsInt();
    if (period && period->IsString()) threshold.period = pool_.Intern(period->AsString());
  };
  read("warn_after", part.warn_after);
  read("error_after", part.error_after);
  if (const Value* filter = freshness.AsDict().Find("filter"); filter && filter->IsString()) {
    part.freshness_filter = pool_.Intern(filter->AsString());
  }
  part.has_freshness = part.warn_after.count || part.error_after.count;
}

// Tags and meta may stand beside the configuration too: tags are joined and sorted, of meta the configuration's wins.
std::shared_ptr<const Config> NodeBuilder::ExposureConfig(const Node& node, const PackageContext& package,
                                                          const ExposurePatch& exposure) {
  auto config = LayerConfig(package, node.type, node.fqn, exposure.config, {});
  std::vector<ConfigEntry> entries(config->written().begin(), config->written().end());
  auto set = [&](std::string_view key, Value value) {
    auto found = std::ranges::find(entries, key, &ConfigEntry::key);
    if (found == entries.end()) {
      entries.push_back({std::string(key), std::move(value), ConfigLayer::kProperties, exposure.name_span});
    } else {
      found->value = std::move(value);
    }
  };
  std::set<std::string> tags(exposure.tags.begin(), exposure.tags.end());
  tags.insert(config->tags.begin(), config->tags.end());
  std::vector<Value> tag_values;
  for (const std::string& tag : tags) tag_values.push_back(Value::String(tag));
  set("tags", Value::List(std::move(tag_values)));
  set("meta", MergeConfigValue("meta", exposure.meta, config->Get("meta")));
  return std::make_shared<const Config>(node.type, std::move(entries));
}

Node NodeBuilder::FromExposure(const PropertiesFile& file, const ExposurePatch& exposure) {
  Node node;
  Name(node, ResourceType::kExposure, *file.package, exposure.name);
  node.path = pool_.Intern(file.file->RelativePath());
  node.original_file_path = pool_.Intern(file.file->path);
  node.fqn = FqnOf(*file.package, file.file->RelativePath(), exposure.name);
  node.span = exposure.name_span;
  node.checksum_name = "none";
  node.config = ExposureConfig(node, *file.package, exposure);
  std::vector<std::pair<std::string, Value>> raw;
  for (const ConfigEntry& entry : exposure.config) raw.emplace_back(entry.key, entry.value);
  node.unrendered_config = LayerUnrendered(*file.package, node.type, node.fqn, raw, {});
  AddTags(node, node.config->tags);
  Describe(node, exposure.description);
  TakeUses(node, exposure.uses);
  node.exposure = std::make_unique<ExposurePart>(ExposurePart{
      pool_.Intern(exposure.type), pool_.Intern(exposure.owner.name), pool_.Intern(exposure.owner.email),
      pool_.Intern(exposure.label), pool_.Intern(exposure.maturity), pool_.Intern(exposure.url), exposure.owner.extra});
  return node;
}

Doc NodeBuilder::FromDoc(const DocBlock& block) {
  Doc doc;
  doc.name = pool_.Intern(block.name);
  doc.package = pool_.Intern(block.package);
  doc.unique_id = pool_.Add("doc." + block.package + "." + block.name);
  doc.original_file_path = pool_.Intern(block.path);
  doc.path = doc.original_file_path.substr(block.folder.empty() ? 0 : block.folder.size() + 1);
  doc.contents = pool_.Add(block.contents);
  doc.span = block.span;
  return doc;
}

Group NodeBuilder::FromGroup(const PropertiesFile& file, const GroupPatch& group) {
  Group made;
  made.name = pool_.Intern(group.name);
  made.package = pool_.Intern(file.package->name());
  made.unique_id = pool_.Add("group." + file.package->name() + "." + group.name);
  made.path = pool_.Intern(file.file->RelativePath());
  made.original_file_path = pool_.Intern(file.file->path);
  made.description = pool_.Intern(group.description);
  made.owner_name = pool_.Intern(group.owner.name);
  made.owner_email = pool_.Intern(group.owner.email);
  made.owner_extra = group.owner.extra;
  // dbt has no configuration of groups in dbt_project.yml, and takes that of models.
  const std::vector<Text> fqn = FqnOf(*file.package, file.file->RelativePath(), group.name);
  const auto config = LayerConfig(*file.package, ResourceType::kModel, fqn, group.config, {});
  made.config = Value::MakeDict();
  made.config.AsDict().Set("meta", config->Get("meta"));
  for (const ConfigEntry& entry : config->written()) made.config.AsDict().Set(entry.key, entry.value);
  made.span = group.name_span;
  return made;
}

}  // namespace stir::project
