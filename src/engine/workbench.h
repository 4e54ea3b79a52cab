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
#include "engine/options.h"
#include "graph/node_set.h"
#include "runtime/runner.h"

namespace stir::engine {

// Filled phase by phase: Open, (TellStats,) Select, Connect. `host` and `options` outlive it.
struct Workbench {
  Workbench(const Host& of, const Options& asked) : host(of), options(asked) {}
  Workbench(const Workbench&) = delete;
  Workbench& operator=(const Workbench&) = delete;

  // Reads and parses the project; writes manifest.json.
  Status Open();
  // How much there is of everything.
  void TellStats() const { narrator->FoundStats(*manifest); }
  // Without this phase nothing is selected.
  Status Select(std::span<const std::string_view> types);
  // From here on the database is open.
  Status Connect();

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
