// How configurations are layered (dbt.md 4.1): the trees of dbt_project.yml by FQN, and the merge rule of each key.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jinja/template.h"
#include "project/config.h"
#include "project/text_map.h"
#include "yaml/node.h"

namespace stir::project {

// models:, seeds:, ... of one dbt_project.yml, rendered. Immutable; safe for all threads.
class ConfigTree {
 public:
  struct Level {
    std::vector<ConfigEntry> entries;  // rendered; spans are the values'
    std::vector<std::pair<std::string, jinja::Value>> unrendered;
    TextMap<std::unique_ptr<Level>> children;
    Span span;  // of the key that names the level
  };

  ConfigTree() = default;
  // `node` may be null: an empty tree.
  ConfigTree(const yaml::Node* node, jinja::Scope& scope, Diagnostics& errors);

  // The levels that apply to a node, from the outside in. Walking stops at the first missing one.
  std::vector<const Level*> Find(std::span<const std::string_view> fqn) const;
  const Level& root() const { return root_; }

 private:
  static void Fill(Level& level, const yaml::Node& node, jinja::Scope& scope, Diagnostics& errors);
  Level root_;
};

// How a later value of `key` joins an earlier one: replace, append, update, or per grant.
jinja::Value MergeConfigValue(std::string_view key, const jinja::Value& earlier, const jinja::Value& later);

// Collects layers, lowest first.
class ConfigBuilder {
 public:
  explicit ConfigBuilder(ResourceType type) : type_(type) {}
  void Apply(std::span<const ConfigEntry> entries, ConfigLayer layer);
  // Final values; types that dbt refuses are errors with the place of the key.
  std::vector<ConfigEntry> Take(Diagnostics& errors) &&;

 private:
  ResourceType type_;
  std::vector<ConfigEntry> entries_;
};

// "pre_hook" is "pre-hook" everywhere.
std::string ConfigKey(std::string_view key);

}  // namespace stir::project
