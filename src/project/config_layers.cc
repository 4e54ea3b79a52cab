// dbt's merge rules are a table of keys; everything else replaces.
#include "project/config_layers.h"

#include <algorithm>
#include <array>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "project/kinds.h"
#include "project/yaml_values.h"
#include "pylib/convert.h"

namespace stir::project {

namespace {

using jinja::Value;

enum class Merge : uint8_t { kReplace, kAppend, kUpdate, kGrants };

Merge MergeOf(std::string_view key) {
  static constexpr std::array<std::string_view, 4> kAppend{"tags", "pre-hook", "post-hook", "packages"};
  static constexpr std::array<std::string_view, 6> kUpdate{"meta", "quoting",  "column_types",
                                                           "docs", "contract", "latest_version_pointer"};
  if (std::ranges::find(kAppend, key) != kAppend.end()) return Merge::kAppend;
  if (std::ranges::find(kUpdate, key) != kUpdate.end()) return Merge::kUpdate;
  return key == "grants" ? Merge::kGrants : Merge::kReplace;
}

std::vector<Value> ItemsOf(const Value& value) {
  if (value.IsSequence()) return value.Items();
  return {value};
}

Value Appended(const Value& earlier, const Value& later) {
  std::vector<Value> items = ItemsOf(earlier);
  for (Value& item : ItemsOf(later)) items.push_back(std::move(item));
  return Value::List(std::move(items));
}

Value Updated(const Value& earlier, const Value& later) {
  if (!earlier.IsDict() || !later.IsDict()) return later;
  const auto entries = earlier.AsDict().entries();
  Value merged = Value::MakeDict({entries.begin(), entries.end()});
  for (const auto& [key, value] : later.AsDict().entries()) merged.AsDict().Set(key, value);
  return merged;
}

// A privilege replaces the earlier one; `+privilege` extends it.
Value Granted(const Value& earlier, const Value& later) {
  Value merged = Value::MakeDict();
  if (earlier.IsDict()) {
    for (const auto& [key, value] : earlier.AsDict().entries()) merged.AsDict().Set(key, Value::List(ItemsOf(value)));
  }
  if (!later.IsDict()) return later;
  for (const auto& [key, value] : later.AsDict().entries()) {
    std::string_view name = key.IsString() ? key.AsString() : std::string_view();
    const bool extend = name.starts_with('+');
    if (extend) name.remove_prefix(1);
    const Value* before = extend ? merged.AsDict().Find(name) : nullptr;
    merged.AsDict().Set(name, before ? Appended(*before, value) : Value::List(ItemsOf(value)));
  }
  return merged;
}

Value DictOf(std::initializer_list<std::pair<std::string_view, Value>> entries) {
  std::vector<std::pair<Value, Value>> pairs;
  for (const auto& [key, value] : entries) pairs.emplace_back(Value::String(std::string(key)), value);
  return Value::MakeDict(std::move(pairs));
}

// A hook may be a text that holds a dict in JSON: what `before_begin` and `after_commit` give.
Value HookDict(const Value& hook) {
  if (!hook.IsString() || !Strip(hook.AsString()).starts_with('{')) return hook;
  const Json json = ReadJson(hook.AsString());
  return json.is_object() && json.contains("sql") ? pylib::FromJson(json) : hook;
}

Value HookValue(const Value& given) {
  const Value hook = HookDict(given);
  if (!hook.IsDict()) return DictOf({{"sql", hook}, {"transaction", Value::Bool(true)}, {"index", Value::None()}});
  const Value* sql = hook.AsDict().Find("sql");
  const Value* transaction = hook.AsDict().Find("transaction");
  const Value* index = hook.AsDict().Find("index");
  return DictOf({{"sql", sql ? *sql : Value::String("")},
                 {"transaction", transaction ? *transaction : Value::Bool(true)},
                 {"index", index ? *index : Value::None()}});
}

Value NoColumnNames() {
  return DictOf({{"dbt_valid_to", Value::None()},
                 {"dbt_valid_from", Value::None()},
                 {"dbt_scd_id", Value::None()},
                 {"dbt_updated_at", Value::None()},
                 {"dbt_is_deleted", Value::None()}});
}

// Values in the shape that dbt's configuration gives them.
Value Shaped(std::string_view key, const Value& value) {
  if (key == "pre-hook" || key == "post-hook") {
    std::vector<Value> hooks;
    for (const Value& hook : ItemsOf(value)) hooks.push_back(HookValue(hook));
    return Value::List(std::move(hooks));
  }
  if (MergeOf(key) == Merge::kAppend) return Value::List(ItemsOf(value));
  if (key == "docs") return Updated(DictOf({{"show", Value::Bool(true)}, {"node_color", Value::None()}}), value);
  if (key == "contract")
    return Updated(DictOf({{"enforced", Value::Bool(false)}, {"alias_types", Value::Bool(true)}}), value);
  if (key == "latest_version_pointer") {
    const Value none = DictOf({{"enabled", Value::None()}, {"alias", Value::None()}});
    return Updated(none, value.IsDict() ? value : DictOf({{"enabled", value}}));
  }
  if (key == "snapshot_meta_column_names" && value.IsDict()) return Updated(NoColumnNames(), value);
  if (key == "static_analysis" && value.type() == jinja::Type::kBool)
    return Value::String(value.AsBool() ? "on" : "off");
  return value;
}

enum class Wanted : uint8_t { kBool, kText, kDict, kTexts, kWholeNumber };
struct KeyType {
  std::string_view key;
  Wanted wanted;
};
constexpr std::array kKeyTypes{KeyType{"enabled", Wanted::kBool},
                               KeyType{"materialized", Wanted::kText},
                               KeyType{"alias", Wanted::kText},
                               KeyType{"schema", Wanted::kText},
                               KeyType{"database", Wanted::kText},
                               KeyType{"tags", Wanted::kTexts},
                               KeyType{"meta", Wanted::kDict},
                               KeyType{"group", Wanted::kText},
                               KeyType{"full_refresh", Wanted::kBool},
                               KeyType{"incremental_strategy", Wanted::kText},
                               KeyType{"on_schema_change", Wanted::kText},
                               KeyType{"persist_docs", Wanted::kDict},
                               KeyType{"quoting", Wanted::kDict},
                               KeyType{"column_types", Wanted::kDict},
                               KeyType{"grants", Wanted::kDict},
                               KeyType{"docs", Wanted::kDict},
                               KeyType{"contract", Wanted::kDict},
                               KeyType{"severity", Wanted::kText},
                               KeyType{"where", Wanted::kText},
                               KeyType{"fail_calc", Wanted::kText},
                               KeyType{"warn_if", Wanted::kText},
                               KeyType{"error_if", Wanted::kText},
                               KeyType{"limit", Wanted::kWholeNumber},
                               KeyType{"store_failures", Wanted::kBool},
                               KeyType{"store_failures_as", Wanted::kText},
                               KeyType{"delimiter", Wanted::kText},
                               KeyType{"quote_columns", Wanted::kBool}};

bool Fits(const Value& value, Wanted wanted) {
  if (value.IsNone()) return true;
  switch (wanted) {
    case Wanted::kBool:
      return value.type() == jinja::Type::kBool;
    case Wanted::kText:
      return value.IsString();
    case Wanted::kDict:
      return value.IsDict();
    case Wanted::kWholeNumber:
      return value.type() == jinja::Type::kInt;
    case Wanted::kTexts:
      return std::ranges::all_of(ItemsOf(value), [](const Value& item) { return item.IsString(); });
  }
  return true;
}

std::string_view NameOf(Wanted wanted) {
  switch (wanted) {
    case Wanted::kBool:
      return "true or false";
    case Wanted::kText:
      return "a text";
    case Wanted::kDict:
      return "a mapping";
    case Wanted::kWholeNumber:
      return "a whole number";
    case Wanted::kTexts:
      return "a text or a list of texts";
  }
  return "";
}

void Check(const ConfigEntry& entry, ResourceType type, Diagnostics& errors) {
  auto refuse = [&](std::string_view wanted) {
    Result<std::string> seen = entry.value.Repr();
    errors.push_back(Diagnostic(kBadConfig,
                                "configuration `" + entry.key + "` must be " + std::string(wanted) + ", not `" +
                                    (seen.ok() ? *seen : "?") + "`",
                                entry.span));
  };
  auto rule = std::ranges::find(kKeyTypes, std::string_view(entry.key), &KeyType::key);
  if (rule != kKeyTypes.end() && !Fits(entry.value, rule->wanted)) return refuse(NameOf(rule->wanted));
  if (entry.key == "severity" && entry.value.IsString()) {
    const std::string word = ToLower(entry.value.AsString());
    if (word != "warn" && word != "error") refuse("`warn` or `error`");
  }
  if (type == ResourceType::kTest && entry.key == "materialized" && entry.value.IsString() &&
      entry.value.AsString() != "test") {
    refuse("`test`");
  }
}

// store_failures_as decides store_failures; without it, store_failures decides what it is.
void SettleStoreFailures(std::vector<ConfigEntry>& entries) {
  auto find = [&](std::string_view key) {
    auto found = std::ranges::find(entries, key, [](const ConfigEntry& entry) { return std::string_view(entry.key); });
    return found == entries.end() || found->value.IsNone() ? nullptr : &*found;
  };
  auto set = [&](std::string_view key, Value value, const ConfigEntry& because) {
    std::erase_if(entries, [&](const ConfigEntry& entry) { return entry.key == key; });
    entries.push_back({std::string(key), std::move(value), because.layer, because.span});
  };
  if (const ConfigEntry* as = find("store_failures_as")) {
    const ConfigEntry because = *as;
    set("store_failures", Value::Bool(!(because.value.IsString() && because.value.AsString() == "ephemeral")), because);
  } else if (const ConfigEntry* flag = find("store_failures")) {
    const ConfigEntry because = *flag;
    set("store_failures_as", Value::String(because.value.Truthy() ? "table" : "ephemeral"), because);
  }
}

// The freshness of a model: when it is to be built again; without that it says nothing.
Value BuildAfter(const Value& freshness) {
  const Value* given = freshness.IsDict() ? freshness.AsDict().Find("build_after") : nullptr;
  if (!given || !given->IsDict()) return Value::None();
  const Value after = Updated(
      DictOf({{"count", Value::None()}, {"period", Value::None()}, {"updates_on", Value::String("any")}}), *given);
  return DictOf({{"build_after", after}});
}

// The day from which a microbatch model is built is a time.
void SettleBegin(std::vector<ConfigEntry>& entries) {
  auto find = [&](std::string_view key) {
    return std::ranges::find(entries, key, [](const ConfigEntry& entry) { return std::string_view(entry.key); });
  };
  const auto strategy = find("incremental_strategy"), begin = find("begin");
  if (strategy == entries.end() || begin == entries.end() || !begin->value.IsString()) return;
  constexpr size_t kDay = std::string_view("2024-01-01").size();
  const std::string_view day = begin->value.AsString();
  const bool microbatch = strategy->value.IsString() && strategy->value.AsString() == "microbatch";
  if (microbatch && day.size() == kDay) begin->value = Value::String(std::string(day) + "T00:00:00");
}

bool IsHookKey(std::string_view key) {
  while (key.starts_with('+') || key.starts_with(' ')) key.remove_prefix(1);
  return key == "pre-hook" || key == "pre_hook" || key == "post-hook" || key == "post_hook";
}

}  // namespace

std::string ConfigKey(std::string_view key) {
  if (key == "pre_hook") return "pre-hook";
  if (key == "post_hook") return "post-hook";
  return std::string(key);
}

ConfigTree::ConfigTree(const yaml::Node* node, jinja::Scope& scope, Diagnostics& errors) {
  if (node && node->IsMapping()) Fill(root_, *node, scope, errors);
}

void ConfigTree::Fill(Level& level, const yaml::Node& node, jinja::Scope& scope, Diagnostics& errors) {
  for (const yaml::Entry& entry : node.entries) {
    std::string_view key = entry.key->text;
    const bool marked = key.starts_with('+');
    if (!marked && entry.value->IsMapping()) {
      auto child = std::make_unique<Level>();
      child->span = entry.key->span;
      Fill(*child, *entry.value, scope, errors);
      level.children.insert_or_assign(std::string(key), std::move(child));
      continue;
    }
    if (marked) key = Strip(key.substr(1));
    level.unrendered.emplace_back(key, ValueOf(*entry.value));
    Result<Value> value = IsHookKey(key) ? Result<Value>(ValueOf(*entry.value)) : RenderTree(*entry.value, scope);
    if (value.ok()) {
      level.entries.push_back({ConfigKey(key), *std::move(value), ConfigLayer::kDefault, entry.value->span});
    } else {
      Append(errors, std::move(value).error());
    }
  }
}

std::vector<const ConfigTree::Level*> ConfigTree::Find(std::span<const std::string_view> fqn) const {
  std::vector<const Level*> levels{&root_};
  for (std::string_view name : fqn) {
    auto child = levels.back()->children.find(name);
    if (child == levels.back()->children.end()) break;
    levels.push_back(child->second.get());
  }
  return levels;
}

Value MergeConfigValue(std::string_view key, const Value& earlier, const Value& later) {
  switch (MergeOf(key)) {
    case Merge::kAppend:
      return Appended(earlier, later);
    case Merge::kUpdate:
      return Updated(earlier, later);
    case Merge::kGrants:
      return Granted(earlier, later);
    case Merge::kReplace:
      break;
  }
  return later;
}

void ConfigBuilder::Apply(std::span<const ConfigEntry> entries, ConfigLayer layer) {
  for (const ConfigEntry& entry : entries) {
    auto found = std::ranges::find(entries_, entry.key, &ConfigEntry::key);
    if (found == entries_.end()) {
      const Value first = entry.key == "grants" ? Granted(Value::MakeDict(), entry.value) : entry.value;
      entries_.push_back({entry.key, first, layer, entry.span});
    } else {
      // A source's tags replace each other: its properties have joined those of source and table already.
      const bool replace = type_ == ResourceType::kSource && entry.key == "tags";
      *found = {entry.key, replace ? entry.value : MergeConfigValue(entry.key, found->value, entry.value), layer,
                entry.span};
    }
  }
}

std::vector<ConfigEntry> ConfigBuilder::Take(Diagnostics& errors) && {
  for (ConfigEntry& entry : entries_) {
    Check(entry, type_, errors);
    entry.value = Shaped(entry.key, entry.value);
    if (type_ == ResourceType::kModel && entry.key == "freshness") entry.value = BuildAfter(entry.value);
  }
  if (type_ == ResourceType::kModel) SettleBegin(entries_);
  if (type_ == ResourceType::kTest) SettleStoreFailures(entries_);
  return std::move(entries_);
}

}  // namespace stir::project
