// A node's final configuration: dbt's keys typed, every key that was written kept with its layer and its place, so that
// an error can say which line to change. Immutable; equal configurations are shared between nodes.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "jinja/value.h"

namespace stir::project {

enum class ResourceType : uint8_t {
  kModel,
  kSeed,
  kSnapshot,
  kAnalysis,
  kTest,
  kOperation,
  kSource,
  kExposure,
  kUnitTest,
  kFunction,
  kMetric,
  kSemanticModel,
  kSavedQuery,
  kSqlOperation,  // inline SQL
  kMacro,
  kDoc
};
std::string_view ResourceTypeName(ResourceType type);  // dbt's word, also the head of a unique id: "model"

// Where a configuration key was written; later layers win (dbt.md 4.1).
enum class ConfigLayer : uint8_t { kDefault, kPackageProject, kProperties, kInFile, kRootProject };

// A value in a manifest is frozen: nobody changes it after parsing, so all threads may read it. A list or dict given to
// a template, which may change it, must be a copy of its own.
jinja::Value Thaw(const jinja::Value& frozen);

struct ConfigEntry {
  std::string key;                            // dbt's spelling in artifacts: "pre-hook"
  jinja::Value value;                         // frozen
  ConfigLayer layer = ConfigLayer::kDefault;  // the last layer that wrote it
  Span span;                                  // where that layer wrote it; empty for defaults
};

struct Hook {
  std::string sql;          // not rendered
  bool transaction = true;  // inside the node's transaction
  Span span;
};

enum class TestSeverity : uint8_t { kError, kWarn };
enum class OnSchemaChange : uint8_t { kIgnore, kFail, kAppendNewColumns, kSyncAllColumns };

class Config {
 public:
  // `entries`: the keys that were written, merged. Defaults of the resource type answer for all others.
  Config(ResourceType type, std::vector<ConfigEntry> entries);

  // The value of a key, written or default ("pre_hook" finds "pre-hook"); undefined when nobody knows the key.
  const jinja::Value& Get(std::string_view key) const;
  // The entry of a written key, or null.
  const ConfigEntry* Find(std::string_view key) const;
  std::span<const ConfigEntry> written() const { return entries_; }
  // All keys in the order of dbt's artifacts: the type's own with their values, then the others as written.
  std::vector<ConfigEntry> All() const;
  // The same without copies: visit(key, value) for each.
  void ForEach(const std::function<void(std::string_view key, const jinja::Value& value)>& visit) const;
  // Where the key was written, for errors; empty when it is a default.
  Span Where(std::string_view key) const;

  ResourceType type() const { return type_; }
  bool enabled = true;
  std::string materialized;             // "view", "seed", "test", ...
  std::string alias, schema, database;  // as configured, before generate_*_name; empty: not set
  std::string group;
  std::vector<std::string> tags;
  std::vector<Hook> pre_hooks, post_hooks;
  std::vector<std::string> unique_key;  // one or more columns; empty: none
  std::string incremental_strategy;     // empty: the engine's default
  OnSchemaChange on_schema_change = OnSchemaChange::kIgnore;
  std::optional<bool> full_refresh;
  std::string sql_header;
  bool persist_docs_relation = false, persist_docs_columns = false;
  bool contract_enforced = false;
  bool docs_show = true;
  // tests
  TestSeverity severity = TestSeverity::kError;
  std::string warn_if = "!= 0", error_if = "!= 0", fail_calc = "count(*)";
  std::optional<int64_t> limit;
  std::string where;  // empty: none
  std::optional<bool> store_failures;
  std::string store_failures_as;  // "table", "view", "ephemeral" or empty
  // seeds
  char delimiter = ',';
  std::optional<bool> quote_columns;

  // quoting, column_types, meta, grants, docs, contract and all else: Get("meta").

 private:
  ResourceType type_;
  std::vector<ConfigEntry> entries_;
};

}  // namespace stir::project
