#include "engine/compile_nodes.h"

#include <algorithm>

#include "base/strings.h"
#include "engine/narrator.h"

namespace stir::engine {
namespace {

using project::Node;

runtime::NodeOutcome CompileOne(Workbench& bench, graph::NodeId id, runtime::Worker& worker) {
  const Node& node = bench.manifest->node(id);
  runtime::NodeOutcome outcome;
  outcome.result.unique_id = node.unique_id;
  outcome.result.thread_id = worker.name;
  if (node.type != project::ResourceType::kSeed) outcome.result.relation_name = node.relation_name;
  outcome.result.status = "success";
  const Timestamp begun = bench.host.clock.Now();
  if (node.type != project::ResourceType::kSeed) {
    auto compiled = bench.runner->Compile(id, worker);
    if (compiled.ok()) {
      outcome.result.compiled = true;
      outcome.result.compiled_code = std::move(compiled->sql);
    } else {
      outcome.result.status = "error";
      outcome.result.compiled = false;
      outcome.errors = std::move(compiled).error();
      outcome.result.message = bench.runner->FailureMessage(outcome.errors, node);
    }
  }
  const Timestamp ended = bench.host.clock.Now();
  outcome.result.timing.push_back({"compile", begun, ended});
  outcome.result.timing.push_back({"execute", ended, ended});  // dbt counts both phases of every node
  outcome.result.execution_time = std::chrono::duration<double>(ended - begun).count();
  return outcome;
}

}  // namespace

Diagnostics AsCommandError(Diagnostics errors, std::string_view message, const Options& options) {
  if (options.as_dbt) errors.resize(1, errors.front());
  errors.front().dbt = {.message = "Runtime Error\n  " + ReplaceAll(message, "\n", "\n  ")};
  return errors;
}

Status Compiled(const RunResults& results, const Options& options) {
  Diagnostics errors;
  std::string_view first;
  for (const NodeReport& report : results.reports) {
    if (errors.empty()) first = report.result.message;
    Append(errors, report.diagnostics);
  }
  return errors.empty() ? Status() : AsCommandError(std::move(errors), first, options);
}

Result<RunResults> CompileSelected(Workbench& bench) {
  const Timestamp begun = bench.host.clock.Now();
  STIR_ASSIGN(NodePlan plan, MakeNodePlan(*bench.manifest, bench.selected, PlanEdges::kParents));
  for (PlannedNode& planned : plan.nodes) planned.ephemeral = false;  // here each has its own result
  NarratorStyle style = bench.setting->narrator_style(bench.options);
  style.words = NodeWords::kNone;
  const Narrator narrator(bench.host.events, bench.host.sources, std::move(style));
  const ExecuteRequest request{
      .manifest = *bench.manifest,
      .plan = plan,
      .action = [&](graph::NodeId id, runtime::Worker& worker) { return CompileOne(bench, id, worker); },
      .clock = bench.host.clock,
      .narrator = &narrator,
      .cancel = bench.host.cancel,
      .threads = bench.setting->target.profile.threads};
  STIR_ASSIGN(RunResults results, Execute(request, *bench.engine));
  const double elapsed = std::chrono::duration<double>(bench.host.clock.Now() - begun).count();
  // Ephemeral models are results only where they were asked for.
  const bool asked = bench.options.command == "compile" && !bench.options.selection.select.empty();
  if (!asked) std::erase_if(results.reports, [](const NodeReport& report) { return report.node->IsEphemeral(); });
  // As dbt, a node that does not compile ends the command before there are artifacts.
  const bool good = std::ranges::all_of(results.reports, [](const auto& report) { return report.diagnostics.empty(); });
  if (good) STIR_TRY(bench.WriteArtifacts(results.reports, elapsed));
  return results;
}

}  // namespace stir::engine
