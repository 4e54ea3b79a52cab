#include "runtime/unit_inputs.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "runtime/kinds.h"
#include "runtime/mapped_text.h"
#include "runtime/relation_object.h"

namespace stir::runtime {

using graph::NodeId;
using jinja::Value;
using project::Node;
using project::UnitTestFixture;

namespace {

std::string_view Identifier(const Node& node) { return node.source ? node.source->identifier : node.alias; }

// A model of the input's name and relation, whose rows are given: what the fixture's macros see as `model` and `this`.
class StandIn {
 public:
  StandIn(const Node& original, const Node& test)
      : unique_id_(fmt::format("model.{}.{}", original.package, original.name)),
        path_(fmt::format("{}.sql", original.name)) {
    node_.type = project::ResourceType::kModel;
    node_.unique_id = unique_id_;
    node_.name = original.name;
    node_.package = original.package;
    node_.path = path_;
    node_.original_file_path = test.original_file_path;
    node_.database = original.database;
    node_.schema = original.schema;
    node_.alias = Identifier(original);
    node_.quote = original.source ? original.source->quote : original.quote;
    node_.span = test.span;
    std::vector<project::ConfigEntry> entries(1);
    entries[0].key = "materialized";
    entries[0].value = Value::String("ephemeral");
    node_.config = std::make_shared<project::Config>(node_.type, std::move(entries));
    node_.columns = std::make_shared<project::Columns>();
  }
  StandIn(const StandIn&) = delete;
  StandIn& operator=(const StandIn&) = delete;
  const Node& node() const { return node_; }

 private:
  std::string unique_id_, path_;
  Node node_;
};

// dbt tells of the input, as of a model, what goes wrong with its rows.
Diagnostics OfInput(Diagnostics errors, const Node& input) {
  for (Diagnostic& error : errors) error.subject = fmt::format("model {} ({})", input.name, input.original_file_path);
  return errors;
}

// SQL as it is written, with Jinja in it.
Result<CompiledNode> RenderSql(const UnitTestFixture& fixture, NodeRun& run) {
  STIR_ASSIGN(std::string text, fixture.rows.Str());
  const Span span = fixture.span ? fixture.span : run.node().span;
  STIR_ASSIGN(const auto parsed, jinja::Template::Parse(std::move(text), jinja::Origin{span.source, 0, false, span}));
  CompiledNode compiled;
  jinja::RenderOptions options;
  options.pieces = &compiled.pieces;
  STIR_ASSIGN(compiled.sql, jinja::Render(*parsed, run, options));
  return compiled;
}

// Rows become SQL by the macro that an engine may replace.
Result<CompiledNode> RenderRows(const UnitTestFixture& fixture, NodeRun& run) {
  const project::Macro* macro = run.manifest().macros().Resolve(run.node().package, "get_fixture_sql");
  if (!macro) return Diagnostic(kNoMacro, "macro `get_fixture_sql` not found");
  const std::array<Value, 2> arguments{project::Thaw(fixture.rows), Value::None()};
  STIR_ASSIGN(const Value sql, jinja::CallValue(macro->callable, jinja::Arguments{arguments, {}}, run));
  STIR_ASSIGN(const std::string text, sql.Str());
  CompiledNode compiled;
  AppendLiteral(compiled, text);
  return compiled;
}

}  // namespace

UnitInputs::UnitInputs(const project::Manifest& manifest, const Node& test) : manifest_(manifest), test_(test) {
  for (const UnitTestFixture& fixture : test.unit_test->given)
    if (fixture.node) inputs_.push_back({&fixture, EphemeralName(Identifier(manifest.node(*fixture.node)))});
}

UnitInputs::Input* UnitInputs::Find(NodeId target) {
  const auto found = std::ranges::find_if(inputs_, [&](const Input& input) { return *input.fixture->node == target; });
  return found == inputs_.end() ? nullptr : &*found;
}

const std::string* UnitInputs::Use(NodeId target) {
  const Input* input = Find(target);
  if (!input) return nullptr;
  if (std::ranges::find(used_, input) == used_.end()) used_.push_back(input);
  return &input->name;
}

Result<std::vector<NamedCte>> UnitInputs::Ctes(RunState& state, Worker& worker) const {
  std::vector<NamedCte> ctes;
  for (const Input* input : used_) {
    const StandIn stand_in(manifest_.node(*input->fixture->node), test_);
    NodeRun run(state, stand_in.node(), worker, Purpose::kNode);
    const bool sql = input->fixture->format == "sql";
    Result<CompiledNode> query = sql ? RenderSql(*input->fixture, run) : RenderRows(*input->fixture, run);
    if (!query.ok()) return OfInput(std::move(query).error(), stand_in.node());
    STIR_TRY(run.WriteCompiledSql(query->sql));
    ctes.push_back({input->name, *std::move(query)});
  }
  return ctes;
}

}  // namespace stir::runtime
