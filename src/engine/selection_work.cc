#include "engine/selection_work.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/diagnostic_text.h"
#include "base/json.h"
#include "engine/kinds.h"
#include "engine/run_nodes.h"

namespace stir::engine {
namespace {

// A test that found rows finds them again; so does an error in the user's own SQL or templates.
scheduler::Outcome OutcomeOf(const runtime::NodeOutcome& outcome) {
  const std::string& status = outcome.result.status;
  if (status == "fail") return scheduler::Outcome::Failed(/*retryable=*/false);
  if (status == "error" || status == "runtime error" || status == "partial success")
    return FailedTask(outcome.errors).outcome;
  return scheduler::Outcome::Success();
}

std::string OutputsOf(const project::NodeResult& result) {
  Json outputs = {{"status", result.status}};
  if (result.failures) outputs["failures"] = *result.failures;
  const Json response = ReadJson(result.adapter_response);
  if (response.is_object() && response.contains("rows_affected") && response["rows_affected"].is_number_integer())
    outputs["rows"] = response["rows_affected"];
  return WriteJson(outputs);
}

TaskResult ResultOf(runtime::NodeOutcome outcome, TaskLog& log) {
  TaskResult result;
  result.outcome = OutcomeOf(outcome);
  result.outputs = OutputsOf(outcome.result);
  if (outcome.errors.empty()) result.message = outcome.result.message;  // else the error's own place and words
  if (!outcome.result.compiled_code.empty()) log.Write(outcome.result.compiled_code);
  result.errors = std::move(outcome.errors);
  return result;
}

}  // namespace

SelectionWork::SelectionWork(Workspace& workspace, graph::NodeSet selected, bool full_refresh)
    : workspace_(workspace),
      selected_(std::move(selected)),
      options_(workspace.options()),
      invocation_(workspace.setting().invocation) {
  options_.full_refresh = options_.full_refresh || full_refresh;
  for (auto& [name, value] : invocation_.flags)
    if (name == "FULL_REFRESH") value = jinja::Value::Bool(options_.full_refresh);
}

SelectionWork::~SelectionWork() = default;

Status SelectionWork::Prepare(runtime::Worker& worker) {
  const std::scoped_lock lock(mutex_);
  if (runner_) return {};
  STIR_ASSIGN(adapter::Adapter * engine, workspace_.Target());
  runtime::RunnerOptions options =
      MakeRunnerOptions(workspace_.setting(), *workspace_.manifest(), selected_, workspace_.host(), options_);
  options.invocation = &invocation_;
  auto runner = std::make_unique<runtime::NodeRunner>(workspace_.manifest(), *engine, std::move(options));
  STIR_TRY(runner->Prepare(selected_.ToVector(), worker));
  runner_ = std::move(runner);
  return {};
}

TaskResult SelectionWork::Run(const RunTask& task, const std::string& thread, TaskLog& log,
                              Interruption& interruption) {
  auto lease = workspace_.LeaseTarget();
  if (!lease.ok()) return FailedTask(std::move(lease).error());
  const Interruption::Watch watch(interruption, lease->get());
  runtime::Worker worker{lease->get(), thread};
  if (Status ready = Prepare(worker); !ready.ok()) return FailedTask(ready.error());
  return task.node ? RunNode(*task.node, worker, log) : RunHooks(task.hooks == RunTask::Hooks::kStart, worker, log);
}

TaskResult SelectionWork::RunNode(graph::NodeId node, runtime::Worker& worker, TaskLog& log) {
  runtime::NodeOutcome outcome = runner_->Run(node, worker);
  {
    const std::scoped_lock lock(mutex_);
    results_.push_back(outcome.result);
  }
  return ResultOf(std::move(outcome), log);
}

TaskResult SelectionWork::RunHooks(bool on_run_start, runtime::Worker& worker, TaskLog& log) {
  std::vector<project::NodeResult> results;
  {
    const std::scoped_lock lock(mutex_);
    results = results_;
  }
  TaskResult result;
  for (runtime::NodeOutcome& outcome : runner_->RunHooks(on_run_start, results, worker)) {
    result = ResultOf(std::move(outcome), log);
    if (result.outcome.kind == scheduler::Outcome::Kind::kFailed) return result;
  }
  return result;
}

}  // namespace stir::engine
