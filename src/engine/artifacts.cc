// Writing artifacts; secrets are redacted, as in every sink.
#include "engine/artifacts.h"

#include "engine/parse_memory.h"
#include "project/artifacts.h"

namespace stir::engine {
namespace {

project::ArtifactMetadata Metadata(const Host& host, const Options& options) {
  return {.generated_at = host.clock.Now(),
          .invocation_id = options.invocation_id,
          .invocation_started_at = options.started_at};
}

Status Write(const Setting& setting, const Host& host, const Narrator& narrator, std::string_view file,
             std::string_view type, std::string text) {
  const std::filesystem::path path = setting.target_path / file;
  host.redactor.RedactInPlace(text);
  STIR_TRY(host.files.Write(path, text));
  narrator.ArtifactWritten(type, path.string());
  return {};
}

}  // namespace

std::filesystem::path ManifestPath(const Setting& setting) { return setting.target_path / "manifest.json"; }

Status WriteManifestFile(const project::Manifest& manifest, const Setting& setting, const Host& host,
                         const Options& options, const Narrator& narrator) {
  if (!options.write_json) return {};
  const std::filesystem::path path = ManifestPath(setting);
  if (setting.manifest_identity && FindWritten(host, options, path, *setting.manifest_identity)) return {};
  STIR_TRY(host.files.WriteParts(path, [&](const Files::PartSink& sink) {
    return project::WriteManifest(manifest, Metadata(host, options), [&](std::string& part) {
      host.redactor.RedactInPlace(part);
      return sink(part);
    });
  }));
  if (setting.manifest_identity)
    NoteWritten(host, options, path, *setting.manifest_identity, {manifest.nodes().size(), StatsOf(manifest)});
  narrator.ArtifactWritten("WritableManifest", path.string());
  return {};
}

Status WriteRunResultsFile(std::span<const NodeReport> reports, double elapsed_seconds, const Setting& setting,
                           const Host& host, const Options& options, const Narrator& narrator) {
  if (!options.write_json) return {};
  std::vector<project::NodeResult> results;
  results.reserve(reports.size());
  for (const NodeReport& report : reports) results.push_back(report.result);
  return Write(
      setting, host, narrator, "run_results.json", "RunExecutionResult",
      project::WriteRunResults(results, elapsed_seconds, InvocationArguments(options), Metadata(host, options)));
}

}  // namespace stir::engine
