// The attributes and methods are dbt's (dbt.md 2.4); every method returns a new object.
#include "runtime/relation_object.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/strings.h"
#include "jinja/template.h"
#include "project/parse_context.h"
#include "runtime/kinds.h"
#include "runtime/object_tools.h"

namespace stir::runtime {

namespace {

using adapter::Dialect;
using adapter::Policy;
using adapter::Relation;
using adapter::RelationType;
using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

constexpr std::array kTypes{RelationType::kTable,    RelationType::kView,
                            RelationType::kCte,      RelationType::kMaterializedView,
                            RelationType::kExternal, RelationType::kFunction};

Result<RelationType> TypeFrom(const Value& value) {
  if (!value.Truthy()) return RelationType::kUnknown;
  STIR_ASSIGN(const std::string name, value.Str());
  for (RelationType type : kTypes)
    if (adapter::RelationTypeName(type) == name) return type;
  return Diagnostic(kBadRelation, fmt::format("`{}` is no type of relation", name))
      .Hint("types are table, view, cte, materialized_view, external and function");
}

Value PolicyValue(const Policy& policy) {
  return MakeRecord("Policy", {{"database", Value::Bool(policy.database)},
                               {"schema", Value::Bool(policy.schema)},
                               {"identifier", Value::Bool(policy.identifier)}});
}

// Sets a part from an argument: none and undefined make it empty.
Status SetPart(std::string& part, const Value& value) {
  part.clear();
  if (value.IsNone() || value.IsUndefined()) return {};
  STIR_ASSIGN(part, value.Str());
  return {};
}

Status ApplyPath(Relation& relation, const Value& path) {
  if (!path.IsDict()) return {};
  for (const auto& [key, value] : path.AsDict().entries()) {
    if (!key.IsString()) continue;
    if (key.AsString() == "database") STIR_TRY(SetPart(relation.database, value));
    if (key.AsString() == "schema") STIR_TRY(SetPart(relation.schema, value));
    if (key.AsString() == "identifier") STIR_TRY(SetPart(relation.identifier, value));
  }
  return {};
}

void ApplyPolicy(Policy& policy, const Value& value) {
  if (!value.IsDict()) return;
  const auto set = [&](std::string_view name, bool& flag) {
    const Value* found = value.AsDict().Find(name);
    if (found && !found->IsNone()) flag = found->Truthy();
  };
  set("database", policy.database);
  set("schema", policy.schema);
  set("identifier", policy.identifier);
}

// include(database=false) and quote(identifier=true).
Policy PolicyFrom(ArgumentReader& args, Policy policy) {
  const auto set = [&](std::string_view name, bool& flag) {
    const Value value = args.Optional(name);
    if (!value.IsNone()) flag = value.Truthy();
  };
  set("database", policy.database);
  set("schema", policy.schema);
  set("identifier", policy.identifier);
  return policy;
}

// Keyword arguments that incorporate() and create() share.
Status ApplyKeyword(Relation& relation, std::string_view name, const Value& value) {
  if (name == "path") return ApplyPath(relation, value);
  if (name == "type") {
    STIR_ASSIGN(relation.type, TypeFrom(value));
    return {};
  }
  if (name == "database") return SetPart(relation.database, value);
  if (name == "schema") return SetPart(relation.schema, value);
  if (name == "identifier") return SetPart(relation.identifier, value);
  if (name == "quote_policy") ApplyPolicy(relation.quote, value);
  if (name == "include_policy") ApplyPolicy(relation.include, value);
  return {};
}

// dbt counts characters, and only in the names of what has a type.
Status CheckLength(const Dialect& dialect, const Relation& relation) {
  if (dialect.max_identifier == 0 || relation.type == RelationType::kUnknown) return {};
  const auto is_first = [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; };
  const auto length = static_cast<size_t>(std::ranges::count_if(relation.identifier, is_first));
  if (length <= dialect.max_identifier) return {};
  return Diagnostic(kNameTooLong, fmt::format("Relation name '{}' is longer than {} characters", relation.identifier,
                                              dialect.max_identifier))
      .Hint("give the node a shorter `alias`");
}

// "db".INFORMATION_SCHEMA, with or without a view of it. Prints as SQL.
class InformationSchemaObject final : public jinja::Object {
 public:
  InformationSchemaObject(const Dialect& dialect, std::string database, std::string schema, std::string view)
      : dialect_(dialect), database_(std::move(database)), schema_(std::move(schema)), view_(std::move(view)) {}
  std::string_view TypeName() const override { return "InformationSchema"; }
  Result<std::string> Str() const override {
    std::string text = database_.empty() ? "" : dialect_.Quote(database_) + ".";
    return text + "INFORMATION_SCHEMA" + (view_.empty() ? "" : "." + view_);
  }
  Result<std::string> Repr() const override { return Str(); }
  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name == "database") return {TextOrNone(database_)};
    if (name == "schema") return {TextOrNone(schema_)};
    if (name == "information_schema_view" || name == "identifier") return {TextOrNone(view_)};
    if (name == "replace") return {Replace()};
    return {std::nullopt};
  }

 private:
  Value Replace() {
    return BoundMethod("replace", this, [this](CallContext&, const Arguments& arguments) -> Result<Value> {
      ArgumentReader args("replace", arguments);
      const Value view = args.Optional("information_schema_view", TextOrNone(view_));
      STIR_TRY(args.Finish());
      std::string name;
      STIR_TRY(SetPart(name, view));
      return Value::New<InformationSchemaObject>(dialect_, database_, schema_, std::move(name));
    });
  }
  const Dialect& dialect_;
  std::string database_, schema_, view_;
};

// What dbt's relations say of themselves as classes: `this.Function`, `api.Relation.View`.
std::optional<Value> TypeConstant(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kNames{
      {{"Table", "table"},
       {"View", "view"},
       {"CTE", "cte"},
       {"MaterializedView", "materialized_view"},
       {"External", "external"},
       {"Function", "function"},
       {"PointerTable", "pointer_table"}}};
  for (const auto& [attribute, type] : kNames)
    if (attribute == name) return Value::String(std::string(type));
  return std::nullopt;
}

class RelationClass final : public jinja::Object {
 public:
  RelationClass(const Dialect& dialect, Policy quote) : dialect_(dialect), quote_(quote) {}
  std::string_view TypeName() const override { return "RelationProxy"; }
  bool IsCallable() const override { return true; }
  Result<Value> Call(CallContext&, const Arguments& arguments) override { return Create(arguments); }

  Result<std::optional<Value>> GetAttribute(CallContext&, std::string_view name) override {
    if (name == "create")
      return {BoundMethod("create", this, [this](CallContext&, const Arguments& a) { return Create(a); })};
    if (name == "create_from")
      return {BoundMethod("create_from", this, [this](CallContext&, const Arguments& a) { return CreateFrom(a); })};
    if (name == "add_ephemeral_prefix")
      return {BoundMethod("add_ephemeral_prefix", this, [](CallContext&, const Arguments& a) -> Result<Value> {
        ArgumentReader args("add_ephemeral_prefix", a);
        STIR_ASSIGN(const Value plain, args.Required("name"));
        STIR_ASSIGN(const std::string text, plain.Str());
        return Value::String(EphemeralName(text));
      })};
    if (name == "scd_args")
      return {BoundMethod("scd_args", this, [](CallContext&, const Arguments& a) { return ScdArguments(a); })};
    if (name == "get_relation_type") return {Value::FromObject(jinja::Ref<jinja::Object>(this))};
    return {TypeConstant(name)};
  }

 private:
  // What the id of a snapshot's row is made of: its key, one column or several, and its time.
  static Result<Value> ScdArguments(const Arguments& arguments) {
    ArgumentReader args("scd_args", arguments);
    STIR_ASSIGN(const Value key, args.Required("primary_key"));
    STIR_ASSIGN(Value updated_at, args.Required("updated_at"));
    STIR_TRY(args.Finish());
    std::vector<Value> items = key.IsSequence() ? key.Items() : std::vector<Value>{key};
    items.push_back(std::move(updated_at));
    return Value::List(std::move(items));
  }

  Relation Blank() const {
    Relation relation;
    relation.quote = quote_;
    relation.include = dialect_.default_include;
    return relation;
  }

  Result<Value> Create(const Arguments& arguments) {
    ArgumentReader args("create", arguments);
    Relation relation = Blank();
    STIR_TRY(SetPart(relation.database, args.Optional("database")));
    STIR_TRY(SetPart(relation.schema, args.Optional("schema")));
    STIR_TRY(SetPart(relation.identifier, args.Optional("identifier")));
    STIR_ASSIGN(relation.type, TypeFrom(args.Optional("type")));
    std::optional<int64_t> limit;
    for (const auto& [name, value] : args.RestKeywords()) {
      if (name == "limit" && value.type() == jinja::Type::kInt) limit = value.AsInt();
      STIR_TRY(ApplyKeyword(relation, name, value));
    }
    STIR_TRY(CheckLength(dialect_, relation));
    return MakeRelation(dialect_, std::move(relation), RowScope{limit, {}});
  }

  // From a configuration and a node's dict: the node's database, schema and alias.
  Result<Value> CreateFrom(const Arguments& arguments) {
    ArgumentReader args("create_from", arguments);
    args.Optional("quoting");
    STIR_ASSIGN(const Value node, args.Required("relation_config"));
    Relation relation = Blank();
    if (node.IsDict()) STIR_TRY(ApplyPath(relation, node));
    const Value* alias = node.IsDict() ? node.AsDict().Find("alias") : nullptr;
    if (alias && !alias->IsNone()) STIR_TRY(SetPart(relation.identifier, *alias));
    for (const auto& [name, value] : args.RestKeywords()) STIR_TRY(ApplyKeyword(relation, name, value));
    return MakeRelation(dialect_, std::move(relation));
  }

  const Dialect& dialect_;
  Policy quote_;
};

}  // namespace

std::string EphemeralName(std::string_view name) { return fmt::format("__dbt__cte__{}", name); }

Value MakeInformationSchema(const Dialect& dialect, std::string database, std::string schema) {
  return Value::New<InformationSchemaObject>(dialect, std::move(database), std::move(schema), std::string());
}

Value MakeRelation(const Dialect& dialect, Relation relation, RowScope scope) {
  return Value::New<RelationObject>(dialect, std::move(relation), std::move(scope));
}

Value MakeRelationClass(const Dialect& dialect, Policy quote) { return Value::New<RelationClass>(dialect, quote); }

const Relation* AsRelation(const Value& value) {
  const auto* object = value.As<RelationObject>();
  return object ? &object->relation() : nullptr;
}

Value RelationObject::Derived(Relation relation) const { return MakeRelation(dialect_, std::move(relation), scope_); }

namespace {

// As Python prints an aware datetime.
std::string TimeText(Timestamp time) {
  const std::string text = ReplaceAll(FormatTimestamp(time), "T", " ");  // 2024-01-01 00:00:00.000000Z
  const std::string_view fraction = std::string_view(text).substr(20, 6);
  return text.substr(0, 19) + (fraction == "000000" ? "" : fmt::format(".{}", fraction)) + "+00:00";
}

std::string FilterText(const EventTimeFilter& filter) {
  std::string text;
  if (filter.start) text = fmt::format("{} >= '{}'", filter.column, TimeText(*filter.start));
  if (!filter.end) return text;
  return fmt::format("{}{}{} < '{}'", text, text.empty() ? "" : " and ", filter.column, TimeText(*filter.end));
}

}  // namespace

Result<std::string> RelationObject::Str() const {
  std::string text = dialect_.Render(relation_);
  if (relation_.type == RelationType::kFunction) return text;
  const auto alias = [this](std::string_view what) {
    return dialect_.names_subqueries ? fmt::format(" _dbt_{}_subq_{}", what, relation_.identifier) : "";
  };
  if (scope_.limit == 0) text = fmt::format("(select * from {} where false limit 0){}", text, alias("limit"));
  if (scope_.limit.value_or(0) != 0)
    text = fmt::format("(select * from {} limit {}){}", text, *scope_.limit, alias("limit"));
  const std::string filter = scope_.filter ? FilterText(*scope_.filter) : "";
  return filter.empty() ? text : fmt::format("(select * from {} where {}){}", text, filter, alias("et_filter"));
}

namespace {

// What of a function's configuration chooses the macro that makes it; none of a node that is no function.
Result<Value> FunctionConfig(const Arguments& arguments) {
  ArgumentReader args("get_function_config", arguments);
  STIR_ASSIGN(const Value model, args.Required("model"));
  STIR_TRY(args.Finish());
  const auto member = [](const Value& dict, std::string_view name) {
    const Value* found = dict.IsDict() ? dict.AsDict().Find(name) : nullptr;
    return found ? *found : Value::None();
  };
  const Value resource = member(model, "resource_type");
  if (!resource.IsString() || resource.AsString() != "function") return Value::None();
  const Value config = member(model, "config"), type = member(config, "type");
  if (!type.Truthy())
    return Diagnostic(kBadRelation, "A `type` is required for functions").Hint("config: {type: scalar}");
  return MakeRecord("FunctionConfig", {{"language", member(model, "language")},
                                       {"type", type},
                                       {"runtime_version", member(config, "runtime_version")},
                                       {"entry_point", member(config, "entry_point")}});
}

// "scalar_function_sql".
Result<Value> FunctionMacroName(CallContext& context, const Arguments& arguments) {
  ArgumentReader args("get_function_macro_name", arguments);
  STIR_ASSIGN(const Value config, args.Required("config"));
  STIR_TRY(args.Finish());
  STIR_ASSIGN(const Value type, context.GetAttribute(config, "type"));
  STIR_ASSIGN(const Value language, context.GetAttribute(config, "language"));
  STIR_ASSIGN(const std::string type_text, type.Str());
  STIR_ASSIGN(const std::string language_text, language.Str());
  return Value::String(fmt::format("{}_function_{}", type_text, language_text));
}

}  // namespace

Result<std::string> RelationObject::Repr() const { return fmt::format("<Relation {}>", dialect_.Render(relation_)); }

bool RelationObject::Equals(const Value& other) const {
  const auto* that = other.As<RelationObject>();
  return that && that->relation_ == relation_;
}

size_t RelationObject::Hash() const { return std::hash<std::string>()(Render()); }

std::optional<Value> RelationObject::Field(std::string_view name) const {
  const Relation& r = relation_;
  const auto is = [&](RelationType type) { return Value::Bool(r.type == type); };
  if (name == "database") return TextOrNone(r.database);
  if (name == "schema") return TextOrNone(r.schema);
  if (name == "identifier" || name == "table" || name == "name") return TextOrNone(r.identifier);
  if (name == "type")
    return r.type == RelationType::kUnknown ? Value::None() : Value::String(std::string(RelationTypeName(r.type)));
  if (name == "is_table") return is(RelationType::kTable);
  if (name == "is_view") return is(RelationType::kView);
  if (name == "is_cte") return is(RelationType::kCte);
  if (name == "is_materialized_view") return is(RelationType::kMaterializedView);
  if (name == "can_be_renamed" || name == "can_be_replaced")
    return Value::Bool(dialect_.renames_relations && (r.type == RelationType::kTable || r.type == RelationType::kView));
  if (name == "require_alias") return Value::Bool(dialect_.names_subqueries);
  if (name == "is_function") return is(RelationType::kFunction);
  if (name == "is_pointer") return Value::Bool(false);
  if (name == "limit") return scope_.limit ? Value::Int(*scope_.limit) : Value::None();
  if (name == "external") return TextOrNone(r.external);
  if (name == "event_time_filter" || name == "catalog") return Value::None();
  if (name == "path")
    return MakeRecord("Path", {{"database", TextOrNone(r.database)},
                               {"schema", TextOrNone(r.schema)},
                               {"identifier", TextOrNone(r.identifier)}});
  if (name == "quote_policy") return PolicyValue(r.quote);
  if (name == "include_policy") return PolicyValue(r.include);
  if (name == "quote_character") return Value::String(std::string(1, dialect_.quote_char));
  return TypeConstant(name);
}

std::optional<Value> RelationObject::Method(std::string_view name) {
  const auto bind = [&](auto body) { return BoundMethod(std::string(name), this, std::move(body)); };
  if (name == "relation_max_name_length" && dialect_.max_identifier > 0)
    return bind([this](CallContext&, const Arguments&) -> Result<Value> {
      return Value::Int(static_cast<int64_t>(dialect_.max_identifier));
    });
  if (name == "include" || name == "quote")
    return bind([this, quote = name == "quote"](CallContext&, const Arguments& arguments) -> Result<Value> {
      ArgumentReader args(quote ? "quote" : "include", arguments);
      Relation copy = relation_;
      Policy& policy = quote ? copy.quote : copy.include;
      policy = PolicyFrom(args, policy);
      STIR_TRY(args.Finish());
      return Derived(std::move(copy));
    });
  if (name == "incorporate" || name == "replace_path" || name == "replace")
    return bind([this](CallContext&, const Arguments& arguments) -> Result<Value> {
      Relation copy = relation_;
      for (const auto& [key, value] : arguments.keywords) STIR_TRY(ApplyKeyword(copy, key, value));
      STIR_TRY(CheckLength(dialect_, copy));
      return Derived(std::move(copy));
    });
  if (name == "without_identifier")
    return bind([this](CallContext&, const Arguments&) -> Result<Value> {
      Relation copy = relation_;
      copy.include.identifier = false;
      return Derived(std::move(copy));
    });
  if (name == "information_schema" || name == "information_schema_only")
    return bind([this](CallContext&, const Arguments& arguments) -> Result<Value> {
      std::string view;
      if (!arguments.positional.empty()) STIR_TRY(SetPart(view, arguments.positional[0]));
      return Value::New<InformationSchemaObject>(dialect_, relation_.database, relation_.schema, std::move(view));
    });
  if (name == "matches")
    return bind([this](CallContext&, const Arguments& arguments) -> Result<Value> {
      ArgumentReader args("matches", arguments);
      const auto fits = [&](std::string_view part, std::string_view mine) {
        const Value value = args.Optional(part);
        return value.IsNone() || (value.IsString() && dialect_.SameName(value.AsString(), mine));
      };
      const bool database = fits("database", relation_.database), schema = fits("schema", relation_.schema);
      return Value::Bool(fits("identifier", relation_.identifier) && database && schema);
    });
  if (name == "get_function_config")
    return bind([](CallContext&, const Arguments& arguments) { return FunctionConfig(arguments); });
  if (name == "get_function_macro_name")
    return bind([](CallContext& context, const Arguments& arguments) { return FunctionMacroName(context, arguments); });
  if (name == "render")
    return bind([this](CallContext&, const Arguments&) -> Result<Value> { return Value::String(Render()); });
  if (name == "render_limited")
    return bind([this](CallContext&, const Arguments&) -> Result<Value> {
      STIR_ASSIGN(std::string text, Str());
      return Value::String(std::move(text));
    });
  if (name == "quoted")
    return bind([this](CallContext&, const Arguments& arguments) -> Result<Value> {
      ArgumentReader args("quoted", arguments);
      STIR_ASSIGN(const Value identifier, args.Required("identifier"));
      STIR_ASSIGN(const std::string text, identifier.Str());
      return Value::String(dialect_.Quote(text));
    });
  if (name == "get")
    return bind([this](CallContext&, const Arguments& arguments) -> Result<Value> {
      ArgumentReader args("get", arguments);
      STIR_ASSIGN(const Value key, args.Required("key"));
      Value fallback = args.Optional("default");
      if (key.IsString() && key.AsString() == "metadata") return project::RelationMetadata(dialect_);
      std::optional<Value> found = key.IsString() ? Field(key.AsString()) : std::nullopt;
      return found ? *std::move(found) : std::move(fallback);
    });
  return std::nullopt;
}

Result<std::optional<Value>> RelationObject::GetAttribute(CallContext&, std::string_view name) {
  if (std::optional<Value> field = Field(name)) return {std::move(field)};
  return {Method(name)};
}

Result<std::optional<Value>> RelationObject::GetItem(CallContext&, const Value& key) {
  return {key.IsString() ? Field(key.AsString()) : std::nullopt};
}

}  // namespace stir::runtime
