// The files that dbt's users and tools read, streamed in dbt's form: manifest.json (v12), run_results.json (v6),
// sources.json (v3) and catalog.json (v1).
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/json.h"
#include "base/result.h"
#include "project/invocation.h"
#include "project/manifest.h"
#include "project/rendered_nodes.h"

namespace stir::project {

struct ArtifactMetadata {
  Timestamp generated_at{};
  std::string invocation_id;
  Timestamp invocation_started_at{};
};

// One node as dbt's artifacts have it: what `ls --output json` and the templates' `model` and `graph` are made of.
void WriteNode(JsonWriter& json, const Manifest& manifest, const Node& node);

// The whole manifest.json, with what a run made of its nodes. Secrets are not redacted here.
std::string WriteManifest(const Manifest& manifest, const ArtifactMetadata& metadata,
                          const RenderedNodes& rendered = {});
// The same in parts of about a megabyte, each cut between two nodes.
Status WriteManifest(const Manifest& manifest, const ArtifactMetadata& metadata, const RenderedNodes& rendered,
                     const std::function<Status(std::string& part)>& sink);

// semantic_manifest.json: the semantic layer alone, in MetricFlow's form.
std::string WriteSemanticManifest(const Manifest& manifest);

struct PhaseTiming {
  std::string name;  // "compile", "execute"
  Timestamp started_at{}, completed_at{};
};

// What became of a microbatch model's batches: their times from and to, oldest first.
struct BatchResults {
  std::vector<std::pair<Timestamp, Timestamp>> successful, failed;
};

// One node's result, as dbt words it: status is "success", "error", "skipped", "pass", "fail", "warn", "no-op", ...
struct NodeResult {
  std::string unique_id, status, thread_id, message;
  std::vector<PhaseTiming> timing;
  double execution_time = 0;            // seconds
  std::string adapter_response = "{}";  // a JSON object
  std::optional<int64_t> failures;
  std::optional<bool> compiled;  // none: the node was never compiled
  std::string compiled_code;
  std::string relation_name;            // empty: null
  std::optional<BatchResults> batches;  // microbatch models only
  bool has_overloads = false;           // functions that were made; which overloads: none are read yet
};

// `args`: the invocation's arguments as a JSON object.
std::string WriteRunResults(const std::vector<NodeResult>& results, double elapsed_seconds, std::string_view args,
                            const ArtifactMetadata& metadata);

// How fresh one source is, as `source freshness` found it.
struct SourceResult {
  std::string unique_id, status, thread_id;
  Timestamp max_loaded_at{}, snapshotted_at{};
  jinja::Value criteria;                // the source's `freshness`
  std::string adapter_response = "{}";  // a JSON object
  std::vector<PhaseTiming> timing;
  double execution_time = 0;  // seconds
};

// sources.json, version 3.
std::string WriteSources(const std::vector<SourceResult>& results, double elapsed_seconds,
                         const ArtifactMetadata& metadata);

// A relation as the engine's catalogue has it. Empty texts are null.
struct CatalogTable {
  struct Column {
    std::string name, type, comment;
    int64_t index = 0;
  };
  std::string unique_id, type, database, schema, name, comment, owner;
  std::vector<Column> columns;
};

// catalog.json, version 1.
std::string WriteCatalog(const std::vector<CatalogTable>& nodes, const std::vector<CatalogTable>& sources,
                         const ArtifactMetadata& metadata);

}  // namespace stir::project
