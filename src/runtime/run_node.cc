#include "runtime/run_node.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json.h"
#include "project/node_info.h"
#include "runtime/adapter_object.h"
#include "runtime/compile.h"
#include "runtime/failure.h"
#include "runtime/kinds.h"
#include "runtime/materialize.h"
#include "runtime/result_timer.h"
#include "runtime/verdict.h"

namespace stir::runtime {

using project::Node;
using project::NodeResult;
using project::ResourceType;

namespace {

// The verdict on a test whose answer `run` holds.
Status ReportTest(NodeOutcome& outcome, const NodeRun& run, const StoredResult& main, bool warnings_are_errors) {
  STIR_ASSIGN(const Verdict verdict,
              Judge(main.answer.columns, main.answer.rows, *run.node().config, warnings_are_errors));
  outcome.result.status = verdict.status;
  outcome.result.message = verdict.message;
  outcome.result.failures = verdict.failures;
  return {};
}

// Puts what the statement `main` answered into the result.
Status Report(NodeOutcome& outcome, NodeRun& run) {
  const StoredResult* main = run.FindResult("main");
  if (!main)
    return Diagnostic(kNoRelations, fmt::format("materialization `{}` ran no statement named `main`",
                                                run.node().config->materialized))
        .Hint("one statement must be called `main`: its answer is the node's message");
  outcome.result.adapter_response = main->ResponseJson();
  if (run.node().type == ResourceType::kTest)
    return ReportTest(outcome, run, *main, run.state().options().warnings_are_errors);
  outcome.result.status = "success";
  outcome.result.message = main->answer.outcome.message;
  outcome.result.has_overloads = run.node().function != nullptr;
  return {};
}

// A macro's place taken by an answer.
jinja::Value Constant(std::string name, bool answer) {
  return jinja::MakeFunction(std::move(name), [answer](jinja::CallContext&, const jinja::Arguments&) {
    return Result<jinja::Value>(jinja::Value::Bool(answer));
  });
}

bool OnlyCompiled(const Node& node) { return node.IsEphemeral() || node.type == ResourceType::kAnalysis; }

// dbt's events about the phases of a node.
void Announce(NodeRun& run, std::string_view code, std::string_view name, std::string_view status, std::string text) {
  JsonWriter json;
  json.BeginObject();
  project::WriteNodeInfo(json, run.node(), status, run.began(), Timestamp{});
  json.EndObject();
  run.state().events().Emit({code, name, Level::kDebug, std::move(text), std::move(json).Take()});
}

Status RunPhases(NodeOutcome& outcome, NodeRun& run) {
  ResultTimer timer(*run.state().options().invocation->clock, outcome.result);
  Announce(run, "Q030", "NodeCompiling", "compiling", fmt::format("Began compiling node {}", run.node().unique_id));
  timer.Begin("compile");
  if (run.node().type != ResourceType::kSeed) STIR_TRY(CompileInto(outcome, run));
  timer.End();
  if (!run.node().IsEphemeral())
    Announce(run, "Q031", "NodeExecuting", "executing", fmt::format("Began executing node {}", run.node().unique_id));
  timer.Begin("execute");
  if (const BatchPart* batch = run.batch(); batch && batch->incremental) {
    run.Override("is_incremental", Constant("is_incremental", true));
    run.Override("should_full_refresh", Constant("should_full_refresh", false));
  }
  if (!OnlyCompiled(run.node())) {
    STIR_TRY(Materialize(run));
    return Report(outcome, run);
  }
  outcome.result.status = "success";
  return run.session().Rollback();  // queries of macros
}

}  // namespace

void Fail(NodeOutcome& outcome, Diagnostics errors, NodeRun& run) {
  PlaceErrors(errors, run);
  outcome.result.status = "error";
  outcome.result.message = FailureMessage(errors, run.state(), run.node(), run.run_file());
  outcome.errors = std::move(errors);
}

Status CompileInto(NodeOutcome& outcome, NodeRun& run) {
  STIR_ASSIGN(CompiledNode own, CompileNode(run));
  const CompiledNode& compiled = run.Keep(std::move(own));
  outcome.result.compiled = true;
  outcome.result.compiled_code = compiled.sql;
  if (run.node().relation_name.empty())
    run.Note([&](project::RenderedNode& rendered) { rendered.relation_name = outcome.result.relation_name; });
  Announce(run, "Q029", "WritingInjectedSQLForNode", "compiling",
           fmt::format("Writing injected SQL for node \"{}\"", run.node().unique_id));
  return run.WriteCompiledSql(compiled.sql);
}

bool StoresFailures(const Node& node, const RunState& state) {
  if (node.type != ResourceType::kTest) return false;
  if (node.config->store_failures) return *node.config->store_failures;
  return std::ranges::any_of(state.options().invocation->flags,
                             [](const auto& flag) { return flag.first == "STORE_FAILURES" && flag.second.Truthy(); });
}

NodeResult BlankResult(const Node& node, const RunState& state, const Worker& worker) {
  NodeResult result;
  result.unique_id = node.unique_id;
  result.thread_id = worker.name;
  if (node.type == ResourceType::kSeed) return result;
  result.relation_name = node.relation_name;
  if (result.relation_name.empty() && StoresFailures(node, state))
    result.relation_name = state.dialect().Render(state.manifest().RelationOf(node));
  result.compiled = false;
  return result;
}

NodeOutcome RunNode(RunState& state, const Node& node, Worker& worker, const BatchPart* batch) {
  NodeOutcome outcome{BlankResult(node, state, worker), {}, {}};
  NodeRun run(state, node, worker, Purpose::kNode, batch);
  if (Status status = RunPhases(outcome, run); !status.ok()) {
    (void)run.session().Rollback();
    Fail(outcome, std::move(status).error(), run);
  }
  (void)run.session().Release();  // a connection that is gone fails the next node
  return outcome;
}

}  // namespace stir::runtime
