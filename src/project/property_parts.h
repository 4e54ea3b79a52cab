// What the sections of properties files have in common: configuration, descriptions, values with Jinja in them.
#pragma once

#include <functional>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "project/config.h"
#include "project/mapping_reader.h"
#include "project/properties.h"

namespace stir::project {

// "`orders`".
std::string Quoted(std::string_view name);

// The node with its texts rendered natively; what is wrong goes to `errors`, and the value is none.
jinja::Value RenderedOrNone(const yaml::Node& node, jinja::Scope& scope, Diagnostics& errors,
                            const std::function<bool(std::string_view key)>& keep = {});

// A description that is there but empty is dbt's error, because it is usually a slip of indentation.
YamlNode ReadDescription(MappingReader& reader, const yaml::Node& node, Diagnostics& errors);

const jinja::Value* FindEntry(const std::vector<ConfigEntry>& entries, std::string_view key);
void SetEntry(std::vector<ConfigEntry>& entries, ConfigEntry entry);

using Unrendered = std::vector<std::pair<std::string, jinja::Value>>;

// The dicts joined on every level: lists of the inner one come first, its other values replace.
jinja::Value DeepMerged(const jinja::Value& outer, const jinja::Value& inner);

// The entries of `config:`, and of the keys that dbt also takes beside it. `unrendered` may be null; like dbt's, it has
// each value of `config:` as written, joined with what it renders to.
void ReadConfig(MappingReader& reader, const yaml::Node& node, std::initializer_list<std::string_view> beside,
                jinja::Scope& scope, std::vector<ConfigEntry>& config, Unrendered* unrendered, Diagnostics& errors);

}  // namespace stir::project
