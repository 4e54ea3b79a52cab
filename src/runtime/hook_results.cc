#include "runtime/hook_results.h"

#include <algorithm>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "pylib/convert.h"
#include "pylib/modules.h"
#include "runtime/compile.h"
#include "runtime/failure.h"
#include "runtime/node_values.h"
#include "runtime/object_tools.h"
#include "runtime/result_timer.h"

namespace stir::runtime {

namespace {

using jinja::Value;
using project::Node;
using project::NodeResult;
using project::ResourceType;

Value JsonValue(const std::string& text) {
  const Json json = ReadJson(text);
  return json.is_discarded() ? Value::MakeDict() : pylib::FromJson(json);
}

Value TimingValue(const std::vector<project::PhaseTiming>& phases) {
  std::vector<Value> items;
  for (const project::PhaseTiming& phase : phases)
    items.push_back(MakeRecord("TimingInfo", {{"name", Value::String(phase.name)},
                                              {"started_at", pylib::MakeDatetimeUtc(phase.started_at)},
                                              {"completed_at", pylib::MakeDatetimeUtc(phase.completed_at)}}));
  return Value::List(std::move(items));
}

// dbt's RunResult, as templates read it.
Value ResultValue(const project::Manifest& manifest, const NodeResult& result) {
  const Node* node = manifest.Find(result.unique_id);
  CompiledNode compiled;
  compiled.sql = result.compiled_code;
  const CompiledNode* code = result.compiled.value_or(false) ? &compiled : nullptr;
  return MakeRecord("RunResult", {{"status", Value::String(result.status)},
                                  {"timing", TimingValue(result.timing)},
                                  {"thread_id", Value::String(result.thread_id)},
                                  {"execution_time", Value::Float(result.execution_time)},
                                  {"adapter_response", JsonValue(result.adapter_response)},
                                  {"message", TextOrNone(result.message)},
                                  {"failures", result.failures ? Value::Int(*result.failures) : Value::None()},
                                  {"node", node ? NodeDict(manifest, *node, Nulls::kKept, code) : Value::None()},
                                  {"agate_table", Value::None()},
                                  {"batch_results", Value::None()},
                                  {"overload_results", Value::None()}});
}

bool MadeARelation(const Node& node, const NodeResult& result) {
  if (result.status == "error" || result.status == "fail" || result.status == "skipped") return false;
  const bool stored_test = node.type == ResourceType::kTest && !result.relation_name.empty();
  return (node.IsRefable() && !node.IsEphemeral()) || stored_test;
}

void SetResults(NodeRun& run, std::span<const NodeResult> results) {
  std::vector<Value> items, schemas, pairs;
  std::vector<std::pair<project::Text, project::Text>> seen;
  for (const NodeResult& result : results) {
    const Node* node = run.manifest().Find(result.unique_id);
    if (node && node->IsEphemeral()) continue;
    items.push_back(ResultValue(run.manifest(), result));
    if (!node || !MadeARelation(*node, result)) continue;
    const std::pair pair(node->database, node->schema);
    if (std::ranges::find(seen, pair) != seen.end()) continue;
    if (std::ranges::find(seen, node->schema, &decltype(seen)::value_type::second) == seen.end())
      schemas.push_back(TextValue(node->schema));
    pairs.push_back(Value::Tuple({TextValue(node->database), TextValue(node->schema)}));
    seen.push_back(pair);
  }
  run.Set("results", Value::List(std::move(items)));
  run.Set("schemas", Value::List(std::move(schemas)));
  run.Set("database_schemas", Value::List(std::move(pairs)));
}

Status RunPhases(NodeRun& run, NodeOutcome& outcome) {
  ResultTimer timer(*run.state().options().invocation->clock, outcome.result);
  timer.Begin("compile");
  STIR_ASSIGN(CompiledNode own, CompileNode(run));
  const CompiledNode& compiled = run.Keep(std::move(own));
  outcome.result.compiled = true;
  outcome.result.compiled_code = compiled.sql;
  STIR_TRY(run.WriteCompiledSql(compiled.sql));
  timer.End();
  timer.Begin("execute");
  if (Strip(compiled.sql).empty()) return run.session().Commit();
  STIR_TRY(run.session().Execute(compiled.sql, /*auto_begin=*/false));
  return run.session().Commit();
}

}  // namespace

std::string HookName(const Node& hook, int number) {
  return fmt::format("{}.{}.{}", hook.package, hook.operation->on_run_start ? "on-run-start" : "on-run-end",
                     number - 1);
}

NodeOutcome RunHook(RunState& state, graph::NodeId hook, int number, std::span<const NodeResult> results,
                    Worker& worker) {
  const Node& node = state.manifest().node(hook);
  NodeOutcome outcome = SkipHook(state, hook, number);
  NodeRun run(state, node, worker, Purpose::kOperation);
  if (!node.operation->on_run_start) SetResults(run, results);
  Status sent = RunPhases(run, outcome);
  outcome.result.failures = sent.ok() ? 0 : 1;
  outcome.result.status = sent.ok() ? "success" : "error";
  outcome.result.message = HookName(node, number) + " passed";
  if (sent.ok()) return outcome;
  (void)run.session().Rollback();
  outcome.errors = std::move(sent).error();
  PlaceErrors(outcome.errors, run);
  outcome.result.message =
      fmt::format("{} failed, error:\n {}", HookName(node, number), outcome.errors.front().message);
  return outcome;
}

NodeOutcome SkipHook(RunState& state, graph::NodeId hook, int number) {
  const Node& node = state.manifest().node(hook);
  state.Note(hook, [&](project::RenderedNode& rendered) { rendered.hook_number = number; });
  NodeOutcome outcome;
  outcome.result.unique_id = node.unique_id;
  outcome.result.thread_id = "main";
  outcome.result.compiled = false;
  outcome.result.failures = 1;
  outcome.result.status = "skipped";
  outcome.result.message = HookName(node, number) + " skipped";
  return outcome;
}

}  // namespace stir::runtime
