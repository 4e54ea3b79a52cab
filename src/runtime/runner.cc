// The public surface: each call is a list of the room's phases.
#include "runtime/runner.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "project/node_info.h"
#include "runtime/adapter_object.h"
#include "runtime/batches.h"
#include "runtime/catalog.h"
#include "runtime/compile.h"
#include "runtime/failure.h"
#include "runtime/hook_results.h"
#include "runtime/kinds.h"
#include "runtime/mapped_text.h"
#include "runtime/materialize.h"
#include "runtime/node_run.h"
#include "runtime/relation_object.h"
#include "runtime/result_timer.h"
#include "runtime/run_node.h"
#include "runtime/scratch_node.h"
#include "runtime/source_freshness.h"
#include "runtime/unit_tests.h"

namespace stir::runtime {

namespace {

using graph::NodeId;
using jinja::Value;
using project::Node;
using project::NodeResult;
using project::ResourceType;

// Through the macro that a project may replace.
Status CreateSchema(NodeRun& run, const std::string& database, const std::string& schema) {
  const project::Macro* macro = run.manifest().macros().Resolve(run.manifest().project_name(), "create_schema");
  if (!macro) return Diagnostic(kNoMacro, "macro `create_schema` not found");
  adapter::Relation relation{database,
                             schema,
                             "",
                             adapter::RelationType::kUnknown,
                             run.state().quote_policy(),
                             run.state().dialect().default_include};
  const Value argument = MakeRelation(run.state().dialect(), std::move(relation));
  STIR_TRY(jinja::CallValue(macro->callable, jinja::Arguments{std::span(&argument, 1), {}}, run));
  return run.session().Commit();
}

bool NeedsSchema(const Node& node, const RunState& state) {
  return (node.IsRefable() && !node.IsEphemeral()) || node.function || StoresFailures(node, state);
}

}  // namespace

NodeRunner::NodeRunner(std::shared_ptr<const project::Manifest> manifest, adapter::Adapter& engine,
                       RunnerOptions options)
    : state_(std::make_unique<RunState>(std::move(manifest), engine, std::move(options))) {}
NodeRunner::~NodeRunner() = default;

const project::RenderedNodes& NodeRunner::rendered() const { return state_->rendered(); }

std::string NodeRunner::FailureMessage(const Diagnostics& errors, const Node& node) const {
  return runtime::FailureMessage(errors, *state_, node);
}

Status NodeRunner::Prepare(std::span<const NodeId> selected, Worker& worker) {
  std::set<std::pair<std::string, std::string>> wanted;
  for (const NodeId id : selected) {
    const Node& node = state_->manifest().node(id);
    if (NeedsSchema(node, *state_)) wanted.emplace(node.database, node.schema);
  }
  ScratchNode scratch(state_->manifest(), *state_->options().target, "create_schemas", ResourceType::kOperation);
  NodeRun run(*state_, scratch.node(), worker, Purpose::kOperation);
  for (const auto& [database, schema] : wanted) {
    STIR_ASSIGN(const std::vector<std::string> existing, worker.connection->ListSchemas(database));
    const auto same = [&](const std::string& name) { return state_->dialect().SameName(name, schema); };
    if (std::ranges::none_of(existing, same)) STIR_TRY(CreateSchema(run, database, schema));
    STIR_TRY(state_->relations().Load(*worker.connection, database, schema));
  }
  return {};
}

Result<CompiledNode> NodeRunner::Compile(NodeId node, Worker& worker) {
  if (state_->manifest().node(node).unit_test) return CompileUnitTest(*state_, state_->manifest().node(node), worker);
  const bool hook = state_->manifest().node(node).operation != nullptr;
  NodeRun run(*state_, state_->manifest().node(node), worker, hook ? Purpose::kOperation : Purpose::kNode);
  NodeOutcome outcome;
  Status status = CompileInto(outcome, run);
  (void)run.session().Rollback();  // queries of macros
  if (status.ok()) return *run.compiled();
  Diagnostics errors = std::move(status).error();
  PlaceErrors(errors, run);
  return errors;
}

NodeOutcome NodeRunner::Run(NodeId id, Worker& worker) {
  const Node& node = state_->manifest().node(id);
  if (node.unit_test) return RunUnitTest(*state_, node, worker);
  return IsMicrobatch(node) ? RunBatches(*state_, node, worker) : RunNode(*state_, node, worker);
}

std::vector<NodeOutcome> NodeRunner::RunHooks(bool on_run_start, std::span<const NodeResult> results, Worker& worker) {
  std::vector<NodeOutcome> outcomes;
  const std::span<const NodeId> hooks =
      on_run_start ? state_->manifest().on_run_start() : state_->manifest().on_run_end();
  bool failed = false;
  for (const NodeId id : hooks) {
    const int number = static_cast<int>(outcomes.size()) + 1;
    outcomes.push_back(failed ? SkipHook(*state_, id, number) : RunHook(*state_, id, number, results, worker));
    failed = failed || !outcomes.back().errors.empty();
  }
  return outcomes;
}

namespace {

// Inline SQL as a node of its own; the template keeps its text.
Result<std::unique_ptr<ScratchNode>> InlineNode(RunState& state, std::string sql) {
  const RunnerOptions& options = state.options();
  const SourceId source = options.sources ? options.sources->Add("<inline>", sql) : SourceId{};
  STIR_ASSIGN(auto code, jinja::Template::Parse(sql, jinja::Origin{source, 0, true, {}}));
  return std::make_unique<ScratchNode>(state.manifest(), *options.target, "inline_query", ResourceType::kSqlOperation,
                                       std::move(sql), std::move(code));
}

// Compiles what `run` is about and reads the first rows of it.
Result<Preview> ShowRun(NodeRun& run, std::optional<int64_t> limit, bool writes) {
  Preview preview;
  if (run.node().type == ResourceType::kSeed || run.node().type == ResourceType::kSnapshot) {
    AppendLiteral(preview.compiled,
                  "select * from " + run.state().dialect().Render(run.manifest().RelationOf(run.node())));
  } else {
    STIR_ASSIGN(preview.compiled, CompileNode(run));
    if (writes) STIR_TRY(run.WriteCompiledSql(preview.compiled.sql));
  }
  run.Keep(preview.compiled);
  const project::Macro* macro = run.manifest().macros().Resolve(run.manifest().project_name(), "get_show_sql");
  if (!macro) return Diagnostic(kNoMacro, "macro `get_show_sql` not found");
  const std::string& header = run.node().config->sql_header;
  run.DependOnMacrosAt(run.node().type == ResourceType::kSeed ? std::nullopt : std::optional<size_t>(1));
  const std::array<Value, 3> arguments{Value::String(preview.compiled.sql),
                                       header.empty() ? Value::None() : Value::String(header),
                                       limit ? Value::Int(*limit) : Value::None()};
  STIR_ASSIGN(const Value sql_value, jinja::CallValue(macro->callable, jinja::Arguments{arguments, {}}, run));
  STIR_ASSIGN(preview.sql, sql_value.Str());
  run.Note([&](project::RenderedNode& rendered) { rendered.code = preview.sql; });
  STIR_ASSIGN(const std::unique_ptr<adapter::Rows> rows, run.session().Open(preview.sql));
  preview.columns = rows->columns();
  std::vector<adapter::Cell> row;
  while (true) {
    STIR_ASSIGN(const bool more, rows->Next(row));
    if (!more) break;
    preview.rows.push_back(row);
  }
  preview.outcome = rows->outcome();
  return preview;
}

// Ends what a look at something began, and places its errors.
template <typename T>
Result<T> Finish(Result<T> result, NodeRun& run) {
  (void)run.session().Rollback();
  if (result.ok()) return result;
  Diagnostics errors = std::move(result).error();
  PlaceErrors(errors, run);
  return errors;
}

}  // namespace

Result<std::unique_ptr<ScratchNode>> NodeRunner::ParseInline(std::string sql) {
  return InlineNode(*state_, std::move(sql));
}

Result<CompiledNode> NodeRunner::CompileInline(const ScratchNode& query, Worker& worker) {
  NodeRun run(*state_, query.node(), worker, Purpose::kInline);
  const auto compile = [&]() -> Result<CompiledNode> {
    STIR_ASSIGN(CompiledNode compiled, CompileNode(run));
    STIR_TRY(run.WriteCompiledSql(compiled.sql));
    return compiled;
  };
  return Finish(compile(), run);
}

Result<Preview> NodeRunner::Show(NodeId node, std::optional<int64_t> limit, Worker& worker) {
  NodeRun run(*state_, state_->manifest().node(node), worker, Purpose::kNode);
  return Finish(ShowRun(run, limit, true), run);
}

Result<Preview> NodeRunner::ShowInline(const ScratchNode& query, std::optional<int64_t> limit, Worker& worker,
                                       bool writes) {
  NodeRun run(*state_, query.node(), worker, Purpose::kInline);
  return Finish(ShowRun(run, limit, writes), run);
}

namespace {

// dbt counts both phases of every node, also where there is nothing to compile.
void BeginExecute(ResultTimer& timer) {
  timer.Begin("compile");
  timer.End();
  timer.Begin("execute");
}

Status FreshnessInto(NodeOutcome& outcome, NodeRun& run) {
  ResultTimer timer(*run.state().options().invocation->clock, outcome.result);
  BeginExecute(timer);
  STIR_ASSIGN(const Freshness freshness, AskFreshness(run));
  outcome.result.status = FreshnessStatus(freshness, *run.node().source);
  outcome.result.adapter_response = freshness.adapter_response;
  outcome.freshness = freshness;
  return {};
}

Status CloneInto(NodeOutcome& outcome, NodeRun& run) {
  ResultTimer timer(*run.state().options().invocation->clock, outcome.result);
  BeginExecute(timer);
  STIR_TRY(CloneRelation(run));
  outcome.result.status = "success";
  outcome.result.message = "No-op";
  if (const StoredResult* main = run.FindResult("main")) {
    outcome.result.message = main->answer.outcome.message;
    outcome.result.adapter_response = main->ResponseJson();
  }
  return {};
}

// What `sql` answered.
Status InlineInto(NodeOutcome& outcome, RunState& state, std::string sql, const std::function<void()>& on_compiled,
                  Worker& worker) {
  ResultTimer timer(*state.options().invocation->clock, outcome.result);
  BeginExecute(timer);
  STIR_ASSIGN(const auto scratch, InlineNode(state, std::move(sql)));
  NodeRun run(state, scratch->node(), worker, Purpose::kStatement);
  const auto send = [&]() -> Result<adapter::Outcome> {
    STIR_ASSIGN(CompiledNode own, CompileNode(run));
    const CompiledNode& compiled = run.Keep(std::move(own));
    on_compiled();
    STIR_ASSIGN(adapter::Outcome sent, run.session().Execute(compiled.sql, /*auto_begin=*/true));
    STIR_TRY(run.session().Commit());
    return sent;
  };
  STIR_ASSIGN(const adapter::Outcome sent, Finish(send(), run));
  outcome.result.message = sent.message;
  outcome.result.adapter_response = WholeResponseJson(sent);
  return {};
}

}  // namespace

NodeOutcome NodeRunner::CheckFreshness(NodeId id, Worker& worker) {
  const Node& node = state_->manifest().node(id);
  NodeOutcome outcome{BlankResult(node, *state_, worker), {}, {}};
  NodeRun run(*state_, node, worker, Purpose::kNode);
  Status asked = FreshnessInto(outcome, run);
  (void)run.session().Rollback();
  if (!asked.ok()) {
    Fail(outcome, std::move(asked).error(), run);
    outcome.result.status = "runtime error";
  }
  return outcome;
}

NodeOutcome NodeRunner::Clone(NodeId id, Worker& worker) {
  const Node& node = state_->manifest().node(id);
  NodeOutcome outcome{BlankResult(node, *state_, worker), {}, {}};
  NodeRun run(*state_, node, worker, Purpose::kNode);
  if (Status cloned = CloneInto(outcome, run); !cloned.ok()) {
    (void)run.session().Rollback();
    Fail(outcome, std::move(cloned).error(), run);
  }
  return outcome;
}

Result<std::vector<CatalogColumn>> NodeRunner::Catalog(std::span<const NodeId> nodes, Worker& worker) {
  ScratchNode scratch(state_->manifest(), *state_->options().target, "generate_catalog", ResourceType::kOperation);
  NodeRun run(*state_, scratch.node(), worker, Purpose::kOperation);
  return Finish(AskCatalog(run, nodes), run);
}

NodeOutcome NodeRunner::RunInline(std::string sql, const std::function<void()>& on_compiled, Worker& worker) {
  NodeOutcome outcome;
  outcome.result.thread_id = worker.name;
  if (Status sent = InlineInto(outcome, *state_, std::move(sql), on_compiled, worker); !sent.ok())
    outcome.errors = std::move(sent).error();
  return outcome;
}

Result<Value> NodeRunner::CallMacro(std::string_view name, std::vector<std::pair<std::string, Value>> arguments,
                                    Worker& worker) {
  const project::MacroIndex& macros = state_->manifest().macros();
  const size_t dot = name.find('.');
  const project::Macro* macro = dot == name.npos ? macros.Resolve(state_->manifest().project_name(), name)
                                                 : macros.Find(name.substr(0, dot), name.substr(dot + 1));
  if (!macro)
    return Diagnostic(kNoMacro, fmt::format("dbt could not find a macro with the name '{}' in any package", name));
  ScratchNode scratch(state_->manifest(), *state_->options().target, std::string(name), ResourceType::kOperation);
  NodeRun run(*state_, scratch.node(), worker, Purpose::kOperation);
  std::vector<jinja::KeywordArgument> keywords;
  for (auto& [keyword, value] : arguments) keywords.push_back({keyword, std::move(value)});
  Result<Value> result = jinja::CallValue(macro->callable, jinja::Arguments{{}, keywords}, run);
  if (result.ok()) {
    if (Status committed = run.session().Commit(); !committed.ok()) result = std::move(committed).error();
  }
  return Finish(std::move(result), run);
}

}  // namespace stir::runtime
