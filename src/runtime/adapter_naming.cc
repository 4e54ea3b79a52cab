// The methods of `adapter` that send nothing: dispatch, quoting, types, constraints, strategies.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "project/node_info.h"
#include "runtime/adapter_methods.h"
#include "runtime/constraints.h"
#include "runtime/kinds.h"
#include "runtime/object_tools.h"
#include "runtime/relation_object.h"
#include "runtime/seed_table.h"

namespace stir::runtime {

namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

Result<Value> Dispatch(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("dispatch", arguments);
  STIR_ASSIGN(const Value name, args.Required("macro_name"));
  const Value space = args.Optional("macro_namespace");
  const Value packages = args.Optional("packages");
  STIR_TRY(args.Finish());
  if (!packages.IsNone())
    return Diagnostic(kNoMacro, "`adapter.dispatch` no longer takes `packages`")
        .Hint("give the macro's package as `macro_namespace`");
  if (!name.IsString()) return Diagnostic(kNoMacro, "`adapter.dispatch` takes the macro's name as a text");
  const std::string_view in = space.IsString() ? space.AsString() : std::string_view();
  STIR_ASSIGN(const project::Macro* macro, run.manifest().macros().Dispatch(name.AsString(), in, run.node().package));
  return macro->callable;
}

Result<Value> AdapterType(NodeRun& run, CallContext&, const Arguments&) {
  return Value::String(run.state().dialect().name);
}

Result<Value> Quote(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("quote", arguments);
  STIR_ASSIGN(const Value identifier, args.Required("identifier"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::string text, identifier.Str());
  return Value::String(run.state().dialect().Quote(text));
}

Result<Value> QuoteAsConfigured(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("quote_as_configured", arguments);
  STIR_ASSIGN(const Value identifier, args.Required("identifier"));
  STIR_ASSIGN(const Value key, args.Required("quote_key"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(std::string text, identifier.Str());
  STIR_ASSIGN(const std::string part, key.Str());
  const adapter::Policy& quote = run.node().quote;
  const bool quoted = part == "database" ? quote.database : part == "schema" ? quote.schema : quote.identifier;
  return Value::String(quoted ? run.state().dialect().Quote(text) : std::move(text));
}

Result<Value> QuoteSeedColumn(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("quote_seed_column", arguments);
  STIR_ASSIGN(const Value column, args.Required("column"));
  const Value quote = args.Optional("quote_config");
  STIR_TRY(args.Finish());
  STIR_ASSIGN(std::string text, column.Str());
  if (quote.type() == jinja::Type::kBool && !quote.AsBool()) return Value::String(std::move(text));
  return Value::String(run.state().dialect().Quote(text));
}

Result<Value> ConvertType(NodeRun&, CallContext& context, const Arguments& arguments) {
  ArgumentReader args("convert_type", arguments);
  STIR_ASSIGN(const Value table, args.Required("agate_table"));
  STIR_ASSIGN(const Value index, args.Required("col_idx"));
  STIR_TRY(args.Finish());
  if (index.type() != jinja::Type::kInt) return Diagnostic(kBadSeed, "`adapter.convert_type` takes a column's number");
  const auto column = static_cast<size_t>(index.AsInt());
  if (const auto* seed = table.As<SeedTable>()) return Value::String(std::string(seed->SqlType(column)));
  STIR_ASSIGN(const Value columns, context.GetAttribute(table, "columns"));
  STIR_ASSIGN(const Value chosen, context.GetItem(columns, index));
  STIR_ASSIGN(const auto iterator, context.Iterate(chosen));
  std::vector<Value> values;
  while (true) {
    STIR_ASSIGN(std::optional<Value> item, iterator->Next());
    if (!item) break;
    values.push_back(*std::move(item));
  }
  return Value::String(std::string(SqlTypeOf(values)));
}

// append, delete+insert, ... must be the engine's; any other strategy is the project's own macro.
Result<Value> IncrementalStrategyMacro(NodeRun& run, CallContext&, const Arguments& arguments) {
  static constexpr std::array<std::string_view, 5> kBuiltIn{"append", "delete+insert", "merge", "insert_overwrite",
                                                            "microbatch"};
  static constexpr std::array<std::string_view, 4> kOffered{"append", "delete+insert", "merge", "microbatch"};
  ArgumentReader args("get_incremental_strategy_macro", arguments);
  args.Optional("model_context");
  STIR_ASSIGN(const Value strategy, args.Required("strategy"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::string name, strategy.Str());
  const auto in = [&](const auto& list) { return std::ranges::find(list, std::string_view(name)) != list.end(); };
  const Span where = run.node().config->Where("incremental_strategy");
  if (in(kBuiltIn) && !in(kOffered))
    return Diagnostic(kStrategyNotFound,
                      fmt::format("The incremental strategy '{}' is not valid for this adapter", name), where)
        .Hint("this engine offers " + fmt::format("{}", fmt::join(kOffered, ", ")));
  const std::string macro_name = fmt::format("get_incremental_{}_sql", ReplaceAll(name, "+", "_"));
  const project::Macro* macro = run.manifest().macros().Resolve(run.node().package, macro_name);
  if (!macro)
    return Diagnostic(kStrategyNotFound,
                      fmt::format("dbt could not find an incremental strategy macro with the name \"{}\" in {}",
                                  macro_name, run.manifest().project_name()),
                      where);
  return macro->callable;
}

Result<Value> ValidStrategies(NodeRun&, CallContext&, const Arguments&) {
  return TextList(std::array<std::string_view, 4>{"append", "delete+insert", "merge", "microbatch"});
}

// Some engines take no database in front of what a key points at.
std::string KeyTarget(const NodeRun& run, std::string name) {
  const std::vector<std::string_view> parts = Split(name, '.');
  if (run.state().dialect().key_targets_with_database || parts.size() <= 2) return name;
  return name.substr(parts.front().size() + 1);
}

// A foreign key's `to`: a name, or "ref('orders')".
ResolveTarget TargetResolver(NodeRun& run, CallContext& context) {
  return [&run, &context](const std::string& to) -> Result<std::string> {
    if (!to.starts_with("ref(") && !to.starts_with("source(")) return KeyTarget(run, to);
    const Span span = run.node().span;
    STIR_ASSIGN(const auto parsed,
                jinja::Template::Parse(fmt::format("{{{{ {} }}}}", to), jinja::Origin{span.source, 0, false, span}));
    STIR_ASSIGN(std::string name, context.RenderNested(*parsed));
    return KeyTarget(run, std::move(name));
  };
}

Result<Value> ColumnsConstraints(NodeRun& run, CallContext& context, const Arguments& arguments) {
  ArgumentReader args("render_raw_columns_constraints", arguments);
  STIR_ASSIGN(const Value columns, args.Required("raw_columns"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::vector<std::string> rendered,
              RenderColumns(columns, run.state().dialect(), TargetResolver(run, context)));
  return TextList(rendered);
}

Result<Value> ModelConstraints(NodeRun& run, CallContext& context, const Arguments& arguments) {
  ArgumentReader args("render_raw_model_constraints", arguments);
  STIR_ASSIGN(const Value constraints, args.Required("raw_constraints"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::vector<std::string> rendered,
              RenderModelConstraints(constraints, TargetResolver(run, context)));
  return TextList(rendered);
}

Result<Value> SeedFilePath(NodeRun& run, CallContext&, const Arguments&) {
  return Value::String(SeedPath(run.manifest(), run.node()));
}

// standardize_grants_dict(table): grantees by privilege.
Result<Value> GrantsByPrivilege(NodeRun&, CallContext& context, const Arguments& arguments) {
  ArgumentReader args("standardize_grants_dict", arguments);
  STIR_ASSIGN(const Value table, args.Required("grants_table"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const auto rows, context.Iterate(table));
  std::vector<std::pair<Value, std::vector<Value>>> found;
  while (true) {
    STIR_ASSIGN(const std::optional<Value> row, rows->Next());
    if (!row) break;
    STIR_ASSIGN(const Value grantee, context.GetItem(*row, Value::String("grantee")));
    STIR_ASSIGN(const Value privilege, context.GetItem(*row, Value::String("privilege_type")));
    const auto known = std::ranges::find_if(found, [&](const auto& each) { return each.first.Equals(privilege); });
    if (known == found.end()) {
      found.push_back({privilege, {grantee}});
    } else {
      known->second.push_back(grantee);
    }
  }
  std::vector<std::pair<Value, Value>> entries;
  for (auto& [privilege, grantees] : found) entries.emplace_back(privilege, Value::List(std::move(grantees)));
  return Value::MakeDict(std::move(entries));
}

// verify_database(name): '' for the database of the session; no engine of dbt's reaches another one here.
Result<Value> VerifyDatabase(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("verify_database", arguments);
  STIR_ASSIGN(const Value given, args.Required("database"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(std::string database, given.Str());
  if (database.starts_with('"')) database = Strip(ReplaceAll(database, "\"", " "));
  const std::string& expected = run.state().options().target->profile.database;
  if (ToLower(database) == ToLower(expected)) return Value::String("");
  return Diagnostic(kOtherDatabase, fmt::format("ERROR: Cross-db references not allowed in {} ({} vs {})",
                                                run.state().dialect().name, database, expected));
}

// An entry of a model's `indexes`. Its name is made from what it is and from the time, so that it never meets an older
// one.
Result<Value> ParseIndex(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("parse_index", arguments);
  STIR_ASSIGN(const Value raw, args.Required("raw_index"));
  STIR_TRY(args.Finish());
  const Value* columns = raw.IsDict() ? raw.AsDict().Find("columns") : nullptr;
  if (!columns || !columns->IsSequence() || columns->Items().empty())
    return Diagnostic(kBadIndex, "an entry of `indexes` needs `columns`: a list of column names",
                      run.node().config->Where("indexes"));
  const Value* unique = raw.AsDict().Find("unique");
  const Value* type = raw.AsDict().Find("type");
  STIR_ASSIGN(const std::string seed, raw.Repr());
  const std::string salt = seed + FormatTimestamp(run.state().options().invocation->clock->Now());
  const Value render = jinja::MakeFunction("render", [salt](CallContext&, const Arguments& given) -> Result<Value> {
    std::string text = salt;
    for (const Value& relation : given.positional) {
      STIR_ASSIGN(const std::string name, relation.Str());
      text += name;
    }
    return Value::String(Md5Hex(text));
  });
  return MakeRecord("Index", {{"columns", *columns},
                              {"unique", Value::Bool(unique && unique->Truthy())},
                              {"type", type ? *type : Value::None()},
                              {"render", render}});
}

Result<Value> WarnOnce(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("warn_once", arguments);
  STIR_ASSIGN(const Value message, args.Required("msg"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(std::string text, message.Str());
  if (run.state().FirstTime(text)) {
    JsonWriter json;
    json.BeginObject().Key("args").BeginArray().EndArray().Key("base_msg").String(text).Key("name").String("DuckDB");
    project::WriteNodeInfo(json, run.node(), "executing", run.began(), Timestamp{});
    json.EndObject();
    run.state().events().Emit(
        {"E003", "AdapterEventWarning", Level::kWarn, "DuckDB adapter: " + text, std::move(json).Take()});
  }
  return Value::None();
}

// batch_id_for_model(model): the id of the batch that is built; '' outside one.
Result<Value> BatchIdOf(NodeRun& run, CallContext&, const Arguments&) {
  const BatchPart* part = run.batch();
  return Value::String(part ? BatchId(part->batch.start, part->size) : std::string());
}

Result<Value> Yes(NodeRun&, CallContext&, const Arguments&) { return Value::Bool(true); }
Result<Value> None(NodeRun&, CallContext&, const Arguments&) { return Value::None(); }
Result<Value> BindingChar(NodeRun&, CallContext&, const Arguments&) { return Value::String("?"); }

Result<Value> FirstArgument(NodeRun&, CallContext&, const Arguments& arguments) {
  return arguments.positional.empty() ? Value::None() : arguments.positional[0];
}

constexpr std::array kNamingMethods{
    AdapterEntry{"dispatch", Dispatch},
    AdapterEntry{"type", AdapterType},
    AdapterEntry{"quote", Quote},
    AdapterEntry{"quote_as_configured", QuoteAsConfigured},
    AdapterEntry{"quote_seed_column", QuoteSeedColumn},
    AdapterEntry{"convert_type", ConvertType},
    AdapterEntry{"get_incremental_strategy_macro", IncrementalStrategyMacro},
    AdapterEntry{"valid_incremental_strategies", ValidStrategies},
    AdapterEntry{"render_raw_columns_constraints", ColumnsConstraints},
    AdapterEntry{"render_raw_model_constraints", ModelConstraints},
    AdapterEntry{"get_seed_file_path", SeedFilePath},
    AdapterEntry{"parse_index", ParseIndex},
    AdapterEntry{"verify_database", VerifyDatabase},
    AdapterEntry{"standardize_grants_dict", GrantsByPrivilege},
    AdapterEntry{"warn_once", WarnOnce},
    AdapterEntry{"get_binding_char", BindingChar},
    AdapterEntry{"convert_datetimes_to_strs", FirstArgument},
    AdapterEntry{"build_catalog_relation", None},
    AdapterEntry{"get_catalog_integration", None},
    AdapterEntry{"catalog_supports_foreign_keys", Yes},
    AdapterEntry{"batch_id_for_model", BatchIdOf},
};

}  // namespace

AdapterMethod FindNamingMethod(std::string_view name) {
  const auto found = std::ranges::find(kNamingMethods, name, &AdapterEntry::name);
  return found == kNamingMethods.end() ? FindFilesMethod(name) : found->method;
}

}  // namespace stir::runtime
