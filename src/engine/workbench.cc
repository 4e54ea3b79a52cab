#include "engine/workbench.h"

#include "engine/artifacts.h"
#include "engine/deferral.h"
#include "engine/run_nodes.h"
#include "engine/select.h"

namespace stir::engine {

Status Workbench::Open(bool writes) {
  STIR_ASSIGN(setting, ReadSetting(host, options));
  narrator.emplace(host.events, host.sources, setting->narrator_style(options));
  STIR_ASSIGN(manifest, ParseSetting(*setting, host, options, *narrator));
  if (writes) STIR_TRY(WriteManifestFile(*manifest, *setting, host, options, *narrator));
  selected = graph::NodeSet(manifest->nodes().size());
  return {};
}

Status Workbench::Select(std::span<const std::string_view> types, std::string_view indirect) {
  STIR_ASSIGN(const auto comparison, CompareState(host, options, *setting, *manifest, *narrator));
  SelectionOptions selection = options.selection;
  if (!indirect.empty()) selection.indirect_selection = indirect;
  STIR_ASSIGN(selected, SelectNodes(*manifest, selection, types, host.sources, *narrator, comparison->state.get()));
  return {};
}

Status Workbench::Connect() {
  STIR_ASSIGN(engine, host.adapters.Open(setting->target.profile));
  STIR_ASSIGN(connection, engine->Connect());
  worker = {connection.get(), "MainThread"};
  runtime::RunnerOptions with = MakeRunnerOptions(*setting, *manifest, selected, host, options);
  STIR_ASSIGN(with.deferral, ReadDeferral(host, options, *manifest, false));
  runner.emplace(manifest, *engine, std::move(with));
  on_cancel.emplace(host.cancel, [this] { connection->Cancel(); });
  return {};
}

Status Workbench::WriteArtifacts(std::span<const NodeReport> reports, double elapsed_seconds) const {
  STIR_TRY(WriteManifestFile(*manifest, *setting, host, options, *narrator, runner->rendered()));
  return WriteRunResultsFile(reports, elapsed_seconds, *setting, host, options, *narrator);
}

}  // namespace stir::engine
