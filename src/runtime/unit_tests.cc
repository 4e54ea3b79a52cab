#include "runtime/unit_tests.h"

#include <algorithm>
#include <cstdlib>
#include <variant>

#include <fmt/format.h>

#include "base/strings.h"
#include "runtime/adapter_object.h"
#include "runtime/compile.h"
#include "runtime/failure.h"
#include "runtime/kinds.h"
#include "runtime/materialize.h"
#include "runtime/result_timer.h"
#include "runtime/table_diff.h"
#include "runtime/unit_inputs.h"
#include "runtime/unit_overrides.h"

namespace stir::runtime {

using jinja::Value;
using project::Node;
using project::ResourceType;

namespace {

constexpr std::string_view kSide = "actual_or_expected";

// The tested model's query under the test's name, with what is expected as configuration.
class UnitNode {
 public:
  UnitNode(const project::Manifest& manifest, const Node& test)
      : tested_(manifest.node(test.depends_on.front())), name_(test.name) {
    if (!test.unit_test->version.empty()) name_ += fmt::format("_v{}", test.unit_test->version);
    const std::string_view file = test.original_file_path;
    path_ = fmt::format("{}{}.sql", file.substr(0, file.rfind('/') + 1), name_);
    node_.type = ResourceType::kUnitTest;
    node_.unique_id = test.unique_id;
    node_.name = node_.alias = name_;
    node_.package = test.package;
    node_.path = path_;
    node_.original_file_path = test.original_file_path;
    node_.fqn = test.fqn;
    node_.database = tested_.database;
    node_.schema = tested_.schema;
    node_.quote = tested_.quote;
    node_.raw_code = tested_.raw_code;
    node_.code = tested_.code;
    node_.code_origin = tested_.code_origin;
    node_.span = test.span;
    node_.depends_on = test.depends_on;
    node_.columns = std::make_shared<project::Columns>();
    const project::UnitTestFixture& expect = test.unit_test->expect;
    const bool sql = expect.format == "sql";
    std::vector<project::ConfigEntry> entries(3);
    entries[0].key = "materialized";
    entries[0].value = Value::String("unit");
    entries[1].key = "expected_rows";
    entries[1].value = sql ? Value::List() : expect.rows;
    entries[2].key = "expected_sql";
    entries[2].value = sql ? expect.rows : Value::None();
    node_.config = std::make_shared<project::Config>(node_.type, std::move(entries));
  }
  UnitNode(const UnitNode&) = delete;
  UnitNode& operator=(const UnitNode&) = delete;
  const Node& node() const { return node_; }
  const Node& tested() const { return tested_; }

 private:
  const Node& tested_;
  std::string name_, path_;
  Node node_;
};

// Compiles with the given rows and the overrides in place; afterwards the run is a plain one again.
Result<CompiledNode> CompileUnit(NodeRun& run, const UnitNode& unit, const Node& test) {
  UnitInputs inputs(run.manifest(), test);
  run.GiveInputs(&inputs);
  const std::string* own = inputs.Use(unit.tested().id);
  run.Override("this", own ? Value::String(*own) : Value::None());
  ApplyOverrides(run, test.unit_test->overrides);
  Result<CompiledNode> query = RenderOwn(run);
  run.GiveInputs(nullptr);
  run.DropOverrides();
  if (!query.ok()) return query;
  STIR_ASSIGN(const std::vector<NamedCte> ctes, inputs.Ctes(run.state(), run.worker()));
  return InjectCtes(*std::move(query), ctes);
}

using SortKey = std::variant<double, std::string>;

struct DiffRow {
  std::vector<std::optional<SortKey>> order;
  std::vector<std::optional<std::string>> cells;
};

// Numbers by size, all else by its text; nothing last.
std::optional<SortKey> OrderOf(const Value& value, const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const bool number = value.type() == jinja::Type::kInt || value.type() == jinja::Type::kFloat ||
                      (value.AsObject() && value.AsObject()->IsNumber());
  if (number) return SortKey(std::strtod(text->c_str(), nullptr));
  return SortKey(*text);
}

bool Before(const DiffRow& a, const DiffRow& b) {
  for (size_t i = 0; i < a.order.size(); ++i) {
    if (a.order[i] == b.order[i]) continue;
    if (!a.order[i] || !b.order[i]) return a.order[i].has_value();
    return *a.order[i] < *b.order[i];
  }
  return false;
}

// One side of the answer, in an order that does not depend on the engine.
Result<DiffTable> SideOf(const QueryResult& answer, size_t side_column, std::string_view side) {
  DiffTable table;
  for (size_t i = 0; i < answer.columns.size(); ++i) {
    if (i == side_column) continue;
    table.columns.push_back(ToLower(answer.columns[i]));
    table.booleans.push_back(std::ranges::any_of(
        answer.rows, [&](const std::vector<Value>& row) { return row[i].type() == jinja::Type::kBool; }));
  }
  std::vector<DiffRow> rows;
  for (const std::vector<Value>& values : answer.rows) {
    if (!values[side_column].IsString() || values[side_column].AsString() != side) continue;
    DiffRow& row = rows.emplace_back();
    for (size_t i = 0; i < values.size(); ++i) {
      if (i == side_column) continue;
      std::optional<std::string>& text = row.cells.emplace_back();
      if (!values[i].IsNone()) {
        STIR_ASSIGN(text, values[i].Str());
      }
      row.order.push_back(OrderOf(values[i], text));
    }
  }
  std::ranges::stable_sort(rows, Before);
  for (DiffRow& row : rows) table.rows.push_back(std::move(row.cells));
  return table;
}

Status Compare(NodeOutcome& outcome, const NodeRun& run) {
  const StoredResult* main = run.FindResult("main");
  if (!main) return Diagnostic(kNoRelations, "materialization `unit` ran no statement named `main`");
  const QueryResult& answer = main->answer;
  const auto side =
      std::ranges::find_if(answer.columns, [](const std::string& name) { return ToLower(name) == kSide; });
  if (side == answer.columns.end())
    return Diagnostic(kBadTestResult, fmt::format("the result of a unit test must have a column `{}`", kSide));
  const auto column = static_cast<size_t>(side - answer.columns.begin());
  STIR_ASSIGN(const DiffTable expected, SideOf(answer, column, "expected"));
  STIR_ASSIGN(const DiffTable actual, SideOf(answer, column, "actual"));
  const bool colors = run.state().options().colors;
  const TableDiff diff = CompareTables(expected, actual, colors);
  outcome.result.adapter_response = ResponseJson(answer.outcome);
  outcome.result.status = diff.different ? "fail" : "pass";
  outcome.result.failures = diff.different ? 1 : 0;
  if (!diff.different) return {};
  outcome.result.message = fmt::format("\n\n{} differs from {}:\n\n{}\n", colors ? "\x1b[32mactual\x1b[0m" : "actual",
                                       colors ? "\x1b[31mexpected\x1b[0m" : "expected", diff.text);
  return {};
}

// What fails while the comparison is made is most often a value that does not fit.
Diagnostics Explained(Diagnostics errors, const Node& test) {
  for (Diagnostic& error : errors)
    error.message = fmt::format(
        "An error occurred during execution of unit test '{}'. There may be an error in the "
        "unit test definition: check the data types.\n {}",
        test.name, error.message);
  return errors;
}

Status RunPhases(NodeOutcome& outcome, NodeRun& run, const UnitNode& unit, const Node& test) {
  ResultTimer timer(*run.state().options().invocation->clock, outcome.result);
  timer.Begin("compile");
  timer.End();
  timer.Begin("execute");
  STIR_ASSIGN(CompiledNode own, CompileUnit(run, unit, test));
  const CompiledNode& compiled = run.Keep(std::move(own));
  outcome.result.compiled = true;
  outcome.result.compiled_code = compiled.sql;
  STIR_TRY(run.WriteCompiledSql(compiled.sql));
  if (Status done = Materialize(run); !done.ok()) return Explained(std::move(done).error(), test);
  return Compare(outcome, run);
}

}  // namespace

NodeOutcome RunUnitTest(RunState& state, const Node& test, Worker& worker) {
  const UnitNode unit(state.manifest(), test);
  NodeOutcome outcome{BlankResult(test, state, worker), {}, {}};
  outcome.result.compiled.reset();  // known once it is
  NodeRun run(state, unit.node(), worker, Purpose::kNode);
  if (Status status = RunPhases(outcome, run, unit, test); !status.ok()) {
    (void)run.session().Rollback();
    Fail(outcome, std::move(status).error(), run);
  }
  return outcome;
}

Result<CompiledNode> CompileUnitTest(RunState& state, const Node& test, Worker& worker) {
  const UnitNode unit(state.manifest(), test);
  NodeRun run(state, unit.node(), worker, Purpose::kNode);
  Result<CompiledNode> compiled = CompileUnit(run, unit, test);
  if (compiled.ok()) {
    if (Status written = run.WriteCompiledSql(compiled->sql); !written.ok()) return std::move(written).error();
    return compiled;
  }
  Diagnostics errors = std::move(compiled).error();
  PlaceErrors(errors, run);
  return errors;
}

}  // namespace stir::runtime
