// The lists of fields. A structured binding names every member of its type: who adds one is told here by the compiler.
#include "project/pack_nodes.h"

#include <algorithm>
#include <array>

#include "project/kinds.h"
#include "project/pack.h"
#include "yaml/kinds.h"

namespace stir::project {

namespace {

constexpr std::array kWarningKinds{
    kUnknownKey,     kWrongType,        kPatchWithoutNode, kMacroArguments,  kTestNotFound,          kNotSupported,
    kDeprecated,     kUnusedConfigPath, kRefNotFound,      kRefDisabled,     kRefAmbiguous,          kSourceNotFound,
    kSourceDisabled, kBadConfig,        kBadTest,          yaml::kYamlValue, yaml::kYamlDuplicateKey};

}  // namespace

template <typename Pack>
void Fields(Pack& pack, RefCall& call) {
  auto& [package, name, version, version_is_number, span] = call;
  pack(package, name, version, version_is_number, span);
}

template <typename Pack>
void Fields(Pack& pack, NamedCall& call) {
  auto& [package, name, span] = call;
  pack(package, name, span);
}

template <typename Pack>
void Fields(Pack& pack, SourceCall& call) {
  auto& [source, table, span] = call;
  pack(source, table, span);
}

template <typename Pack>
void Fields(Pack& pack, adapter::Policy& policy) {
  auto& [database, schema, identifier] = policy;
  pack(database, schema, identifier);
}

template <typename Pack>
void Fields(Pack& pack, ConfigEntry& entry) {
  auto& [key, value, layer, span] = entry;
  pack(key, value, layer, span);
}

template <typename Pack>
void Fields(Pack& pack, Column& column) {
  auto& [name, description, data_type, quote, meta, tags, constraints, doc_blocks, extra, granularity, dimension,
         entity, span] = column;
  pack(name, description, data_type, quote, meta, tags, constraints, doc_blocks, extra, granularity, dimension, entity,
       span);
}

template <typename Pack>
void Fields(Pack& pack, ModelPart& model) {
  auto& [access, group, version, latest_version, deprecation_date, version_is_number, latest_is_number, constraints,
         primary_key, contract_checksum, time_spine] = model;
  pack(access, group, version, latest_version, deprecation_date, version_is_number, latest_is_number, constraints,
       contract_checksum, time_spine);
  if (!pack.only_shape()) pack(primary_key);
}

template <typename Pack>
void Fields(Pack& pack, TestPart& test) {
  auto& [generic, test_name, test_namespace, kwargs, column_name, group, file_key_name, attached, left_out] = test;
  pack(generic, test_name, test_namespace, kwargs, column_name, file_key_name);
  if (!pack.only_shape()) pack(group, attached, left_out);
}

template <typename Pack>
void Fields(Pack& pack, FreshnessThreshold& threshold) {
  auto& [count, period] = threshold;
  pack(count, period);
}

template <typename Pack>
void Fields(Pack& pack, SourcePart& source) {
  auto& [source_name, source_description, loader, identifier, loaded_at_field, loaded_at_query, has_freshness,
         warn_after, error_after, freshness_filter, quote, quoting, external, source_meta, unrendered_database,
         unrendered_schema, external_location] = source;
  pack(source_name, source_description, loader, identifier, loaded_at_field, loaded_at_query, has_freshness, warn_after,
       error_after, freshness_filter, quote, quoting, external, source_meta, unrendered_database, unrendered_schema,
       external_location);
}

template <typename Pack>
void Fields(Pack& pack, ExposurePart& exposure) {
  auto& [type, owner_name, owner_email, label, maturity, url, owner_extra] = exposure;
  pack(type, owner_name, owner_email, label, maturity, url, owner_extra);
}

template <typename Pack>
void Fields(Pack& pack, UnitTestFixture& fixture) {
  auto& [input, format, file, rows, ref, source, node, span] = fixture;
  pack(input, format, file, rows, ref, source, node, span);
}

template <typename Pack>
void Fields(Pack& pack, UnitTestPart& test) {
  auto& [model, given, expect, overrides, versions, left_out, version, version_is_number] = test;
  pack(model, given, expect, overrides, versions, left_out, version, version_is_number);
}

template <typename Pack>
void Fields(Pack& pack, FunctionPart& function) {
  auto& [arguments, returns, overloads] = function;
  pack(arguments, returns, overloads);
}

template <typename Pack>
void Fields(Pack& pack, SemanticPart& semantic) {
  auto& [fields, measures, tags, group] = semantic;
  pack(fields, measures, tags, group);
}

template <typename Pack>
void Fields(Pack& pack, OperationPart& operation) {
  auto& [on_run_start, index] = operation;
  pack(on_run_start, index);
}

template <typename Pack>
void Fields(Pack& pack, ParseOrder& order) {
  auto& [phase, file, number] = order;
  pack(phase, file, number);
}

template <typename Pack>
void Fields(Pack& pack, Group& group) {
  auto& [unique_id, name, package, path, original_file_path, description, owner_name, owner_email, owner_extra, config,
         span] = group;
  pack(unique_id, name, package, path, original_file_path, description, owner_name, owner_email, owner_extra, config,
       span);
}

template <typename Pack>
void Fields(Pack& pack, Label& label) {
  auto& [span, text] = label;
  pack(span, text);
}

template <typename Pack>
void Fields(Pack& pack, MacroArgument& argument) {
  auto& [name, type, description] = argument;
  pack(name, type, description);
}

template <typename Pack>
void Fields(Pack& pack, Reads& reads) {
  auto& [macros, vars, environment, flags, target, docs, others, uncertain] = reads;
  pack(macros, vars, environment, flags, target, docs, others, uncertain);
}

namespace {

void Code(Packer& pack, Node& node) {
  const jinja::Origin& origin = node.code_origin;
  pack(origin.source ? Span{origin.source, origin.base, 0} : Span{}, origin.verbatim, origin.whole);
  pack.PutFrom(origin.source, node.raw_code);
}

void Code(Unpacker& pack, Node& node) {
  Span start;
  pack(start, node.code_origin.verbatim, node.code_origin.whole);
  node.code_origin.source = start.source;
  node.code_origin.base = start.begin;
  node.raw_code = pack.GetFrom();
}

}  // namespace

template <typename Pack>
void Fields(Pack& pack, Node& node) {
  auto& [order, id, type, unique_id, name, package, path, original_file_path, fqn, database, schema, alias, quote,
         relation_name, description, doc_blocks, tags, patch_path, checksum_name, checksum, raw_code, code, code_origin,
         span, language, config, unrendered_config, columns, refs, sources, functions, metrics, macros, depends_on,
         model, test, source, exposure, operation, unit_test, function, semantic] = node;
  pack(type, unique_id, name, package, path, original_file_path, fqn, database, schema, alias, quote, relation_name,
       description, doc_blocks, tags, patch_path, checksum_name, language, config, unrendered_config, columns, refs,
       sources, functions, metrics, model, test, source, exposure, operation, unit_test, function, semantic);
  if (pack.only_shape()) return;
  pack(order, id, checksum, span, macros, depends_on);
  Code(pack, node);  // raw_code, code_origin; code is parsed again when it is needed
}

std::optional<std::string> PackNodes(std::span<const Node> nodes, const PackedSources& sources) {
  Packer pack(sources);
  pack.Put(static_cast<uint32_t>(nodes.size()));
  for (const Node& node : nodes) pack.Put(node);
  if (pack.failed()) return std::nullopt;
  return pack.Take();
}

std::optional<std::vector<Node>> UnpackNodes(std::string_view bytes, const PackedSources& sources) {
  Unpacker pack(bytes, sources);
  std::vector<Node> nodes;
  pack.Get(nodes);
  if (pack.failed() || !pack.done()) return std::nullopt;
  return nodes;
}

Hash128 ShapeOf(const Node& node) {
  const PackedSources none;
  Packer pack(none, Packer::What::kShape);
  pack.Put(node);
  return pack.failed() ? Hash128{} : ContentHash(pack.Take());
}

void Packer::Put(const std::shared_ptr<const Config>& config) {
  if (!First(configs_, config.get())) return;
  Put(config->type());
  const auto written = config->written();
  Put(static_cast<uint32_t>(written.size()));
  for (const ConfigEntry& entry : written) Put(entry);
}

void Packer::Put(const std::shared_ptr<const Columns>& columns) {
  if (First(columns_, columns.get())) Put(*columns);
}

void Unpacker::Get(std::shared_ptr<const Config>& config) {
  const auto place = Read<uint32_t>();
  if (place < configs_.size()) {
    config = configs_[place];
    return;
  }
  const auto type = Read<ResourceType>();
  std::vector<ConfigEntry> entries;
  Get(entries);
  config = configs_.emplace_back(std::make_shared<const Config>(type, std::move(entries)));
}

void Unpacker::Get(std::shared_ptr<const Columns>& columns) {
  const auto place = Read<uint32_t>();
  if (place < columns_.size()) {
    columns = columns_[place];
    return;
  }
  auto read = std::make_shared<Columns>();
  Get(*read);
  columns = columns_.emplace_back(std::move(read));
}

void PackMacroProperties(Packer& pack, const MacroIndex& macros) {
  std::vector<MacroId> described;
  for (const Macro& macro : macros.all()) {
    if (!macro.patch_path.empty()) described.push_back(macro.id);
  }
  pack.Put(static_cast<uint32_t>(described.size()));
  for (MacroId id : described) {
    const Macro& macro = macros.at(id);
    pack(id, macro.description, macro.patch_path, macro.arguments, macro.meta, macro.docs_show);
  }
}

bool UnpackMacroProperties(Unpacker& pack, MacroIndex& macros) {
  for (uint32_t left = pack.Count(); left > 0; --left) {
    Macro* macro = macros.Mutable(pack.Read<MacroId>());
    if (!macro) return false;
    pack(macro->description, macro->patch_path, macro->arguments, macro->meta, macro->docs_show);
  }
  return !pack.failed();
}

bool CanPack(const Diagnostics& warnings) {
  return std::ranges::all_of(warnings, [](const Diagnostic& warning) {
    return warning.trace.empty() && std::ranges::find(kWarningKinds, warning.kind) != kWarningKinds.end();
  });
}

void PackWarnings(Packer& pack, const Diagnostics& warnings) {
  pack.Put(static_cast<uint32_t>(warnings.size()));
  for (const Diagnostic& warning : warnings) {
    const auto kind = std::ranges::find(kWarningKinds, warning.kind) - kWarningKinds.begin();
    const DbtEvent& dbt = warning.dbt;
    pack(static_cast<uint8_t>(kind), warning.severity, warning.message, warning.span, warning.subject, warning.labels,
         warning.hint, dbt.code, dbt.name, dbt.message, dbt.data);
  }
}

Diagnostics UnpackWarnings(Unpacker& pack) {
  Diagnostics warnings;
  for (uint32_t left = pack.Count(); left > 0; --left) {
    const auto kind = pack.Read<uint8_t>();
    Diagnostic warning(kWarningKinds[std::min<size_t>(kind, kWarningKinds.size() - 1)], "");
    DbtEvent& dbt = warning.dbt;
    pack(warning.severity, warning.message, warning.span, warning.subject, warning.labels, warning.hint, dbt.code,
         dbt.name, dbt.message, dbt.data);
    warnings.push_back(std::move(warning));
  }
  return warnings;
}

void PackReads(Packer& pack, const Reads& reads) { pack.Put(reads); }

Reads UnpackReads(Unpacker& pack) {
  Reads reads;
  pack.Get(reads);
  return reads;
}

void PackGroups(Packer& pack, const std::vector<Group>& groups) { pack.Put(groups); }

std::vector<Group> UnpackGroups(Unpacker& pack) {
  std::vector<Group> groups;
  pack.Get(groups);
  return groups;
}

}  // namespace stir::project
