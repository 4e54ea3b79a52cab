#include "runtime/references.h"

#include <algorithm>

#include <fmt/format.h>

#include "jinja/template.h"
#include "project/kinds.h"
#include "runtime/kinds.h"
#include "runtime/node_run.h"
#include "runtime/object_tools.h"
#include "runtime/relation_object.h"
#include "runtime/unit_inputs.h"

namespace stir::runtime {

namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;
using project::Lookup;
using project::Node;

struct RefArguments {
  std::string package, name, version;
  std::string Written() const {
    const std::string in = package.empty() ? "" : fmt::format("'{}', ", package);
    return fmt::format("ref({}'{}'{})", in, name, version.empty() ? "" : fmt::format(", v={}", version));
  }
};

Result<RefArguments> ReadRef(const Arguments& arguments) {
  RefArguments ref;
  std::vector<std::string> parts;
  for (const Value& value : arguments.positional) {
    STIR_ASSIGN(std::string text, value.Str());
    parts.push_back(std::move(text));
  }
  if (parts.empty() || parts.size() > 2)
    return Diagnostic(project::kBadCall, fmt::format("ref() takes at most two arguments ({} given)", parts.size()));
  ref.name = parts.back();
  if (parts.size() == 2) ref.package = parts.front();
  for (const auto& [keyword, value] : arguments.keywords) {
    if (keyword != "version" && keyword != "v")
      return Diagnostic(project::kBadCall, fmt::format("`ref` does not know the argument `{}`", keyword));
    if (value.IsNone()) continue;
    STIR_ASSIGN(ref.version, value.Str());
  }
  return ref;
}

// As Python's title(): "Sql_Operation".
std::string Titled(std::string_view type) {
  std::string text(type);
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == 0 || text[i - 1] == '_') text[i] = ToUpper(text.substr(i, 1)).front();
  }
  return text;
}

Diagnostic NotFound(const Node& asker, const RefArguments& ref, const project::Resolved& resolved) {
  const std::string_view why = resolved.lookup == Lookup::kDisabled ? "is disabled" : "was not found";
  const std::string in = ref.package.empty() ? "" : fmt::format(" in package or project '{}'", ref.package);
  const std::string at = ref.version.empty() ? "" : fmt::format(" with version '{}'", ref.version);
  return Diagnostic(resolved.lookup == Lookup::kDisabled ? project::kRefDisabled : project::kRefNotFound,
                    fmt::format("{} '{}' ({}) depends on a node named '{}'{}{} which {}",
                                Titled(project::ResourceTypeName(asker.type)), asker.unique_id,
                                asker.original_file_path, ref.name, at, in, why));
}

Diagnostic Undeclared(const Node& asker, const RefArguments& ref, Span where) {
  const std::string_view type = project::ResourceTypeName(asker.type);
  return Diagnostic(
      kUndeclaredRef,
      fmt::format("dbt was unable to infer all dependencies for the {0} \"{1}\".\n"
                  "This typically happens when ref() is placed within a conditional block.\n\n"
                  "To fix this, add the following hint to the top of the {0} \"{1}\":\n\n-- depends_on: {{{{ {2} }}}}",
                  type, asker.name, ref.Written()),
      where);
}

Value CteRelation(NodeRun& run, std::string name) {
  adapter::Relation relation;
  relation.identifier = std::move(name);
  relation.type = adapter::RelationType::kCte;
  relation.quote = {false, false, false};
  relation.include = {false, false, true};
  return MakeRelation(run.state().dialect(), std::move(relation));
}

Result<Value> Ephemeral(NodeRun& run, const Node& target, Span where) {
  if (run.purpose() == Purpose::kOperation)
    return Diagnostic(kEphemeralInOperation,
                      fmt::format("Operations can not ref() ephemeral nodes, but {} is ephemeral", target.name), where)
        .Hint("materialize it as a view or a table");
  run.UseCte(target.id);
  return CteRelation(run, EphemeralName(target.alias));
}

// In a batch, what has an event time is held to the batch's.
std::optional<EventTimeFilter> BatchFilter(NodeRun& run, const Node& target) {
  const Value& event_time = target.config->Get("event_time");
  if (!run.batch() || !event_time.IsString()) return std::nullopt;
  std::string column(event_time.AsString());
  const project::Column* declared = target.FindColumn(column);
  if (declared && declared->quote.value_or(false)) column = run.state().dialect().Quote(column);
  return EventTimeFilter{std::move(column), run.batch()->batch.start, run.batch()->batch.end};
}

// The relation of another run, when --defer says that it is to be read instead of the node's own.
Result<const adapter::Relation*> Deferred(NodeRun& run, const Node& target) {
  const Deferral& deferral = run.state().options().deferral;
  const adapter::Relation* other = deferral.refs ? run.state().FindDeferred(target.unique_id) : nullptr;
  if (!other) return nullptr;
  const std::vector<std::string>& selected = run.state().options().selected;
  if (deferral.favor_state && std::ranges::find(selected, target.unique_id) == selected.end()) return other;
  STIR_ASSIGN(const std::optional<adapter::Relation> here,
              run.state().relations().Find(run.session().connection(), std::string(target.database),
                                           std::string(target.schema), target.alias));
  return here ? nullptr : other;
}

Result<Value> RelationOf(NodeRun& run, const Node& target) {
  STIR_ASSIGN(const adapter::Relation* deferred, Deferred(run, target));
  adapter::Relation relation = deferred ? *deferred : run.manifest().RelationOf(target);
  relation.type = adapter::RelationType::kUnknown;
  RowScope scope{{}, BatchFilter(run, target)};
  if (run.state().options().empty) scope.limit = 0;
  return MakeRelation(run.state().dialect(), std::move(relation), std::move(scope));
}

Result<Value> FunctionRelation(NodeRun& run, const Node& target) {
  STIR_ASSIGN(const adapter::Relation* deferred, Deferred(run, target));
  adapter::Relation relation = deferred ? *deferred : run.manifest().RelationOf(target);
  relation.type = adapter::RelationType::kFunction;
  return MakeRelation(run.state().dialect(), std::move(relation));
}

Result<Value> CallRef(NodeRun& run, CallContext& context, const Arguments& arguments) {
  STIR_ASSIGN(const RefArguments ref, ReadRef(arguments));
  const project::Resolved resolved = run.manifest().ResolveRef(ref.package, ref.name, ref.version, run.node().package);
  if (resolved.lookup != Lookup::kFound) return NotFound(run.node(), ref, resolved);
  const Node& target = *resolved.node;
  if (UnitInputs* inputs = run.inputs()) {
    const std::string* given = inputs->Use(target.id);
    return given ? Result<Value>(CteRelation(run, *given)) : NotFound(run.node(), ref, {Lookup::kMissing});
  }
  if (run.purpose() == Purpose::kNode &&
      std::ranges::find(run.node().depends_on, target.id) == run.node().depends_on.end())
    return Undeclared(run.node(), ref, context.call_span());
  if (target.IsEphemeral()) return Ephemeral(run, target, context.call_span());
  return RelationOf(run, target);
}

// `ref` is callable and nothing else.
class RefObject final : public jinja::Object {
 public:
  explicit RefObject(NodeRun& run) : run_(run) {}
  std::string_view TypeName() const override { return "RefResolver"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext& context, const Arguments& arguments) override {
    return CallRef(run_, context, arguments);
  }

 private:
  NodeRun& run_;
};

class SourceObject final : public jinja::Object {
 public:
  explicit SourceObject(NodeRun& run) : run_(run) {}
  std::string_view TypeName() const override { return "SourceResolver"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext&, const Arguments& arguments) override {
    ArgumentReader args("source", arguments);
    STIR_ASSIGN(const Value source_value, args.Required("source_name"));
    STIR_ASSIGN(const Value table_value, args.Required("table_name"));
    STIR_TRY(args.Finish());
    STIR_ASSIGN(const std::string source, source_value.Str());
    STIR_ASSIGN(const std::string table, table_value.Str());
    const project::Resolved resolved = run_.manifest().ResolveSource(source, table, run_.node().package);
    UnitInputs* inputs = run_.inputs();
    if (resolved.lookup == Lookup::kFound && !inputs) return RelationOf(run_, *resolved.node);
    if (resolved.lookup == Lookup::kFound) {
      if (const std::string* given = inputs->Use(resolved.node->id)) return CteRelation(run_, *given);
    }
    const bool disabled = resolved.lookup == Lookup::kDisabled;
    const Node& asker = run_.node();
    return Diagnostic(disabled ? project::kSourceDisabled : project::kSourceNotFound,
                      fmt::format("{} '{}' ({}) depends on a source named '{}.{}' which {}",
                                  Titled(project::ResourceTypeName(asker.type)), asker.unique_id,
                                  asker.original_file_path, source, table, disabled ? "is disabled" : "was not found"));
  }

 private:
  NodeRun& run_;
};

// function('name') or function('package', 'name').
class FunctionObject final : public jinja::Object {
 public:
  explicit FunctionObject(NodeRun& run) : run_(run) {}
  std::string_view TypeName() const override { return "FunctionResolver"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext&, const Arguments& arguments) override {
    const std::span<const Value> names = arguments.positional;
    if (names.empty() || names.size() > 2 || !std::ranges::all_of(names, &Value::IsString))
      return Diagnostic(project::kBadCall, "function() takes the name of a function, or of a package and a function");
    const std::string package = names.size() == 2 ? std::string(names[0].AsString()) : "";
    const std::string name(names.back().AsString());
    const Node& asker = run_.node();
    const project::Resolved resolved =
        run_.manifest().ResolveNamed(project::ResourceType::kFunction, package, name, asker.package);
    if (resolved.lookup == Lookup::kFound) return FunctionRelation(run_, *resolved.node);
    const bool disabled = resolved.lookup == Lookup::kDisabled;
    return Diagnostic(disabled ? project::kRefDisabled : project::kRefNotFound,
                      fmt::format("{} '{}' ({}) depends on a function named '{}' which {}",
                                  Titled(project::ResourceTypeName(asker.type)), asker.unique_id,
                                  asker.original_file_path, name, disabled ? "is disabled" : "was not found"));
  }

 private:
  NodeRun& run_;
};

}  // namespace

Value MakeFunctionReference(NodeRun& run) { return Value::New<FunctionObject>(run); }
Value MakeRef(NodeRun& run) { return Value::New<RefObject>(run); }
Value MakeSource(NodeRun& run) { return Value::New<SourceObject>(run); }

}  // namespace stir::runtime
