// Writing artifacts; secrets are redacted, as in every sink.
#include "engine/artifacts.h"

#include <map>

#include "base/strings.h"
#include "engine/parse_memory.h"
#include "project/artifacts.h"
#include "project/osi_document.h"

namespace stir::engine {
namespace {

project::ArtifactMetadata Metadata(const Host& host, const Options& options) {
  return {.generated_at = host.clock.Now(),
          .invocation_id = options.invocation_id,
          .invocation_started_at = options.started_at};
}

Status Write(const Host& host, const Narrator& narrator, const std::filesystem::path& path, std::string_view type,
             std::string text) {
  host.redactor.RedactInPlace(text);
  STIR_TRY(host.files.Write(path, text));
  narrator.ArtifactWritten(type, path.string());
  return {};
}

// The semantic layer by itself, in the two forms that dbt writes.
Status WriteSemanticFiles(const project::Manifest& manifest, const Setting& setting, const Host& host,
                          const Narrator& narrator) {
  const std::string semantic = project::WriteSemanticManifest(manifest);
  STIR_TRY(Write(host, narrator, setting.target_path / "semantic_manifest.json", "SemanticManifest", semantic));
  STIR_ASSIGN(project::OsiDocument document, project::MakeOsiDocument(semantic));
  for (const DbtEvent& loss : document.losses)
    narrator.Say(loss.code, loss.name, Level::kWarn, "[WARNING]: " + loss.message, loss.data);
  return Write(host, narrator, setting.target_path / "osi_document.json", "OsiDocument", std::move(document.text));
}

}  // namespace

std::filesystem::path ManifestPath(const Setting& setting) { return setting.target_path / "manifest.json"; }

Status WriteManifestFile(const project::Manifest& manifest, const Setting& setting, const Host& host,
                         const Options& options, const Narrator& narrator, const project::RenderedNodes& rendered) {
  if (!options.write_json) return {};
  const std::filesystem::path path = ManifestPath(setting);
  const bool as_parsed = rendered.empty();
  const std::optional<Hash128> known = setting.KnownIdentity();
  if (as_parsed && known && FindWritten(host, options, path, *known)) return {};
  STIR_TRY(host.files.WriteParts(path, [&](const Files::PartSink& sink) {
    return project::WriteManifest(manifest, Metadata(host, options), rendered, [&](std::string& part) {
      host.redactor.RedactInPlace(part);
      return sink(part);
    });
  }));
  const std::optional<Hash128> identity =
      as_parsed && setting.identity_kept.valid() ? setting.identity_kept.get() : known;
  if (as_parsed && identity) NoteWritten(host, options, path, *identity, manifest.nodes().size());
  narrator.ArtifactWritten("WritableManifest", path.string());
  return WriteSemanticFiles(manifest, setting, host, narrator);
}

Status WriteRunResultsFile(std::span<const NodeReport> reports, double elapsed_seconds, const Setting& setting,
                           const Host& host, const Options& options, const Narrator& narrator) {
  if (!options.write_json) return {};
  std::vector<project::NodeResult> results;
  results.reserve(reports.size());
  for (const NodeReport& report : reports) results.push_back(report.result);
  return Write(host, narrator, setting.target_path / "run_results.json", "RunExecutionResult",
               project::WriteRunResults(results, elapsed_seconds, setting.arguments, Metadata(host, options)));
}

Status WriteSourcesFile(std::span<const NodeReport> reports, double elapsed_seconds, const Setting& setting,
                        const Host& host, const Options& options, const Narrator& narrator) {
  if (!options.write_json) return {};
  std::vector<project::SourceResult> results;
  for (const NodeReport& report : reports) {
    if (!report.freshness) continue;
    results.push_back({.unique_id = report.result.unique_id,
                       .status = report.result.status,
                       .thread_id = report.result.thread_id,
                       .max_loaded_at = report.freshness->max_loaded_at,
                       .snapshotted_at = report.freshness->snapshotted_at,
                       .criteria = report.node->config->Get("freshness"),
                       .adapter_response = report.freshness->adapter_response,
                       .timing = report.result.timing,
                       .execution_time = report.result.execution_time});
  }
  const std::filesystem::path path =
      options.freshness_output.empty() ? setting.target_path / "sources.json" : options.freshness_output;
  return Write(host, narrator, path, "FreshnessResult",
               project::WriteSources(results, elapsed_seconds, Metadata(host, options)));
}

namespace {

std::string Key(std::string_view database, std::string_view schema, std::string_view name) {
  return ToLower(database) + "\n" + ToLower(schema) + "\n" + ToLower(name);
}

project::CatalogTable TableOf(const runtime::CatalogColumn& column) {
  return {.unique_id = {},
          .type = column.type,
          .database = column.database,
          .schema = column.schema,
          .name = column.name,
          .comment = column.comment,
          .owner = column.owner,
          .columns = {}};
}

// The catalogue's columns gathered by relation, in its order.
std::vector<std::pair<std::string, project::CatalogTable>> TablesOf(std::span<const runtime::CatalogColumn> columns) {
  std::vector<std::pair<std::string, project::CatalogTable>> tables;
  for (const runtime::CatalogColumn& column : columns) {
    const std::string key = Key(column.database, column.schema, column.name);
    if (tables.empty() || tables.back().first != key) tables.emplace_back(key, TableOf(column));
    tables.back().second.columns.push_back({column.column, column.column_type, column.column_comment, column.index});
  }
  return tables;
}

}  // namespace

Result<std::filesystem::path> WriteCatalogFile(std::span<const runtime::CatalogColumn> columns,
                                               const project::Manifest& manifest, const graph::NodeSet& nodes,
                                               const Setting& setting, const Host& host, const Options& options,
                                               const Narrator& narrator) {
  std::multimap<std::string, const project::Node*> by_relation;
  nodes.ForEach([&](graph::NodeId id) {
    const project::Node& node = manifest.node(id);
    by_relation.emplace(Key(node.database, node.schema, node.alias), &node);
  });
  std::vector<project::CatalogTable> tables, sources;
  for (auto& [key, table] : TablesOf(columns)) {
    const auto [first, last] = by_relation.equal_range(key);
    for (auto each = first; each != last; ++each) {
      project::CatalogTable& kept = (each->second->source == nullptr ? tables : sources).emplace_back(table);
      kept.unique_id = each->second->unique_id;
    }
  }
  const std::filesystem::path path = setting.target_path / "catalog.json";
  STIR_TRY(
      Write(host, narrator, path, "CatalogArtifact", project::WriteCatalog(tables, sources, Metadata(host, options))));
  return path;
}

}  // namespace stir::engine
