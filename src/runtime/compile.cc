#include "runtime/compile.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>

#include "base/strings.h"
#include "runtime/inject_ctes.h"
#include "runtime/object_tools.h"
#include "runtime/relation_object.h"

namespace stir::runtime {

namespace {

using graph::NodeId;
using jinja::Value;
using project::Node;

bool HasJinja(std::string_view text) {
  return text.find("{{") != text.npos || text.find("{%") != text.npos || text.find("{#") != text.npos;
}

// "ref('orders')" as an argument of a test means the relation, not the text.
bool IsBareCall(std::string_view text) {
  static constexpr auto kNames = std::to_array<std::string_view>({"env_var", "ref", "var", "source", "doc"});
  text = Strip(text);
  const size_t open = text.find('(');
  if (open == text.npos || !text.ends_with(')') || text.size() < open + 3) return false;
  return std::ranges::find(kNames, Strip(text.substr(0, open))) != kNames.end();
}

// Texts that are templates become the values they render to.
Result<Value> RenderArgument(NodeRun& run, const Value& value) {
  if (value.IsString()) {
    std::string text(value.AsString());
    if (IsBareCall(text)) text = fmt::format("{{{{ {} }}}}", text);
    if (!HasJinja(text)) return value;
    const Span span = run.node().span;
    STIR_ASSIGN(const auto parsed, jinja::Template::Parse(std::move(text), jinja::Origin{span.source, 0, false, span}));
    return jinja::RenderNative(*parsed, run);
  }
  if (value.IsSequence()) {
    std::vector<Value> items;
    for (const Value& item : value.Items()) {
      STIR_ASSIGN(Value rendered, RenderArgument(run, item));
      items.push_back(std::move(rendered));
    }
    return Value::List(std::move(items));
  }
  if (!value.IsDict()) return value;
  std::vector<std::pair<Value, Value>> entries;
  for (const auto& [key, item] : value.AsDict().entries()) {
    STIR_ASSIGN(Value rendered, RenderArgument(run, item));
    entries.emplace_back(key, std::move(rendered));
  }
  return Value::MakeDict(std::move(entries));
}

// `column_name` stays the text it is.
Result<Value> TestArguments(NodeRun& run, const project::TestPart& test) {
  std::vector<std::pair<Value, Value>> entries;
  if (!test.kwargs.IsDict()) return Value::MakeDict();
  for (const auto& [key, value] : test.kwargs.AsDict().entries()) {
    const bool column = key.IsString() && key.AsString() == "column_name";
    STIR_ASSIGN(Value rendered, column ? Result<Value>(value) : RenderArgument(run, value));
    entries.emplace_back(key, std::move(rendered));
  }
  return Value::MakeDict(std::move(entries));
}

}  // namespace

Result<CompiledNode> RenderOwn(NodeRun& run) {
  const Node& node = run.node();
  if (node.test && node.test->generic) {
    STIR_ASSIGN(Value arguments, TestArguments(run, *node.test));
    run.Set("_dbt_generic_test_kwargs", std::move(arguments));
  }
  CompiledNode compiled;
  STIR_ASSIGN(const std::shared_ptr<const jinja::Template> code, project::CodeOf(node));
  if (!code) return compiled;
  jinja::RenderOptions options;
  options.pieces = &compiled.pieces;
  STIR_ASSIGN(compiled.sql, jinja::Render(*code, run, options));
  return compiled;
}

namespace {

// It is written below target/compiled, as if it had been asked for.
Result<std::shared_ptr<const RunState::Ephemeral>> CompileEphemeral(RunState& state, NodeId id, Worker& worker) {
  if (auto known = state.FindEphemeral(id)) return known;
  NodeRun run(state, state.manifest().node(id), worker, Purpose::kNode);
  STIR_ASSIGN(const CompiledNode compiled, CompileNode(run));
  STIR_TRY(run.WriteCompiledSql(compiled.sql));
  return state.FindEphemeral(id);
}

// Parents before those that use them, each once.
Status CollectCtes(RunState& state, const std::vector<NodeId>& used, Worker& worker, std::vector<NodeId>& seen,
                   std::vector<NamedCte>& ctes) {
  for (const NodeId id : used) {
    if (std::ranges::find(seen, id) != seen.end()) continue;
    STIR_ASSIGN(const auto ephemeral, CompileEphemeral(state, id, worker));
    STIR_TRY(CollectCtes(state, ephemeral->ctes, worker, seen, ctes));
    seen.push_back(id);
    ctes.push_back({EphemeralName(state.manifest().node(id).alias), ephemeral->compiled});
  }
  return {};
}

std::vector<project::RenderedNode::Cte> NotedCtes(const project::Manifest& manifest, const std::vector<NodeId>& ids,
                                                  const std::vector<NamedCte>& ctes) {
  std::vector<project::RenderedNode::Cte> noted;
  for (size_t i = 0; i < ids.size(); ++i) {
    const std::string sql = i < ctes.size() ? fmt::format(" {} as (\n{}\n)", ctes[i].name, ctes[i].query.sql) : "";
    noted.push_back({std::string(manifest.node(ids[i]).unique_id), sql});
  }
  return noted;
}

// The query with what it needs put into it.
Result<CompiledNode> PutIn(NodeRun& run, CompiledNode own) {
  run.Note([&](project::RenderedNode& rendered) {
    rendered.code = own.sql;
    rendered.ctes = NotedCtes(run.manifest(), run.ctes(), {});
  });
  std::vector<NodeId> ids;
  std::vector<NamedCte> ctes;
  STIR_TRY(CollectCtes(run.state(), run.ctes(), run.worker(), ids, ctes));
  run.Note([&](project::RenderedNode& rendered) { rendered.ctes = NotedCtes(run.manifest(), ids, ctes); });
  return InjectCtes(std::move(own), ctes);
}

}  // namespace

namespace {

// The relations that the foreign keys of a model point at.
Status ResolveKeys(NodeRun& run) {
  const Node& node = run.node();
  if (!node.model) return {};
  std::map<std::string, std::string> targets;
  const auto resolve = [&](const Value& constraints) -> Status {
    if (!constraints.IsSequence()) return {};
    for (const Value& each : constraints.Items()) {
      const Value* to = each.IsDict() ? each.AsDict().Find("to") : nullptr;
      if (!to || !to->IsString()) continue;
      const std::string written(to->AsString());
      if (!written.starts_with("ref(") && !written.starts_with("source(")) continue;
      STIR_ASSIGN(const auto code, jinja::Template::Parse(fmt::format("{{{{ {} }}}}", written),
                                                          jinja::Origin{node.span.source, 0, false, node.span}));
      STIR_ASSIGN(targets[written], jinja::Render(*code, run, {}));
    }
    return {};
  };
  STIR_TRY(resolve(node.model->constraints));
  for (const project::Column& column : *node.columns) STIR_TRY(resolve(column.constraints));
  if (!targets.empty()) run.Note([&](project::RenderedNode& rendered) { rendered.key_targets = std::move(targets); });
  return {};
}

}  // namespace

Result<CompiledNode> CompileNode(NodeRun& run) {
  STIR_ASSIGN(CompiledNode compiled, RenderOwn(run));
  if (run.node().IsEphemeral()) run.state().KeepEphemeral(run.node().id, {compiled, run.ctes()});
  if (!run.ctes().empty()) {
    STIR_ASSIGN(compiled, PutIn(run, std::move(compiled)));
  }
  run.Note([&](project::RenderedNode& rendered) {
    rendered.code = compiled.sql;
    rendered.has_ctes = true;
  });
  STIR_TRY(ResolveKeys(run));
  return compiled;
}

}  // namespace stir::runtime
