// What commands stand on that do their work on one thread, by hand: the parsed project, what was selected of it, the
// opened engine, and a worker.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "adapter/connection.h"
#include "base/cancel.h"
#include "engine/host.h"
#include "engine/load_project.h"
#include "engine/narrator.h"
#include "engine/node_report.h"
#include "engine/options.h"
#include "graph/node_set.h"
#include "runtime/runner.h"

namespace stir::engine {

// Filled phase by phase: Open, (TellStats,) Select, Connect. `host` and `options` outlive it.
struct Workbench {
  Workbench(const Host& of, const Options& asked) : host(of), options(asked) {}
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;

  // Reads and parses the project; writes manifest.json, when asked to.
  Status Open(bool writes = true);
  // How much there is of everything.
  void TellStats(size_t queries = 0) const { narrator->FoundStats(*manifest, queries); }
  // Without this phase nothing is selected. `indirect`: which tests come with nodes; empty: as the options say.
  Status Select(std::span<const std::string_view> types, std::string_view indirect = {});
  // From here on the database is open.
  Status Connect();
  // What became of the nodes: manifest.json once more, and run_results.json.
  Status WriteArtifacts(std::span<const NodeReport> reports, double elapsed_seconds) const;

  const Host& host;
  const Options& options;
  std::unique_ptr<Setting> setting;
  std::optional<Narrator> narrator;
  std::shared_ptr<const project::Manifest> manifest;
  graph::NodeSet selected;
  std::unique_ptr<adapter::Adapter> engine;
  std::unique_ptr<adapter::Connection> connection;
  runtime::Worker worker;
  std::optional<runtime::NodeRunner> runner;
  std::optional<OnCancel<std::function<void()>>> on_cancel;
};

}  // namespace stir::engine
