// The defaults of each resource type, in the order of dbt's artifacts, and the typed view of a configuration.
#include "project/config.h"

#include <algorithm>
#include <array>

#include "base/strings.h"

namespace stir::project {

namespace {

using jinja::Value;

struct Default {
  std::string_view key;
  Value value;
};
using Defaults = std::vector<Default>;

Value EmptyDict() { return Value::MakeDict(); }
Value EmptyList() { return Value::List(); }

Value DictOf(std::vector<std::pair<std::string_view, Value>> entries) {
  std::vector<std::pair<Value, Value>> pairs;
  for (auto& [key, value] : entries) pairs.emplace_back(Value::String(std::string(key)), std::move(value));
  return Value::MakeDict(std::move(pairs));
}

Defaults CommonDefaults(Value schema) {
  return {{"enabled", Value::Bool(true)}, {"alias", Value::None()},
          {"schema", std::move(schema)},  {"database", Value::None()},
          {"tags", EmptyList()},          {"meta", EmptyDict()},
          {"group", Value::None()},       {"static_analysis", Value::None()}};
}

Defaults RelationDefaults(std::string_view materialized) {
  Defaults all = CommonDefaults(Value::None());
  for (Default& each :
       Defaults{{"materialized", Value::String(std::string(materialized))},
                {"incremental_strategy", Value::None()},
                {"batch_size", Value::None()},
                {"lookback", Value::Int(1)},
                {"begin", Value::None()},
                {"persist_docs", EmptyDict()},
                {"post-hook", EmptyList()},
                {"pre-hook", EmptyList()},
                {"quoting", EmptyDict()},
                {"column_types", EmptyDict()},
                {"full_refresh", Value::None()},
                {"unique_key", Value::None()},
                {"on_schema_change", Value::String("ignore")},
                {"on_configuration_change", Value::String("apply")},
                {"grants", EmptyDict()},
                {"packages", EmptyList()},
                {"docs", DictOf({{"show", Value::Bool(true)}, {"node_color", Value::None()}})},
                {"contract", DictOf({{"enforced", Value::Bool(false)}, {"alias_types", Value::Bool(true)}})},
                {"event_time", Value::None()},
                {"concurrent_batches", Value::None()}}) {
    all.push_back(std::move(each));
  }
  return all;
}

Defaults ModelDefaults() {
  Defaults all = RelationDefaults("view");
  all.push_back({"access", Value::String("protected")});
  all.push_back({"freshness", Value::None()});
  all.push_back({"on_error", Value::None()});
  all.push_back({"latest_version_pointer", DictOf({{"enabled", Value::None()}, {"alias", Value::None()}})});
  return all;
}

Defaults SeedDefaults() {
  Defaults all = RelationDefaults("seed");
  all.push_back({"delimiter", Value::String(",")});
  all.push_back({"quote_columns", Value::None()});
  return all;
}

Defaults TestDefaults() {
  Defaults all = CommonDefaults(Value::String("dbt_test__audit"));
  for (Default& each : Defaults{{"materialized", Value::String("test")},
                                {"severity", Value::String("ERROR")},
                                {"store_failures", Value::None()},
                                {"store_failures_as", Value::None()},
                                {"sql_header", Value::None()},
                                {"where", Value::None()},
                                {"limit", Value::None()},
                                {"fail_calc", Value::String("count(*)")},
                                {"warn_if", Value::String("!= 0")},
                                {"error_if", Value::String("!= 0")}}) {
    all.push_back(std::move(each));
  }
  return all;
}

Defaults SnapshotDefaults() {
  Defaults all = RelationDefaults("snapshot");
  for (Default& each : Defaults{{"strategy", Value::None()},
                                {"target_schema", Value::None()},
                                {"target_database", Value::None()},
                                {"updated_at", Value::None()},
                                {"check_cols", Value::None()},
                                {"snapshot_meta_column_names", DictOf({{"dbt_valid_to", Value::None()},
                                                                       {"dbt_valid_from", Value::None()},
                                                                       {"dbt_scd_id", Value::None()},
                                                                       {"dbt_updated_at", Value::None()},
                                                                       {"dbt_is_deleted", Value::None()}})},
                                {"dbt_valid_to_current", Value::None()}}) {
    all.push_back(std::move(each));
  }
  return all;
}

Defaults FunctionDefaults() {
  Defaults all = RelationDefaults("function");
  for (Default& each : Defaults{{"type", Value::String("scalar")},
                                {"volatility", Value::None()},
                                {"runtime_version", Value::None()},
                                {"entry_point", Value::None()},
                                {"snowflake", DictOf({{"quote_args", Value::Bool(true)}})}}) {
    all.push_back(std::move(each));
  }
  return all;
}

Defaults UnitTestDefaults() {
  return {
      {"tags", EmptyList()}, {"meta", EmptyDict()}, {"enabled", Value::Bool(true)}, {"static_analysis", Value::None()}};
}

// Metrics and semantic models.
Defaults SemanticDefaults() {
  return {{"enabled", Value::Bool(true)}, {"group", Value::None()}, {"meta", EmptyDict()}};
}

Defaults SavedQueryDefaults() {
  return {{"enabled", Value::Bool(true)}, {"group", Value::None()},
          {"meta", EmptyDict()},          {"export_as", Value::None()},
          {"schema", Value::None()},      {"cache", DictOf({{"enabled", Value::Bool(false)}})}};
}

Value EmptyFreshness() {
  const Value threshold = DictOf({{"count", Value::None()}, {"period", Value::None()}});
  return DictOf({{"warn_after", threshold}, {"error_after", threshold}, {"filter", Value::None()}});
}

Defaults SourceDefaults() {
  return {{"enabled", Value::Bool(true)},
          {"event_time", Value::None()},
          {"freshness", EmptyFreshness()},
          {"loaded_at_field", Value::None()},
          {"loaded_at_query", Value::None()},
          {"meta", EmptyDict()},
          {"tags", EmptyList()},
          {"static_analysis", Value::None()}};
}

Defaults ExposureDefaults() { return {{"enabled", Value::Bool(true)}, {"tags", EmptyList()}, {"meta", EmptyDict()}}; }

const Defaults& DefaultsOf(ResourceType type) {
  static const Defaults model = ModelDefaults(), relation = RelationDefaults("view"), seed = SeedDefaults(),
                        snapshot = SnapshotDefaults(), test = TestDefaults(), source = SourceDefaults(),
                        exposure = ExposureDefaults(), function = FunctionDefaults(), unit_test = UnitTestDefaults(),
                        semantic = SemanticDefaults(), saved_query = SavedQueryDefaults();
  switch (type) {
    case ResourceType::kModel:
      return model;
    case ResourceType::kSeed:
      return seed;
    case ResourceType::kSnapshot:
      return snapshot;
    case ResourceType::kTest:
      return test;
    case ResourceType::kSource:
      return source;
    case ResourceType::kExposure:
      return exposure;
    case ResourceType::kFunction:
      return function;
    case ResourceType::kUnitTest:
      return unit_test;
    case ResourceType::kMetric:
    case ResourceType::kSemanticModel:
      return semantic;
    case ResourceType::kSavedQuery:
      return saved_query;
    default:
      return relation;
  }
}

std::string TextOf(const Value& value) { return value.IsString() ? std::string(value.AsString()) : std::string(); }

std::optional<bool> BoolOf(const Value& value) {
  if (value.type() != jinja::Type::kBool) return std::nullopt;
  return value.AsBool();
}

std::vector<std::string> TextsOf(const Value& value) {
  std::vector<std::string> texts;
  if (value.IsString()) texts.emplace_back(value.AsString());
  if (value.IsSequence()) {
    for (const Value& item : value.Items()) {
      if (item.IsString()) texts.emplace_back(item.AsString());
    }
  }
  return texts;
}

const Value* FindIn(const Value& dict, std::string_view key) {
  return dict.IsDict() ? dict.AsDict().Find(key) : nullptr;
}

bool FlagIn(const Value& dict, std::string_view key, bool fallback) {
  const Value* value = FindIn(dict, key);
  return value ? value->Truthy() : fallback;
}

std::vector<Hook> HooksOf(const Value& value, Span span) {
  std::vector<Hook> hooks;
  if (!value.IsSequence()) return hooks;
  for (const Value& item : value.Items()) {
    Hook hook{TextOf(item), true, span};
    if (const Value* sql = FindIn(item, "sql")) hook.sql = TextOf(*sql);
    hook.transaction = FlagIn(item, "transaction", true);
    hooks.push_back(std::move(hook));
  }
  return hooks;
}

OnSchemaChange OnSchemaChangeOf(const Value& value) {
  const std::string text = TextOf(value);
  if (text == "fail") return OnSchemaChange::kFail;
  if (text == "append_new_columns") return OnSchemaChange::kAppendNewColumns;
  if (text == "sync_all_columns") return OnSchemaChange::kSyncAllColumns;
  return OnSchemaChange::kIgnore;
}

std::string_view Spelling(std::string_view key) {
  if (key == "pre_hook") return "pre-hook";
  if (key == "post_hook") return "post-hook";
  return key;
}

}  // namespace

std::string_view ResourceTypeName(ResourceType type) {
  static constexpr std::array<std::string_view, 16> kNames{
      "model",     "seed",     "snapshot", "analysis",       "test",        "operation",     "source", "exposure",
      "unit_test", "function", "metric",   "semantic_model", "saved_query", "sql_operation", "macro",  "doc"};
  return kNames[static_cast<size_t>(type)];
}

Value Thaw(const Value& frozen) {
  if (frozen.IsDict()) {
    std::vector<std::pair<Value, Value>> entries;
    for (const auto& [key, value] : frozen.AsDict().entries()) entries.emplace_back(key, Thaw(value));
    return Value::MakeDict(std::move(entries));
  }
  if (!frozen.IsSequence()) return frozen;
  std::vector<Value> items;
  for (const Value& item : frozen.Items()) items.push_back(Thaw(item));
  return frozen.type() == jinja::Type::kList ? Value::List(std::move(items)) : Value::Tuple(std::move(items));
}

Config::Config(ResourceType type, std::vector<ConfigEntry> entries) : type_(type), entries_(std::move(entries)) {
  enabled = Get("enabled").IsNone() || Get("enabled").Truthy();
  materialized = TextOf(Get("materialized"));
  alias = TextOf(Get("alias"));
  schema = TextOf(Get("schema"));
  database = TextOf(Get("database"));
  group = TextOf(Get("group"));
  tags = TextsOf(Get("tags"));
  pre_hooks = HooksOf(Get("pre-hook"), Where("pre-hook"));
  post_hooks = HooksOf(Get("post-hook"), Where("post-hook"));
  unique_key = TextsOf(Get("unique_key"));
  incremental_strategy = TextOf(Get("incremental_strategy"));
  on_schema_change = OnSchemaChangeOf(Get("on_schema_change"));
  full_refresh = BoolOf(Get("full_refresh"));
  sql_header = TextOf(Get("sql_header"));
  persist_docs_relation = FlagIn(Get("persist_docs"), "relation", false);
  persist_docs_columns = FlagIn(Get("persist_docs"), "columns", false);
  contract_enforced = FlagIn(Get("contract"), "enforced", false);
  docs_show = FlagIn(Get("docs"), "show", true);
  if (type == ResourceType::kTest) {
    severity = ToLower(TextOf(Get("severity"))) == "warn" ? TestSeverity::kWarn : TestSeverity::kError;
    warn_if = TextOf(Get("warn_if"));
    error_if = TextOf(Get("error_if"));
    fail_calc = TextOf(Get("fail_calc"));
    if (Get("limit").type() == jinja::Type::kInt) limit = Get("limit").AsInt();
    where = TextOf(Get("where"));
    store_failures = BoolOf(Get("store_failures"));
    store_failures_as = TextOf(Get("store_failures_as"));
  }
  if (const std::string text = TextOf(Get("delimiter")); !text.empty()) delimiter = text.front();
  quote_columns = BoolOf(Get("quote_columns"));
}

const ConfigEntry* Config::Find(std::string_view key) const {
  auto found = std::ranges::find(entries_, Spelling(key), &ConfigEntry::key);
  return found == entries_.end() ? nullptr : &*found;
}

const Value& Config::Get(std::string_view key) const {
  static const Value undefined;
  if (const ConfigEntry* entry = Find(key)) return entry->value;
  const Defaults& defaults = DefaultsOf(type_);
  auto found = std::ranges::find(defaults, Spelling(key), &Default::key);
  return found == defaults.end() ? undefined : found->value;
}

std::vector<ConfigEntry> Config::All() const {
  std::vector<ConfigEntry> all;
  const Defaults& defaults = DefaultsOf(type_);
  for (const Default& each : defaults) {
    const ConfigEntry* entry = Find(each.key);
    all.push_back(entry ? *entry : ConfigEntry{std::string(each.key), each.value, ConfigLayer::kDefault, {}});
  }
  for (const ConfigEntry& entry : entries_) {
    if (std::ranges::find(defaults, std::string_view(entry.key), &Default::key) == defaults.end()) all.push_back(entry);
  }
  return all;
}

void Config::ForEach(const std::function<void(std::string_view key, const Value& value)>& visit) const {
  const Defaults& defaults = DefaultsOf(type_);
  for (const Default& each : defaults) {
    const ConfigEntry* entry = Find(each.key);
    visit(each.key, entry ? entry->value : each.value);
  }
  for (const ConfigEntry& entry : entries_) {
    if (std::ranges::find(defaults, std::string_view(entry.key), &Default::key) == defaults.end())
      visit(entry.key, entry.value);
  }
}

Span Config::Where(std::string_view key) const {
  const ConfigEntry* entry = Find(key);
  return entry ? entry->span : Span{};
}

}  // namespace stir::project
