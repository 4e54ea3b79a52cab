#include "runtime/adapter_methods.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "adapter/kinds.h"
#include "base/strings.h"
#include "runtime/adapter_object.h"
#include "runtime/column_object.h"
#include "runtime/kinds.h"
#include "runtime/object_tools.h"
#include "runtime/relation_object.h"

namespace stir::runtime {

namespace {

using adapter::Relation;
using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

Value Nothing() { return Value::String(""); }

Result<std::string> TextOf(const Value& value) {
  if (value.IsNone() || value.IsUndefined()) return std::string();
  return value.Str();
}

std::optional<size_t> LimitOf(const Value& value) {
  if (value.type() != jinja::Type::kInt || value.AsInt() < 0) return std::nullopt;
  return static_cast<size_t>(value.AsInt());
}

// execute(sql, auto_begin=False, fetch=False, limit=None) -> (response, table)
Result<Value> Execute(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("execute", arguments);
  STIR_ASSIGN(const Value sql_value, args.Required("sql"));
  const bool auto_begin = args.Optional("auto_begin", Value::Bool(false)).Truthy();
  const bool fetch = args.Optional("fetch", Value::Bool(false)).Truthy();
  const std::optional<size_t> limit = LimitOf(args.Optional("limit"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::string sql, sql_value.Str());
  QueryResult result;
  if (fetch) {
    STIR_ASSIGN(result, run.session().Query(sql, auto_begin, limit));
  } else {
    STIR_ASSIGN(result.outcome, run.session().Execute(sql, auto_begin));
  }
  const Value response = MakeResponse(result);
  return Value::Tuple({response, MakeResultTable(std::move(result))});
}

// `?` or `%s` marks outside quotes become literals: bindings come from seeds and are few.
Result<std::string> Bind(NodeRun& run, std::string_view sql, const std::vector<Value>& bindings) {
  std::string bound;
  size_t next = 0;
  char quote = 0;
  for (size_t i = 0; i < sql.size(); ++i) {
    const char c = sql[i];
    const bool percent = c == '%' && sql.substr(i, 2) == "%s";
    if (quote) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if ((c == '?' || percent) && next < bindings.size()) {
      if (percent) ++i;
      const Value& value = bindings[next++];
      STIR_ASSIGN(const std::string text, value.Str());
      const bool plain = value.type() == jinja::Type::kInt || value.TypeName() == "decimal.Decimal";
      bound += value.IsNone() ? "null" : plain ? text : run.state().dialect().QuoteLiteral(text);
      continue;
    }
    bound += c;
  }
  return bound;
}

// add_query(sql, auto_begin=True, bindings=None, abridge_sql_log=False)
Result<Value> AddQuery(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("add_query", arguments);
  STIR_ASSIGN(const Value sql_value, args.Required("sql"));
  const bool auto_begin = args.Optional("auto_begin", Value::Bool(true)).Truthy();
  const Value bindings = args.Optional("bindings");
  const bool abridge = args.Optional("abridge_sql_log").Truthy();
  STIR_TRY(args.Finish());
  STIR_ASSIGN(std::string sql, sql_value.Str());
  constexpr size_t kMostShown = 512;
  const std::string shown = abridge ? sql.substr(0, kMostShown) + "..." : sql;
  if (bindings.IsSequence()) {
    STIR_ASSIGN(sql, Bind(run, sql, bindings.Items()));
  }
  STIR_TRY(run.session().Execute(sql, auto_begin, shown));
  return Value::Tuple({Value::None(), Value::None()});
}

Result<Value> Commit(NodeRun& run, CallContext&, const Arguments&) {
  STIR_TRY(run.session().Commit());
  return Nothing();
}

Result<Value> GetRelation(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("get_relation", arguments);
  STIR_ASSIGN(const Value database, args.Required("database"));
  STIR_ASSIGN(const Value schema, args.Required("schema"));
  STIR_ASSIGN(const Value identifier, args.Required("identifier"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::string database_name, TextOf(database));
  STIR_ASSIGN(const std::string schema_name, TextOf(schema));
  STIR_ASSIGN(const std::string name, TextOf(identifier));
  STIR_ASSIGN(std::optional<Relation> found,
              run.state().relations().Find(run.session().connection(), database_name, schema_name, name));
  if (!found) return Value::None();
  found->quote = run.state().quote_policy();
  found->include = run.state().dialect().default_include;
  return MakeRelation(run.state().dialect(), *std::move(found));
}

// list_relations(database, schema), and the same under its other name for one relation.
Result<Value> ListRelations(NodeRun& run, CallContext&, const Arguments& arguments) {
  std::string database, schema;
  if (const Relation* of = arguments.positional.empty() ? nullptr : AsRelation(arguments.positional[0])) {
    database = of->database;
    schema = of->schema;
  } else {
    ArgumentReader args("list_relations", arguments);
    STIR_ASSIGN(const Value database_value, args.Required("database"));
    STIR_ASSIGN(const Value schema_value, args.Required("schema"));
    STIR_TRY(args.Finish());
    STIR_ASSIGN(database, TextOf(database_value));
    STIR_ASSIGN(schema, TextOf(schema_value));
  }
  STIR_ASSIGN(std::vector<Relation> relations,
              run.state().relations().List(run.session().connection(), database, schema));
  std::vector<Value> items;
  for (Relation& relation : relations) items.push_back(MakeRelation(run.state().dialect(), std::move(relation)));
  return Value::List(std::move(items));
}

Result<Value> GetColumns(NodeRun& run, CallContext& context, const Arguments& arguments) {
  ArgumentReader args("get_columns_in_relation", arguments);
  STIR_ASSIGN(const Value relation, args.Required("relation"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(std::vector<Value> columns, ColumnsOf(run, context, relation));
  return Value::List(std::move(columns));
}

bool Contains(const adapter::Dialect& dialect, const std::vector<Value>& columns, const std::string& name) {
  return std::ranges::any_of(columns, [&](const Value& each) {
    const auto* column = each.As<ColumnObject>();
    return column && dialect.SameName(column->column().name, name);
  });
}

Result<Value> GetMissingColumns(NodeRun& run, CallContext& context, const Arguments& arguments) {
  ArgumentReader args("get_missing_columns", arguments);
  STIR_ASSIGN(const Value from, args.Required("from_relation"));
  STIR_ASSIGN(const Value to, args.Required("to_relation"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::vector<Value> source, ColumnsOf(run, context, from));
  STIR_ASSIGN(const std::vector<Value> target, ColumnsOf(run, context, to));
  std::vector<Value> missing;
  for (const Value& each : source) {
    const auto* column = each.As<ColumnObject>();
    if (column && !Contains(run.state().dialect(), target, column->column().name)) missing.push_back(each);
  }
  return Value::List(std::move(missing));
}

Result<Value> GetColumnSchema(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("get_column_schema_from_query", arguments);
  STIR_ASSIGN(const Value sql_value, args.Required("sql"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::string sql, sql_value.Str());
  STIR_ASSIGN(const std::vector<adapter::ColumnInfo> infos, run.session().connection().Describe(sql));
  std::vector<Value> columns;
  for (const adapter::ColumnInfo& info : infos)
    columns.push_back(Value::New<ColumnObject>(
        run.state().dialect(),
        adapter::Column{info.name, info.driver_type.empty() ? info.type : info.driver_type, {}, {}, {}}));
  return Value::List(std::move(columns));
}

// Text columns of the target grow to hold what the source's do; engines without sizes have nothing to grow.
Result<Value> ExpandColumnTypes(NodeRun& run, CallContext& context, const Arguments& arguments) {
  ArgumentReader args("expand_target_column_types", arguments);
  STIR_ASSIGN(const Value from, args.Required("from_relation"));
  STIR_ASSIGN(const Value to, args.Required("to_relation"));
  STIR_TRY(args.Finish());
  if (!run.state().dialect().sized_text) return Value::None();
  STIR_ASSIGN(const std::vector<Value> source, ColumnsOf(run, context, from));
  STIR_ASSIGN(const std::vector<Value> target, ColumnsOf(run, context, to));
  for (const Value& each : source) {
    const auto* wanted = each.As<ColumnObject>();
    for (const Value& other : target) {
      const auto* held = other.As<ColumnObject>();
      if (!wanted || !held || held->column().name != wanted->column().name) continue;
      STIR_ASSIGN(const bool grows, held->CanExpandTo(*wanted));
      if (!grows) continue;
      STIR_ASSIGN(std::string type, wanted->DataType());
      STIR_TRY(run.CallMacro(context, "alter_column_type",
                             {to, Value::String(held->column().name), Value::String(std::move(type))}));
    }
  }
  return Value::None();
}

// Reads the one relation of drop_relation, truncate_relation and their kin.
Result<Value> OneRelation(std::string_view callee, const Arguments& arguments) {
  ArgumentReader args(callee, arguments);
  STIR_ASSIGN(Value relation, args.Required("relation"));
  STIR_TRY(args.Finish());
  return relation;
}

void ForgetRelation(NodeRun& run, const Relation& relation) {
  run.Touch(relation);
  run.state().relations().Drop(relation);
}

Result<Value> DropRelation(NodeRun& run, CallContext& context, const Arguments& arguments) {
  STIR_ASSIGN(const Value value, OneRelation("drop_relation", arguments));
  STIR_ASSIGN(const Relation relation, RelationArgument("drop_relation", value));
  if (relation.type == adapter::RelationType::kUnknown)
    return Diagnostic(kBadRelation, fmt::format("tried to drop relation {}, but its type is null",
                                                run.state().dialect().Render(relation)));
  STIR_ASSIGN(const std::vector<Relation> dependents, run.session().connection().ListDependents(relation));
  for (const Relation& taken : dependents) ForgetRelation(run, taken);
  ForgetRelation(run, relation);
  STIR_TRY(run.CallMacro(context, "drop_relation", {value}));
  return Value::None();
}

Result<Value> TruncateRelation(NodeRun& run, CallContext& context, const Arguments& arguments) {
  STIR_ASSIGN(const Value value, OneRelation("truncate_relation", arguments));
  STIR_TRY(RelationArgument("truncate_relation", value));
  STIR_TRY(run.CallMacro(context, "truncate_relation", {value}));
  return Value::None();
}

Result<std::pair<Value, Value>> TwoRelations(std::string_view callee, const Arguments& arguments) {
  ArgumentReader args(callee, arguments);
  STIR_ASSIGN(Value from, args.Required("from_relation"));
  STIR_ASSIGN(Value to, args.Required("to_relation"));
  STIR_TRY(args.Finish());
  return std::pair(std::move(from), std::move(to));
}

void RenameInCache(NodeRun& run, const Relation& from, Relation to) {
  if (to.type == adapter::RelationType::kUnknown) to.type = from.type;
  run.Touch(from);
  run.Touch(to);
  run.state().relations().Rename(from, to);
}

Result<Value> RenameRelation(NodeRun& run, CallContext& context, const Arguments& arguments) {
  STIR_ASSIGN(auto values, TwoRelations("rename_relation", arguments));
  STIR_ASSIGN(const Relation from, RelationArgument("rename_relation", values.first));
  STIR_ASSIGN(const Relation to, RelationArgument("rename_relation", values.second));
  RenameInCache(run, from, to);
  STIR_TRY(run.CallMacro(context, "rename_relation", {values.first, values.second}));
  return Value::None();
}

Result<Value> CreateSchema(NodeRun& run, CallContext& context, const Arguments& arguments) {
  STIR_ASSIGN(const Value value, OneRelation("create_schema", arguments));
  STIR_TRY(run.CallMacro(context, "create_schema", {value}));
  STIR_TRY(run.session().Commit());
  return Value::None();
}

Result<Value> DropSchema(NodeRun& run, CallContext& context, const Arguments& arguments) {
  STIR_ASSIGN(const Value value, OneRelation("drop_schema", arguments));
  STIR_ASSIGN(const Relation relation, RelationArgument("drop_schema", value));
  STIR_TRY(run.CallMacro(context, "drop_schema", {value}));
  STIR_TRY(run.session().Commit());
  run.state().relations().DropSchema(relation.database, relation.schema);
  return Value::None();
}

Result<Value> CheckSchemaExists(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("check_schema_exists", arguments);
  STIR_ASSIGN(const Value database, args.Required("database"));
  STIR_ASSIGN(const Value schema, args.Required("schema"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::string database_name, TextOf(database));
  STIR_ASSIGN(const std::string schema_name, TextOf(schema));
  STIR_ASSIGN(const std::vector<std::string> names, run.session().connection().ListSchemas(database_name));
  return Value::Bool(std::ranges::any_of(
      names, [&](const std::string& name) { return run.state().dialect().SameName(name, schema_name); }));
}

Result<Value> CacheAdded(NodeRun& run, CallContext&, const Arguments& arguments) {
  STIR_ASSIGN(const Value value, OneRelation("cache_added", arguments));
  STIR_ASSIGN(const Relation relation, RelationArgument("cache_added", value));
  run.Touch(relation);
  run.state().relations().Add(relation);
  return Nothing();
}

Result<Value> CacheDropped(NodeRun& run, CallContext&, const Arguments& arguments) {
  STIR_ASSIGN(const Value value, OneRelation("cache_dropped", arguments));
  STIR_ASSIGN(const Relation relation, RelationArgument("cache_dropped", value));
  run.Touch(relation);
  run.state().relations().Drop(relation);
  return Nothing();
}

Result<Value> CacheRenamed(NodeRun& run, CallContext&, const Arguments& arguments) {
  STIR_ASSIGN(auto values, TwoRelations("cache_renamed", arguments));
  STIR_ASSIGN(const Relation from, RelationArgument("cache_renamed", values.first));
  STIR_ASSIGN(const Relation to, RelationArgument("cache_renamed", values.second));
  RenameInCache(run, from, to);
  return Nothing();
}

Result<Value> AlreadyExists(NodeRun& run, CallContext&, const Arguments& arguments) {
  ArgumentReader args("already_exists", arguments);
  STIR_ASSIGN(const Value schema, args.Required("schema"));
  STIR_ASSIGN(const Value name, args.Required("name"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const std::string schema_name, TextOf(schema));
  STIR_ASSIGN(const std::string identifier, TextOf(name));
  const std::string database = run.state().options().target->profile.database;
  STIR_ASSIGN(const std::optional<Relation> found,
              run.state().relations().Find(run.session().connection(), database, schema_name, identifier));
  return Value::Bool(found.has_value());
}

// ensure_transaction(): opens one unless one is open.
Result<Value> EnsureTransaction(NodeRun& run, CallContext&, const Arguments&) {
  if (!run.session().connection().InTransaction()) STIR_TRY(run.session().connection().Begin());
  return Value::None();
}

// existing_key_constraint_types(relation) -> ['primary_key', ...]. The engine is asked only where the project declares
// keys: for most projects that is never.
Result<Value> ExistingKeys(NodeRun& run, CallContext& context, const Arguments& arguments) {
  ArgumentReader args("existing_key_constraint_types", arguments);
  STIR_ASSIGN(const Value relation, args.Required("relation"));
  STIR_TRY(args.Finish());
  if (!run.state().HasKeys()) return Value::List();
  return run.CallMacro(context, "duckdb_key_constraint_types", {relation});
}

constexpr std::array kStatementMethods{
    AdapterEntry{"ensure_transaction", EnsureTransaction},
    AdapterEntry{"existing_key_constraint_types", ExistingKeys},
    AdapterEntry{"execute", Execute},
    AdapterEntry{"add_query", AddQuery},
    AdapterEntry{"commit", Commit},
    AdapterEntry{"commit_if_has_connection", Commit},
    AdapterEntry{"get_relation", GetRelation},
    AdapterEntry{"list_relations", ListRelations},
    AdapterEntry{"list_relations_without_caching", ListRelations},
    AdapterEntry{"get_columns_in_relation", GetColumns},
    AdapterEntry{"get_columns_in_table", GetColumns},
    AdapterEntry{"get_missing_columns", GetMissingColumns},
    AdapterEntry{"get_column_schema_from_query", GetColumnSchema},
    AdapterEntry{"expand_target_column_types", ExpandColumnTypes},
    AdapterEntry{"drop_relation", DropRelation},
    AdapterEntry{"truncate_relation", TruncateRelation},
    AdapterEntry{"rename_relation", RenameRelation},
    AdapterEntry{"create_schema", CreateSchema},
    AdapterEntry{"drop_schema", DropSchema},
    AdapterEntry{"check_schema_exists", CheckSchemaExists},
    AdapterEntry{"cache_added", CacheAdded},
    AdapterEntry{"cache_dropped", CacheDropped},
    AdapterEntry{"cache_renamed", CacheRenamed},
    AdapterEntry{"already_exists", AlreadyExists},
};

}  // namespace

Result<Relation> RelationArgument(std::string_view callee, const Value& value) {
  if (const Relation* relation = AsRelation(value)) return *relation;
  return Diagnostic(kBadRelation, fmt::format("`adapter.{}` takes a relation, not {}", callee, value.TypeName()))
      .Hint("make one with `ref`, `source`, `this` or `api.Relation.create`");
}

namespace {

// Whoever asks for columns may do so to find out whether there is a relation at all.
bool IsMissing(const Diagnostic& error) {
  return error.kind == adapter::kDatabaseError && ToLower(error.message).find("does not exist") != std::string::npos;
}

}  // namespace

Result<std::vector<Value>> ColumnsOf(NodeRun& run, CallContext& context, const Value& relation) {
  Result<Value> described = run.CallMacro(context, "get_columns_in_relation", {relation});
  if (!described.ok() && IsMissing(described.error().front())) return std::vector<Value>();
  STIR_ASSIGN(const Value columns, std::move(described));
  if (!columns.IsSequence())
    return Diagnostic(kBadRelation, "macro `get_columns_in_relation` did not return a list of columns");
  return columns.Items();
}

AdapterMethod FindAdapterMethod(std::string_view name) {
  const auto found = std::ranges::find(kStatementMethods, name, &AdapterEntry::name);
  if (found != kStatementMethods.end()) return found->method;
  const AdapterMethod method = FindNamingMethod(name);
  return method ? method : FindSnapshotMethod(name);
}

}  // namespace stir::runtime
