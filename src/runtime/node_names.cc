#include "runtime/node_names.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "project/base_context.h"
#include "project/node_info.h"
#include "project/vars.h"
#include "pylib/convert.h"
#include "pylib/modules.h"
#include "runtime/adapter_object.h"
#include "runtime/column_object.h"
#include "runtime/config_object.h"
#include "runtime/kinds.h"
#include "runtime/node_run.h"
#include "runtime/node_values.h"
#include "runtime/object_tools.h"
#include "runtime/references.h"
#include "runtime/relation_object.h"
#include "runtime/seed_table.h"

namespace stir::runtime {

namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

using Maker = Value (*)(NodeRun& run);

struct NodeName {
  std::string_view name;
  Maker make;
  bool keep = true;  // one value serves the whole run
};

// A function that needs the run.
template <typename Body>
Value Function(NodeRun& run, std::string_view name, const Body& body) {
  return jinja::MakeFunction(std::string(name),
                             [&run, body](CallContext& context, const Arguments& arguments) -> Result<Value> {
                               return body(run, context, arguments);
                             });
}

Value LoadResult(NodeRun& run) {
  return Function(run, "load_result", [](NodeRun& of, CallContext&, const Arguments& arguments) -> Result<Value> {
    ArgumentReader args("load_result", arguments);
    STIR_ASSIGN(const Value name, args.Required("name"));
    STIR_TRY(args.Finish());
    STIR_ASSIGN(const std::string text, name.Str());
    return of.TakeResult(text);
  });
}

Result<Value> StoreResultCall(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("store_result", arguments);
  STIR_ASSIGN(const Value name, args.Required("name"));
  STIR_ASSIGN(Value response, args.Required("response"));
  Value table = args.Optional("agate_table");
  STIR_TRY(args.Finish());
  if (table.IsNone()) table = MakeResultTable({});
  STIR_ASSIGN(std::string text, name.Str());
  StoredResult stored{std::move(response), std::move(table), {}};
  if (const QueryResult* answer = AsAnswer(stored.response)) {
    stored.answer = *answer;
  } else {
    STIR_ASSIGN(stored.answer.outcome.message, stored.response.Str());
  }
  run.Store(std::move(text), std::move(stored));
  return Value::String("");
}

// What a macro says that the engine answered, as it says it.
Result<std::string> RawResponse(const Value& message, const Value& code, const Value& rows_affected) {
  const std::pair<const char*, Value> parts[] = {
      {"_message", message}, {"code", code}, {"rows_affected", rows_affected}};
  Json response = Json::object();
  for (const auto& [key, value] : parts) {
    if (value.IsNone()) continue;
    STIR_ASSIGN(response[key], pylib::ToJson(value));
  }
  return WriteJson(response);
}

Result<Value> StoreRawCall(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("store_raw_result", arguments);
  STIR_ASSIGN(const Value name, args.Required("name"));
  const Value message = args.Optional("message"), code = args.Optional("code"), rows = args.Optional("rows_affected");
  Value table = args.Optional("agate_table");
  STIR_TRY(args.Finish());
  if (table.IsNone()) table = MakeResultTable({});
  QueryResult answer;
  STIR_ASSIGN(answer.outcome.message, message.Str());
  if (!code.IsNone()) {
    STIR_ASSIGN(answer.outcome.code, code.Str());
  }
  if (rows.type() == jinja::Type::kInt) answer.outcome.rows_affected = rows.AsInt();
  STIR_ASSIGN(std::string text, name.Str());
  STIR_ASSIGN(std::string raw, RawResponse(message, code, rows));
  run.Store(std::move(text), StoredResult{MakeResponse(answer), std::move(table), answer, std::move(raw)});
  return Value::String("");
}

Value WriteName(NodeRun& run) {
  return Function(run, "write", [](NodeRun& of, CallContext&, const Arguments& arguments) -> Result<Value> {
    ArgumentReader args("write", arguments);
    STIR_ASSIGN(const Value payload, args.Required("payload"));
    STIR_TRY(args.Finish());
    STIR_ASSIGN(const std::string sql, payload.Str());
    STIR_TRY(of.WriteRunSql(sql));
    return Value::String("");
  });
}

Value RenderName(NodeRun& run) {
  return Function(run, "render", [](NodeRun& of, CallContext& context, const Arguments& arguments) -> Result<Value> {
    ArgumentReader args("render", arguments);
    STIR_ASSIGN(const Value text, args.Required("string"));
    STIR_TRY(args.Finish());
    STIR_ASSIGN(std::string source, text.Str());
    const Span hook = of.FindHook(source);
    const Span span = hook ? hook : context.call_span();
    STIR_ASSIGN(const auto parsed,
                jinja::Template::Parse(std::move(source), jinja::Origin{span.source, 0, false, span}));
    STIR_ASSIGN(std::string rendered, context.RenderNested(*parsed));
    if (hook) of.NoteHook(hook, rendered);
    return Value::String(std::move(rendered));
  });
}

Value TryOrCompilerError(NodeRun& run) {
  return Function(run, "try_or_compiler_error",
                  [](NodeRun&, CallContext& context, const Arguments& arguments) -> Result<Value> {
                    if (arguments.positional.size() < 2)
                      return Diagnostic(kMacroFailed, "`try_or_compiler_error` takes a message and a function");
                    const std::span<const Value> all = arguments.positional;
                    Result<Value> result = context.Call(all[1], Arguments{all.subspan(2), arguments.keywords});
                    if (result.ok()) return result;
                    STIR_ASSIGN(std::string message, all[0].Str());
                    return Diagnostic(kMacroFailed, std::move(message), context.call_span());
                  });
}

std::vector<std::string> TypedColumns(const project::Config& config) {
  std::vector<std::string> columns;
  const Value& types = config.Get("column_types");
  if (types.IsDict())
    for (const auto& [name, type] : types.AsDict().entries())
      if (name.IsString()) columns.emplace_back(name.AsString());
  return columns;
}

// Types for columns that the file does not have are passed over, but not in silence.
void WarnOfUnknownColumns(NodeRun& run, std::vector<std::string> typed, const SeedData& data, std::string_view path) {
  std::erase_if(typed,
                [&](const std::string& name) { return std::ranges::find(data.columns, name) != data.columns.end(); });
  if (typed.empty()) return;
  std::ranges::sort(typed);
  run.state().events().Emit(Event{
      "I061", "JinjaLogWarning", Level::kWarn,
      fmt::format(
          "[WARNING]: Column types specified for non-existent columns in seed '{}' (file: {}): {}. These column type "
          "overrides will be ignored.",
          run.node().name, path, Join(typed, ", ")),
      "{}"});
}

Result<Value> LoadSeed(NodeRun& run, CallContext&, const Arguments&) {
  const project::Node& node = run.node();
  if (node.type != project::ResourceType::kSeed)
    return Diagnostic(kBadSeed, fmt::format("`load_agate_table` is for seeds, and `{}` is none", node.unique_id));
  const std::string path = SeedPath(run.manifest(), node);
  STIR_ASSIGN(std::string csv, run.state().options().files->Read(path));
  const std::vector<std::string> typed = TypedColumns(*node.config);
  Result<SeedData> data = ReadSeed(std::move(csv), node.config->delimiter, typed);
  if (!data.ok()) {
    Diagnostics errors = std::move(data).error();
    for (Diagnostic& error : errors) error.subject = node.original_file_path;
    return errors;
  }
  WarnOfUnknownColumns(run, typed, *data, path);
  if (run.state().options().empty) DropRows(*data);
  return Value::New<SeedTable>(*std::move(data));
}

Value This(NodeRun& run) {
  if (run.node().type == project::ResourceType::kOperation) return Value::None();
  adapter::Relation relation = run.manifest().RelationOf(run.node());
  relation.type = adapter::RelationType::kUnknown;
  return MakeRelation(run.state().dialect(), std::move(relation));
}

Value Hooks(const std::vector<project::Hook>& hooks, bool wanted) {
  std::vector<Value> items;
  if (!wanted) return Value::List();
  for (const project::Hook& hook : hooks)
    items.push_back(Value::MakeDict(
        {{TextValue("sql"), TextValue(hook.sql)}, {TextValue("transaction"), Value::Bool(hook.transaction)}}));
  return Value::List(std::move(items));
}

Value PreHooks(NodeRun& run) { return Hooks(run.node().config->pre_hooks, !run.batch() || run.batch()->first); }
Value PostHooks(NodeRun& run) { return Hooks(run.node().config->post_hooks, !run.batch() || run.batch()->last); }

Value Model(NodeRun& run) {
  Value model = NodeDict(run.manifest(), run.node(), Nulls::kLeftOut, run.compiled());
  if (const BatchPart* part = run.batch())
    model.AsDict().Set("batch",
                       Value::MakeDict({{TextValue("id"), TextValue(BatchId(part->batch.start, part->size))},
                                        {TextValue("event_time_start"), pylib::MakeDatetimeUtc(part->batch.start)},
                                        {TextValue("event_time_end"), pylib::MakeDatetimeUtc(part->batch.end)}}));
  return model;
}

Value CompiledSql(NodeRun& run) { return run.compiled() ? TextValue(run.compiled()->sql) : Value::None(); }

// validation.any(...): kept for materializations that ask for it; values are not checked.
Value Validation(NodeRun&) {
  return MakeRecord("validation",
                    {{"any", jinja::MakeFunction("any", [](CallContext&, const Arguments&) -> Result<Value> {
                        return Value::None();
                      })}});
}

Value AllNames(NodeRun& run) {
  return project::MakeNames([&run](std::string_view name, Value& value) { return run.Lookup(name, value); });
}

Value BuiltinNames(NodeRun& run) {
  return project::MakeNames([&run](std::string_view name, Value& value) { return run.LookupBuiltin(name, value); });
}

Value Refused(NodeRun& run, std::string_view name) {
  return Function(run, name, [name = std::string(name)](NodeRun&, CallContext&, const Arguments&) -> Result<Value> {
    return Diagnostic(kNotInThisVersion, fmt::format("`{}` is not supported by this version of stir", name));
  });
}

Value EnvironmentNames(NodeRun& run) {
  static constexpr std::string_view kPrefix = "DBT_ENV_CUSTOM_ENV_";
  std::vector<std::pair<Value, Value>> entries;
  for (const auto& [name, value] : *run.state().options().invocation->environment)
    if (name.starts_with(kPrefix)) entries.emplace_back(TextValue(name.substr(kPrefix.size())), TextValue(value));
  return Value::MakeDict(std::move(entries));
}

// log(): its events tell of the node, where it is one of the project's.
Value LogName(NodeRun& run) {
  std::function<void(JsonWriter&)> about;
  if (run.manifest().Find(run.node().unique_id) != nullptr) {
    about = [&run](JsonWriter& json) {
      project::WriteNodeInfo(json, run.node(), run.compiled() ? "executing" : "compiling", run.began(), Timestamp{});
    };
  }
  return jinja::MakeFunction("log", project::MakeLog(&run.state().events(), std::move(about)));
}

Value Api(NodeRun& run) {
  const adapter::Dialect& dialect = run.state().dialect();
  return MakeRecord("api", {{"Relation", MakeRelationClass(dialect, run.state().quote_policy())},
                            {"Column", MakeColumnClass(dialect)}});
}

Value DeferRelation(NodeRun& run) {
  const adapter::Relation* relation = run.state().FindDeferred(run.node().unique_id);
  return relation ? MakeRelation(run.state().dialect(), *relation) : Value::None();
}

}  // namespace

project::VarAsker AskerOf(NodeRun& run) {
  return {std::string(run.node().name), [&run] {
            return project::AllVars(run.manifest(), run.state().options().invocation->vars, run.node().package);
          }};
}

namespace {

Value Var(NodeRun& run) {
  const auto find = [&run](std::string_view name) { return run.manifest().FindVar(run.node().package, name); };
  return project::MakeVar(find, AskerOf(run));
}

constexpr std::array kNodeNames{
    NodeName{"ref", [](NodeRun& run) { return MakeRef(run); }},
    NodeName{"source", [](NodeRun& run) { return MakeSource(run); }},
    NodeName{"config", [](NodeRun& run) { return MakeConfig(run.node()); }},
    NodeName{"adapter", [](NodeRun& run) { return MakeAdapter(run); }},
    NodeName{"this", This},
    NodeName{"model", Model},
    NodeName{"var", Var},
    NodeName{"execute", [](NodeRun&) { return Value::Bool(true); }},
    NodeName{"api", Api},
    NodeName{"log", LogName},
    NodeName{"column", [](NodeRun& run) { return MakeColumnClass(run.state().dialect()); }},
    NodeName{"graph", [](NodeRun& run) { return MakeGraph(run.manifest()); }},
    NodeName{"load_result", LoadResult},
    NodeName{"store_result", [](NodeRun& run) { return Function(run, "store_result", StoreResultCall); }},
    NodeName{"store_raw_result", [](NodeRun& run) { return Function(run, "store_raw_result", StoreRawCall); }},
    NodeName{"write", WriteName},
    NodeName{"render", RenderName},
    NodeName{"try_or_compiler_error", TryOrCompilerError},
    NodeName{"load_agate_table", [](NodeRun& run) { return Function(run, "load_agate_table", LoadSeed); }},
    NodeName{"submit_python_job", [](NodeRun& run) { return Refused(run, "submit_python_job"); }},
    NodeName{"metric", [](NodeRun& run) { return Refused(run, "metric"); }},
    NodeName{"function", MakeFunctionReference},
    NodeName{"adapter_macro", [](NodeRun& run) { return Refused(run, "adapter_macro"); }},
    NodeName{"database", [](NodeRun& run) { return TextOrNone(run.node().database); }},
    NodeName{"schema", [](NodeRun& run) { return TextOrNone(run.node().schema); }},
    NodeName{"sql", CompiledSql, false},
    NodeName{"compiled_code", CompiledSql, false},
    NodeName{"pre_hooks", PreHooks},
    NodeName{"post_hooks", PostHooks},
    NodeName{"validation", Validation},
    NodeName{"context", AllNames},
    NodeName{"builtins", BuiltinNames},
    NodeName{"selected_resources", [](NodeRun& run) { return TextList(run.state().options().selected); }},
    NodeName{"invocation_args_dict",
             [](NodeRun& run) {
               const Value& args = run.state().options().invocation_args;
               return args.IsUndefined() ? Value::MakeDict() : project::Thaw(args);
             }},
    NodeName{"thread_id", [](NodeRun& run) { return TextValue(run.worker().name); }},
    NodeName{"context_macro_stack", [](NodeRun&) { return Value::None(); }},
    NodeName{"defer_relation", DeferRelation},
    NodeName{"sql_now", [](NodeRun&) { return TextValue("current_timestamp"); }},
    NodeName{"dbt_metadata_envs", EnvironmentNames},
};

}  // namespace

bool MakeNodeName(NodeRun& run, std::string_view name, std::string_view& key, Value& value) {
  const auto found = std::ranges::find(kNodeNames, name, &NodeName::name);
  if (found == kNodeNames.end()) return false;
  value = found->make(run);
  key = found->keep ? found->name : std::string_view();
  return true;
}

}  // namespace stir::runtime
