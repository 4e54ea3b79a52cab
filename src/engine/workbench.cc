#include "engine/workbench.h"

#include "engine/artifacts.h"
#include "engine/deferral.h"
#include "engine/run_nodes.h"
#include "engine/select.h"

namespace stir::engine {

Status Workbench::Open() {
  STIR_ASSIGN(setting, ReadSetting(host, options));
  narrator.emplace(host.events, host.sources, setting->narrator_style(options));
  STIR_ASSIGN(manifest, ParseSetting(*setting, host, options, *narrator));
  STIR_TRY(WriteManifestFile(*manifest, *setting, host, options, *narrator));
  selected = graph::NodeSet(manifest->nodes().size());
  return {};
}

Status Workbench::Select(std::span<const std::string_view> types) {
  STIR_ASSIGN(const auto comparison, CompareState(host, options, *setting, *manifest));
  STIR_ASSIGN(selected,
              SelectNodes(*manifest, options.selection, types, host.sources, *narrator, comparison->state.get()));
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

}  // namespace stir::engine
