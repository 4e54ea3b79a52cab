// Each key keeps its place, so that an error about its value can show it.
#include "project/property_parts.h"

#include <algorithm>

#include "project/config_layers.h"
#include "project/kinds.h"
#include "project/yaml_values.h"

namespace stir::project {

namespace {

using jinja::Value;

// Hooks and queries are rendered when they run.
bool IsLateRendered(std::string_view key) {
  return key == "pre_hook" || key == "post_hook" || key == "pre-hook" || key == "post-hook" || key == "loaded_at_query";
}

void AddConfig(const yaml::Entry& entry, jinja::Scope& scope, std::vector<ConfigEntry>& config, Unrendered* unrendered,
               Diagnostics& errors) {
  const std::string key = ConfigKey(entry.key->text);
  Value value = IsLateRendered(key) ? ValueOf(*entry.value) : RenderedOrNone(*entry.value, scope, errors);
  if (unrendered) unrendered->emplace_back(entry.key->text, DeepMerged(value, ValueOf(*entry.value)));
  SetEntry(config, {key, std::move(value), ConfigLayer::kProperties, entry.value->span});
}

}  // namespace

Value DeepMerged(const Value& outer, const Value& inner) {
  if (inner.IsSequence() && outer.IsSequence()) {
    std::vector<Value> items(inner.Items().begin(), inner.Items().end());
    items.insert(items.end(), outer.Items().begin(), outer.Items().end());
    return Value::List(std::move(items));
  }
  if (!outer.IsDict() || !inner.IsDict()) return inner;
  const auto entries = outer.AsDict().entries();
  Value merged = Value::MakeDict({entries.begin(), entries.end()});
  for (const auto& [key, value] : inner.AsDict().entries()) {
    const Value* before = merged.AsDict().Find(key);
    merged.AsDict().Set(key, before ? DeepMerged(*before, value) : value);
  }
  return merged;
}

std::string Quoted(std::string_view name) { return "`" + std::string(name) + "`"; }

Value RenderedOrNone(const yaml::Node& node, jinja::Scope& scope, Diagnostics& errors,
                     const std::function<bool(std::string_view)>& keep) {
  Result<Value> value = RenderTree(node, scope, keep);
  if (value.ok()) return *std::move(value);
  Append(errors, std::move(value).error());
  return Value::None();
}

YamlNode ReadDescription(MappingReader& reader, const yaml::Node& node, Diagnostics& errors) {
  reader.Find("description");
  const yaml::Entry* entry = node.FindEntry("description");
  if (!entry) return nullptr;
  if (entry->value->IsString()) return entry->value;
  errors.push_back(Diagnostic(
      kWrongType, "`description` of " + reader.what() + " must be a text, not " + std::string(Describe(*entry->value)),
      entry->value->IsNull() ? entry->key->span : entry->value->span));
  return nullptr;
}

const Value* FindEntry(const std::vector<ConfigEntry>& entries, std::string_view key) {
  for (const ConfigEntry& entry : entries) {
    if (entry.key == key) return &entry.value;
  }
  return nullptr;
}

void SetEntry(std::vector<ConfigEntry>& entries, ConfigEntry entry) {
  auto found = std::ranges::find(entries, entry.key, &ConfigEntry::key);
  if (found == entries.end()) {
    entries.push_back(std::move(entry));
  } else {
    *found = std::move(entry);
  }
}

void ReadConfig(MappingReader& reader, const yaml::Node& node, std::initializer_list<std::string_view> beside,
                jinja::Scope& scope, std::vector<ConfigEntry>& config, Unrendered* unrendered, Diagnostics& errors) {
  if (const yaml::Node* mapping = reader.Mapping("config")) {
    for (const yaml::Entry& entry : mapping->entries) AddConfig(entry, scope, config, unrendered, errors);
  }
  for (std::string_view key : beside) {
    reader.Find(key);
    const yaml::Entry* entry = node.FindEntry(key);
    if (!entry) continue;
    if (FindEntry(config, key)) {
      errors.push_back(Diagnostic(kBadConfig,
                                  Quoted(key) + " of " + reader.what() + " is given twice: here and under `config`",
                                  entry->key->span));
    } else {
      AddConfig(*entry, scope, config, nullptr, errors);
      if (unrendered) unrendered->emplace_back(key, config.back().value);
    }
  }
}

}  // namespace stir::project
