#include "runtime/materialize.h"

#include <fmt/format.h>

#include "runtime/kinds.h"
#include "runtime/relation_object.h"

namespace stir::runtime {

namespace {

using jinja::Value;

Result<const project::Macro*> FindMaterialization(NodeRun& run, std::string_view name) {
  const project::Node& node = run.node();
  if (const project::Macro* macro = run.manifest().macros().Materialization(name)) return macro;
  const std::string& engine = run.state().dialect().name;
  return Diagnostic(kMaterializationNotFound,
                    fmt::format("No materialization '{}' was found for adapter {}! (searched types 'default' and '{}')",
                                name, engine, engine),
                    node.config->Where("materialized"));
}

// What the materialization made: `return({'relations': [...]})`.
Status KeepRelations(NodeRun& run, const Value& answer) {
  const Value* relations = answer.IsDict() ? answer.AsDict().Find("relations") : nullptr;
  if (!relations || !relations->IsSequence())
    return Diagnostic(kNoRelations, fmt::format("materialization `{}` must return a dict with a list of `relations`",
                                                run.node().config->materialized))
        .Hint("end it with {{ return({'relations': [target_relation]}) }}");
  for (const Value& each : relations->Items()) {
    const adapter::Relation* relation = AsRelation(each);
    if (!relation)
      return Diagnostic(kNoRelations, fmt::format("`relations` must hold relations, not {}", each.TypeName()));
    if (relation->type == adapter::RelationType::kFunction) continue;  // a table may have the same name
    run.Touch(*relation);
    run.state().relations().Add(*relation);
  }
  return {};
}

Status CallMaterialization(NodeRun& run, std::string_view name) {
  STIR_ASSIGN(const project::Macro* macro, FindMaterialization(run, name));
  STIR_ASSIGN(const Value answer, jinja::CallValue(macro->callable, {}, run));
  return KeepRelations(run, answer);
}

}  // namespace

namespace {

Status Carry(NodeRun& run, std::string_view name) {
  // dbt counts what a test, a function and a clone call themselves; what others call is their materialization's.
  const bool counts = run.node().test || run.node().function || name == "clone";
  run.DependOnMacrosAt(counts ? std::optional<size_t>(1) : std::nullopt);
  Status done = CallMaterialization(run, name);
  Status ended = run.session().Rollback();  // what the materialization did not commit
  if (done.ok()) return ended;
  (void)run.state().relations().Refresh(run.session().connection(),
                                        run.touched());  // the first error is the one to tell
  return done;
}

}  // namespace

Status Materialize(NodeRun& run) { return Carry(run, run.node().config->materialized); }

// `sql` is what a view on the deferred relation is made of.
Status CloneRelation(NodeRun& run) {
  const adapter::Relation* deferred = run.state().FindDeferred(run.node().unique_id);
  if (deferred) {
    CompiledNode copy;
    copy.sql = "select * from " + run.state().dialect().Render(*deferred);
    run.Keep(std::move(copy));
  }
  return Carry(run, "clone");
}

}  // namespace stir::runtime
