// Carries out a plan of nodes: the only phase that runs anything. One thread decides and tells; workers, each with one
// connection for as long as it lives, run one node at a time. Nobody polls: an ended node wakes the one who decides.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "adapter/connection.h"
#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"
#include "engine/narrator.h"
#include "engine/node_plan.h"
#include "engine/node_report.h"
#include "runtime/runner.h"

namespace stir::engine {

// What is done with a node; called on workers' threads, several at once.
using NodeAction = std::function<runtime::NodeOutcome(graph::NodeId, runtime::Worker&)>;

struct ExecuteRequest {
  const project::Manifest& manifest;
  NodePlan& plan;
  NodeAction action;
  const Clock& clock;
  const Narrator* narrator = nullptr;  // null: no word about single nodes (compile)
  CancelToken cancel;
  int threads = 1;
  bool fail_fast = false;
};

struct RunResults {
  std::vector<NodeReport> reports;  // in the order in which nodes ended; none of ephemeral models
  bool interrupted = false;
};

// Runs the plan to its end. The first failure, with fail_fast, and a cancel stop it: running queries are canceled, what
// has not started is reported as skipped. Fails only when a worker gets no connection.
Result<RunResults> Execute(const ExecuteRequest& request, adapter::Adapter& engine);

// How many nodes count in "1 of N": all of the plan but ephemeral models, and what it has left out.
int CountNodes(const NodePlan& plan);

}  // namespace stir::engine
