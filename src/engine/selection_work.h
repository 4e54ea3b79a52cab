// The nodes of one selection (a `build` task) at work: one NodeRunner for all of them, made when the first node runs,
// and the results that on-run-end hooks may see.
#pragma once

#include <memory>
#include <mutex>
#include <vector>

#include "engine/task_job.h"
#include "graph/node_set.h"
#include "runtime/runner.h"

namespace stir::engine {

// Thread safe. The workspace outlives it.
class SelectionWork {
 public:
  SelectionWork(Workspace& workspace, graph::NodeSet selected, bool full_refresh);
  ~SelectionWork();

  // Runs a node, or the project's hooks. Never fails as a call.
  TaskResult Run(const RunTask& task, const std::string& thread, TaskLog& log, Interruption& interruption);

 private:
  Status Prepare(runtime::Worker& worker);
  TaskResult RunNode(graph::NodeId node, runtime::Worker& worker, TaskLog& log);
  TaskResult RunHooks(bool on_run_start, runtime::Worker& worker, TaskLog& log);

  Workspace& workspace_;
  const graph::NodeSet selected_;
  Options options_;                 // the command's, with what the task says
  project::Invocation invocation_;  // likewise, what templates see
  std::mutex mutex_;
  std::unique_ptr<runtime::NodeRunner> runner_;  // made under mutex_, then constant
  std::vector<project::NodeResult> results_;     // guarded by mutex_
};

}  // namespace stir::engine
