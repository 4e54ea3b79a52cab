// parse: the project checked, its manifest written, no database.
#include <fmt/format.h>

#include "base/json.h"
#include "engine/artifacts.h"
#include "engine/commands.h"
#include "engine/load_project.h"
#include "engine/parse_memory.h"

namespace stir::engine {

Result<CommandResult> Parse(const Host& host, const Options& options) {
  const Duration begun = host.clock.Monotonic();
  STIR_ASSIGN(const std::unique_ptr<Setting> setting, ReadSetting(host, options));
  const Duration read = host.clock.Monotonic();
  const Narrator narrator(host.events, host.sources, setting->narrator_style(options));
  std::optional<size_t> written;  // the nodes of a manifest.json that need not be written again
  const auto is_needless = [&](const Hash128& identity) {
    if (options.write_json) written = FindWritten(host, options, ManifestPath(*setting), identity);
    return !options.write_json || written;
  };
  STIR_ASSIGN(const CheckedProject checked, CheckSetting(*setting, host, options, narrator, is_needless));
  const project::Manifest* manifest = checked.manifest.get();
  const Duration parsed = host.clock.Monotonic();
  if (manifest) STIR_TRY(WriteManifestFile(*manifest, *setting, host, options, narrator));
  if (!options.as_dbt) narrator.FoundStats(checked.stats);
  if (!options.write_json) return CommandResult{};

  const auto seconds = [](Duration duration) { return std::chrono::duration<double>(duration).count(); };
  const std::string path = (setting->target_path / "perf_info.json").string();
  JsonWriter info;
  info.BeginObject().Key("node_count").Int(static_cast<int64_t>(manifest ? manifest->nodes().size() : *written));
  info.Key("read_files_elapsed").Double(seconds(read - begun));
  info.Key("parse_project_elapsed").Double(seconds(parsed - read));
  info.Key("load_all_elapsed").Double(seconds(parsed - begun)).EndObject();
  STIR_TRY(host.files.Write(path, info.text()));
  JsonWriter data;
  data.BeginObject().Key("path").String(path).EndObject();
  narrator.Say("I010", "ParsePerfInfoPath", Level::kInfo, "Performance info: " + path, std::move(data).Take());
  return CommandResult{};
}

}  // namespace stir::engine
