// The phases that commands on nodes share once they know their nodes: hooks, nodes, account, artifacts.
#pragma once

#include <memory>
#include <span>
#include <string_view>

#include "adapter/connection.h"
#include "base/result.h"
#include "engine/commands.h"
#include "engine/execute.h"
#include "engine/load_project.h"
#include "engine/narrator.h"
#include "graph/node_set.h"

namespace stir::engine {

// What is done with each node.
enum class NodeWork : uint8_t { kRun, kClone, kFreshness };

// What a command on nodes differs in.
struct NodeCommand {
  std::span<const std::string_view> types;  // dbt's words
  PlanEdges edges = PlanEdges::kParents;
  NodeWork work = NodeWork::kRun;
};

// All phases of build, run, test, seed, snapshot, clone and source freshness.
Result<CommandResult> RunNodeCommand(const Host& host, const Options& options, const NodeCommand& command);

// The runner of a parsed project on an opened engine. `setting` and `engine` outlive it.
runtime::RunnerOptions MakeRunnerOptions(const Setting& setting, const project::Manifest& manifest,
                                         const graph::NodeSet& selected, const Host& host, const Options& options);

}  // namespace stir::engine
