// The built-in macros are only called when a project replaces one of them; else their rule is applied directly, which
// spares three calls a node.
#include "project/relation_names.h"

#include <algorithm>

#include "base/strings.h"

namespace stir::project {

namespace {

using jinja::Value;

bool IsInternal(const Macro& macro, const MacroIndex& macros) {
  const auto& internal = macros.layout().internal;
  return std::ranges::find(internal, macro.package) != internal.end();
}

// The project's own macro of that name, or null when the built-in rule applies.
const Macro* OwnMacro(std::string_view name, std::string_view package, const MacroIndex& macros) {
  const Macro* macro = macros.GenerateName(name, package);
  if (macro && !IsInternal(*macro, macros)) return macro;
  Result<const Macro*> dispatched = macros.Dispatch(name, "dbt", package);
  return macro && dispatched.ok() && !IsInternal(**dispatched, macros) ? macro : nullptr;
}

Value NodeValue(const NamedNode& node, const Config& config, const PackageContext& package) {
  Value value = Value::MakeDict();
  auto set = [&](std::string_view key, std::string_view text) {
    value.AsDict().Set(key, Value::String(std::string(text)));
  };
  set("name", node.name);
  set("alias", node.name);
  set("unique_id", node.unique_id);
  set("resource_type", ResourceTypeName(node.type));
  set("package_name", package.name());
  set("path", node.path);
  set("original_file_path", node.original_file_path);
  set("database", package.parse->default_database());
  set("schema", package.parse->default_schema());
  std::vector<Value> fqn;
  for (std::string_view part : node.fqn) fqn.push_back(Value::String(std::string(part)));
  value.AsDict().Set("fqn", Value::List(std::move(fqn)));
  Value all = Value::MakeDict();
  for (const ConfigEntry& entry : config.All()) all.AsDict().Set(entry.key, Thaw(entry.value));
  value.AsDict().Set("tags", Thaw(config.Get("tags")));
  value.AsDict().Set("meta", Thaw(config.Get("meta")));
  value.AsDict().Set("config", std::move(all));
  value.AsDict().Set("version", node.version.empty() ? Value::None() : Value::String(std::string(node.version)));
  return value;
}

Value OrNone(const std::string& text) { return text.empty() ? Value::None() : Value::String(text); }

Result<std::string> CallNaming(const Macro& macro, const std::string& custom, const Value& node, std::string_view name,
                               const PackageContext& package, Reads& reads) {
  Recording recording;
  recording.reads.AddMacro(macro);
  ParseScope scope(*package.parse, recording, name);
  scope.Set("var", package.parse->StrictVar(recording.reads));
  const Value arguments[] = {OrNone(custom), node};
  const Result<Value> called = jinja::CallValue(macro.callable, jinja::Arguments{arguments, {}}, scope);
  reads.Add(recording.reads);
  STIR_ASSIGN(const Value result, called);
  if (result.IsNone()) return std::string();
  STIR_ASSIGN(const std::string text, result.Str());
  return std::string(Strip(text));
}

std::string BuiltInAlias(const NamedNode& node) {
  if (node.version.empty()) return std::string(node.name);
  return std::string(node.name) + "_v" + ReplaceAll(node.version, ".", "_");
}

// A snapshot's own way to say where it is, from before it had `schema` and `database`.
void PlaceSnapshot(const Config& config, RelationNames& names) {
  const Value &schema = config.Get("target_schema"), &database = config.Get("target_database");
  if (schema.IsString() && schema.Truthy()) names.schema = schema.AsString();
  if (database.IsString() && database.Truthy()) names.database = database.AsString();
}

}  // namespace

NamingMacros FindNamingMacros(std::string_view package, const MacroIndex& macros) {
  return {OwnMacro("generate_database_name", package, macros), OwnMacro("generate_schema_name", package, macros),
          OwnMacro("generate_alias_name", package, macros)};
}

Result<RelationNames> NameRelation(const NamedNode& node, const Config& config, const PackageContext& package,
                                   Reads& reads) {
  const std::string& database = package.parse->default_database();
  const std::string& schema = package.parse->default_schema();
  RelationNames names;
  names.database = config.database.empty() ? database : std::string(Strip(config.database));
  names.schema = config.schema.empty() ? schema : schema + "_" + std::string(Strip(config.schema));
  names.alias = config.alias.empty() ? BuiltInAlias(node) : std::string(Strip(config.alias));
  Value value;
  auto replace = [&](const Macro* macro, const std::string& custom, std::string& result) -> Status {
    if (!macro) return {};
    if (value.IsUndefined()) value = NodeValue(node, config, package);
    STIR_ASSIGN(result, CallNaming(*macro, custom, value, node.name, package, reads));
    return {};
  };
  STIR_TRY(replace(package.naming.database, config.database, names.database));
  STIR_TRY(replace(package.naming.schema, config.schema, names.schema));
  STIR_TRY(replace(package.naming.alias, config.alias, names.alias));
  if (node.type == ResourceType::kSnapshot) PlaceSnapshot(config, names);
  return names;
}

}  // namespace stir::project
