// Comparing follows dbt: what is configured counts as it was written, not as it turned out in some environment.
#include "project/prior_state.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>
#include <set>
#include <unordered_set>

#include "base/json.h"
#include "base/strings.h"
#include "project/artifacts.h"
#include "project/kinds.h"

namespace stir::project {

namespace {

namespace fs = std::filesystem;
using graph::NodeSet;
using jinja::Value;

const Json& Null() {
  static const Json null;
  return null;
}

const Json& At(const Json& object, std::string_view key) {
  if (!object.is_object()) return Null();
  auto found = object.find(key);
  return found == object.end() ? Null() : *found;
}

std::string_view TextAt(const Json& object, std::string_view key) {
  const Json& value = At(object, key);
  return value.is_string() ? std::string_view(value.get_ref<const std::string&>()) : std::string_view();
}

bool Same(const Value& value, const Json& json);

bool SameItems(const Value& list, const Json& json) {
  if (!json.is_array() || json.size() != list.Items().size()) return false;
  for (size_t i = 0; i < json.size(); ++i) {
    if (!Same(list.Items()[i], json[i])) return false;
  }
  return true;
}

bool Same(const Value& value, const Json& json) {
  using enum jinja::Type;
  switch (value.type()) {
    case kUndefined:
    case kNone:
      return json.is_null();
    case kBool:
      return json.is_boolean() && json.get<bool>() == value.AsBool();
    case kInt:
      return json.is_number() && json.get<double>() == static_cast<double>(value.AsInt());
    case kFloat:
      return json.is_number() && json.get<double>() == value.AsFloat();
    case kString:
      return json.is_string() && json.get_ref<const std::string&>() == value.AsString();
    case kList:
    case kTuple:
      return SameItems(value, json);
    case kDict:
      return json.is_object() && json.size() == value.AsDict().size() &&
             std::ranges::all_of(value.AsDict().entries(), [&](const auto& entry) {
               return entry.first.IsString() && json.contains(entry.first.AsString()) &&
                      Same(entry.second, At(json, entry.first.AsString()));
             });
    default:
      return false;
  }
}

// A key is the same when neither has it, or both have it with one value.
bool SameKey(const Value& now, const Json& before, std::string_view key) {
  const Value* value = now.IsDict() ? now.AsDict().Find(key) : nullptr;
  const bool had = before.is_object() && before.contains(key);
  if (!value || !had) return !value && !had;
  return Same(*value, At(before, key));
}

bool SameWords(std::span<const Text> words, const Json& before) {
  if (!before.is_array() || before.size() != words.size()) return false;
  for (size_t i = 0; i < words.size(); ++i) {
    if (!before[i].is_string() || before[i].get_ref<const std::string&>() != words[i]) return false;
  }
  return true;
}

bool IsParsed(const Node& node) { return node.type < ResourceType::kSource || node.function; }

// Configuration that says where or how a node is found, not what it is.
bool IsLeftOut(ResourceType type, std::string_view key) {
  static constexpr std::array<std::string_view, 5> kOfNodes{"alias", "schema", "database", "tags", "group"};
  const bool semantic =
      type == ResourceType::kMetric || type == ResourceType::kSemanticModel || type == ResourceType::kSavedQuery;
  if (semantic) return key == "group";
  if (type == ResourceType::kSource || type == ResourceType::kExposure) return false;
  return std::ranges::find(kOfNodes, key) != kOfNodes.end();
}

bool SameConfig(const Node& node, const Json& before) {
  const Json& old = At(before, "unrendered_config");
  const Value& now = node.unrendered_config;
  if (node.type == ResourceType::kTest) {
    static constexpr std::array<std::string_view, 9> kModifiers{
        "severity",          "where",     "limit", "fail_calc", "warn_if", "error_if", "store_failures",
        "store_failures_as", "sql_header"};
    return std::ranges::all_of(kModifiers, [&](std::string_view key) { return SameKey(now, old, key); });
  }
  std::set<std::string> keys;
  if (now.IsDict()) {
    for (const auto& [key, _] : now.AsDict().entries()) keys.emplace(key.AsString());
  }
  if (old.is_object()) {
    for (const auto& [key, _] : old.items()) keys.insert(key);
  }
  return std::ranges::all_of(
      keys, [&](const std::string& key) { return IsLeftOut(node.type, key) || SameKey(now, old, key); });
}

bool SameBody(const Node& node, const Json& before) {
  if (node.type == ResourceType::kSeed) {
    const Json& checksum = At(before, "checksum");
    return TextAt(checksum, "name") == node.checksum_name && TextAt(checksum, "checksum") == node.checksum;
  }
  const std::string_view key = before.contains("raw_code") ? "raw_code" : "raw_sql";
  return TextAt(before, key) == node.raw_code;
}

bool SamePlace(const Node& node, const Json& before) {
  if (node.source) {
    return TextAt(before, "unrendered_database") == node.source->unrendered_database &&
           TextAt(before, "unrendered_schema") == node.source->unrendered_schema &&
           TextAt(before, "identifier") == node.source->identifier;
  }
  const Json& old = At(before, "unrendered_config");
  auto get = [&](std::string_view key) {
    const Value* value = node.unrendered_config.IsDict() ? node.unrendered_config.AsDict().Find(key) : nullptr;
    return Same(value ? *value : Value::None(), At(old, key));
  };
  return get("database") && get("schema") && get("alias");
}

bool SameDescriptions(const Node& node, const Json& before) {
  if (node.config->persist_docs_relation && TextAt(before, "description") != node.description) return false;
  if (!node.config->persist_docs_columns) return true;
  const Json& old = At(before, "columns");
  if (old.size() != node.columns->size()) return false;
  return std::ranges::all_of(*node.columns, [&](const Column& column) {
    return old.contains(column.name) && TextAt(At(old, column.name), "description") == column.description;
  });
}

bool SameReferences(const Node& node, const Json& before) {
  const auto text = [](const Json& json) {
    return json.is_string() ? json.get<std::string>() : json.is_null() ? "" : WriteJson(json);
  };
  return text(At(before, "latest_version")) == node.model->latest_version &&
         TextAt(before, "access") == node.model->access &&
         TextAt(before, "deprecation_date") == node.model->deprecation_date;
}

// --- contracts

std::string BaseType(std::string_view type) { return ToLower(Strip(type.substr(0, type.find('(')))); }

bool HoldsConstraints(std::string_view materialized) {
  return materialized == "table" || materialized == "incremental";
}

bool HasConstraint(const Value& list, const Json& constraint) {
  return list.IsSequence() &&
         std::ranges::any_of(list.Items(), [&](const Value& each) { return Same(each, constraint); });
}

std::string ConstraintName(const Json& constraint) {
  const std::string_view name = TextAt(constraint, "name");
  return std::string(name.empty() ? TextAt(constraint, "type") : name);
}

// What of an enforced contract those who rely on it would miss.
std::vector<std::string> BreakingChanges(const Node& node, const Json& before) {
  std::vector<std::string> changes;
  if (!node.config->contract_enforced) changes.emplace_back("its contract is no longer enforced");
  const std::string_view old_kind = TextAt(At(before, "config"), "materialized");
  const bool held = HoldsConstraints(old_kind);
  bool any_constraint = !At(before, "constraints").empty();
  for (const auto& [name, old] : At(before, "columns").items()) {
    const Column* column = node.FindColumn(name);
    any_constraint = any_constraint || !At(old, "constraints").empty();
    if (!column) {
      changes.push_back("column `" + name + "` is gone");
      continue;
    }
    const std::string_view old_type = TextAt(old, "data_type");
    if (BaseType(old_type) != BaseType(column->data_type)) {
      changes.push_back("column `" + name + "` was " + std::string(old_type) + " and is " +
                        std::string(column->data_type));
    }
    for (const Json& constraint : At(old, "constraints")) {
      if (held && TextAt(constraint, "type") != "custom" && !HasConstraint(column->constraints, constraint))
        changes.push_back("constraint `" + ConstraintName(constraint) + "` of column `" + name + "` is gone");
    }
  }
  for (const Json& constraint : At(before, "constraints")) {
    if (held && TextAt(constraint, "type") != "custom" && !HasConstraint(node.model->constraints, constraint))
      changes.push_back("constraint `" + ConstraintName(constraint) + "` is gone");
  }
  if (held && !HoldsConstraints(node.config->materialized) && any_constraint) {
    changes.push_back("it was a " + std::string(old_kind) + " and is a " + node.config->materialized +
                      ", which holds no constraints");
  }
  return changes;
}

class Comparison final : public graph::PriorState {
 public:
  Comparison(const PriorArtifacts& prior, const Manifest& manifest) : prior_(prior), manifest_(manifest) {}

  Status AddChanged(std::string_view change, NodeSet& matched, Diagnostics& warnings) const override {
    if (!prior_.manifest) return Missing("manifest.json");
    const std::unordered_set<std::string_view> macros = ChangedMacros();
    Diagnostics errors;
    for (const Node& node : manifest_.nodes()) {
      const Json& before = Find(node);
      if (Matches(change, node, before, macros, errors, warnings)) matched.Add(node.id);
    }
    return StatusOf(std::move(errors));
  }

  Status AddWithResult(std::string_view status, NodeSet& matched) const override {
    if (!prior_.run_results) return Missing("run_results.json");
    for (const Json& result : At(*prior_.run_results, "results")) {
      if (TextAt(result, "status") != status) continue;
      if (const Node* node = manifest_.Find(TextAt(result, "unique_id"))) matched.Add(node->id);
    }
    return {};
  }

  Status AddFresherSources(NodeSet& matched) const override {
    if (!prior_.sources) return Missing("sources.json");
    if (!prior_.sources_now) {
      return Diagnostic(kNoPriorState, "there is no sources.json of this project to compare with")
          .Hint("run `source freshness` first");
    }
    for (const Json& result : At(*prior_.sources_now, "results")) {
      const std::string_view id = TextAt(result, "unique_id"), loaded = TextAt(result, "max_loaded_at");
      const Node* node = manifest_.Find(id);
      if (!node || loaded.empty()) continue;
      const std::string_view before = LoadedBefore(id);
      if (before.empty() || loaded > before) matched.Add(node->id);
    }
    return {};
  }

 private:
  Diagnostic Missing(const std::string& file) const {
    return Diagnostic(kNoPriorState, "the state to compare with has no " + file)
        .About((prior_.folder / file).string())
        .Hint("name the folder of an earlier run's artifacts with --state");
  }

  std::string_view LoadedBefore(std::string_view id) const {
    for (const Json& result : At(*prior_.sources, "results")) {
      if (TextAt(result, "unique_id") == id) return TextAt(result, "max_loaded_at");
    }
    return {};
  }

  const Json& Find(const Node& node) const {
    for (std::string_view section :
         {"nodes", "sources", "exposures", "metrics", "semantic_models", "unit_tests", "saved_queries", "functions"}) {
      if (const Json& found = At(At(*prior_.manifest, section), node.unique_id); !found.is_null()) return found;
    }
    return Null();
  }

  // The project's own and its packages'; the built-in ones are the program's, not the project's.
  std::unordered_set<std::string_view> ChangedMacros() const {
    std::unordered_set<std::string_view> changed;
    const Json& old = At(*prior_.manifest, "macros");
    for (const Macro& macro : manifest_.macros().all()) {
      const auto& internal = manifest_.macros().layout().internal;
      if (std::ranges::find(internal, macro.package) != internal.end()) continue;
      if (TextAt(At(old, macro.unique_id), "macro_sql") != macro.sql) changed.insert(macro.unique_id);
    }
    return changed;
  }

  bool UsesChanged(std::span<const MacroId> macros, const std::unordered_set<std::string_view>& changed,
                   std::set<MacroId>& seen) const {
    return std::ranges::any_of(macros, [&](MacroId id) {
      if (!seen.insert(id).second) return false;
      const Macro& macro = manifest_.macros().at(id);
      return changed.contains(macro.unique_id) || UsesChanged(macro.depends_on, changed, seen);
    });
  }

  bool Matches(std::string_view change, const Node& node, const Json& before,
               const std::unordered_set<std::string_view>& macros, Diagnostics& errors, Diagnostics& warnings) const {
    const bool is_new = before.is_null();
    auto macro_changed = [&] {
      std::set<MacroId> seen;
      return !macros.empty() && UsesChanged(node.macros, macros, seen);
    };
    if (change == "new") return is_new;
    if (change == "old") return !is_new;
    if (change == "modified.macros") return macro_changed();
    if (change == "modified" || change == "unmodified") {
      const bool modified = !SameContents(node, before, errors, warnings) || macro_changed();
      return modified == (change == "modified");
    }
    const bool parsed = IsParsed(node);
    if (change == "modified.body") return parsed && (is_new || !SameBody(node, before));
    if (change == "modified.configs") return !node.unit_test && (is_new || !SameConfig(node, before));
    if (change == "modified.persisted_descriptions") return parsed && (is_new || !SameDescriptions(node, before));
    if (change == "modified.relation") return (parsed || node.source) && (is_new || !SamePlace(node, before));
    return parsed && (is_new || !SameContract(node, before, errors, warnings));
  }

  bool SameContents(const Node& node, const Json& before, Diagnostics& errors, Diagnostics& warnings) const {
    if (before.is_null()) return !IsParsed(node) && !node.unit_test;  // as dbt has it: a new source is no change
    const bool same_fqn = SameWords(node.fqn, At(before, "fqn"));
    if (node.unit_test) return TextAt(before, "checksum") == node.checksum;
    if (node.test && node.test->generic) return SameConfig(node, before) && same_fqn;
    if (node.source) {
      return SamePlace(node, before) && same_fqn && SameConfig(node, before) &&
             SameKeys(node, before, {"quoting", "freshness", "loaded_at_field", "external"});
    }
    if (node.exposure) {
      return same_fqn && SameConfig(node, before) &&
             SameKeys(node, before, {"type", "owner", "maturity", "url", "description", "label"}) &&
             SameParents(node, before);
    }
    if (node.semantic) return SameConfig(node, before) && SameSemantic(node, before);
    if (node.function && !SameKeys(node, before, {"arguments", "returns", "overloads"})) return false;
    const bool same_contract = SameContract(node, before, errors, warnings);
    return SameBody(node, before) && SameConfig(node, before) && SameDescriptions(node, before) && same_fqn &&
           SamePlace(node, before) && same_contract && (!node.model || SameReferences(node, before));
  }

  bool SameSemantic(const Node& node, const Json& before) const {
    switch (node.type) {
      case ResourceType::kMetric:
        return SameKeys(node, before, {"filter", "metadata", "type", "type_params", "description", "label"});
      case ResourceType::kSemanticModel:
        return SameKeys(
            node, before,
            {"model", "description", "defaults", "entities", "dimensions", "measures", "primary_entity", "group"});
      default:
        return SameKeys(node, before, {"query_params", "exports", "description", "label", "group", "tags"});
    }
  }

  // By the node's own artifact: for kinds of which a project has few.
  bool SameKeys(const Node& node, const Json& before, std::initializer_list<std::string_view> keys) const {
    JsonWriter writer;
    WriteNode(writer, manifest_, node);
    const Json now = ReadJson(std::move(writer).Take());
    return std::ranges::all_of(keys, [&](std::string_view key) { return At(now, key) == At(before, key); });
  }

  bool SameParents(const Node& node, const Json& before) const {
    std::set<std::string_view> now, old;
    for (graph::NodeId id : node.depends_on) now.insert(manifest_.node(id).unique_id);
    for (const Json& id : At(At(before, "depends_on"), "nodes")) {
      if (id.is_string()) old.insert(id.get_ref<const std::string&>());
    }
    return now == old;
  }

  bool SameContract(const Node& node, const Json& before, Diagnostics& errors, Diagnostics& warnings) const {
    if (!node.model) return true;
    const Json& contract = At(before, "contract");
    const bool enforced = At(contract, "enforced").is_boolean() && At(contract, "enforced").get<bool>();
    if (!enforced) return !node.config->contract_enforced;
    if (node.config->contract_enforced && TextAt(contract, "checksum") == node.model->contract_checksum) return true;
    const std::vector<std::string> changes = BreakingChanges(node, before);
    if (changes.empty()) return false;
    const bool versioned = !node.model->version.empty();
    Diagnostic diagnostic(kContractBroken,
                          "model `" + std::string(node.name) + "` breaks its contract: " + Join(changes, ", "),
                          node.span);
    diagnostic.subject = node.unique_id;
    diagnostic.severity = versioned ? Severity::kError : Severity::kWarning;
    diagnostic.hint =
        versioned ? "make the change in a new version" : "keep the old columns, or give the model versions";
    (versioned ? errors : warnings).push_back(std::move(diagnostic));
    return false;
  }

  const PriorArtifacts& prior_;
  const Manifest& manifest_;
};

Result<std::shared_ptr<const Json>> ReadArtifact(Files& files, const fs::path& path) {
  if (!files.Exists(path)) return std::shared_ptr<const Json>();
  STIR_ASSIGN(const std::string text, files.Read(path));
  auto json = std::make_shared<const Json>(ReadJson(text));
  if (json->is_discarded() || !json->is_object()) {
    return Diagnostic(kNoPriorState, "this is no artifact of an earlier run")
        .About(path.string())
        .Hint("it should be the file that dbt or stir wrote into its target folder");
  }
  return json;
}

// ".../manifest/v12.json" -> 12; 0 for what is no manifest's schema.
int SchemaVersion(const Json& manifest) {
  const std::string_view schema = TextAt(At(manifest, "metadata"), "dbt_schema_version");
  const size_t at = schema.rfind("/manifest/v");
  if (at == std::string_view::npos) return 0;
  int version = 0;
  const std::string_view digits = schema.substr(at + 11);
  std::from_chars(digits.data(), digits.data() + digits.size(), version);
  return version;
}

}  // namespace

Result<PriorArtifacts> ReadPriorArtifacts(Files& files, const fs::path& folder, const fs::path& target) {
  PriorArtifacts prior;
  prior.folder = folder;
  STIR_ASSIGN(prior.manifest, ReadArtifact(files, folder / "manifest.json"));
  STIR_ASSIGN(prior.run_results, ReadArtifact(files, folder / "run_results.json"));
  STIR_ASSIGN(prior.sources, ReadArtifact(files, folder / "sources.json"));
  STIR_ASSIGN(prior.sources_now, ReadArtifact(files, target / "sources.json"));
  if (prior.manifest) {
    constexpr int kOldest = 4, kNewest = 12;
    const int version = SchemaVersion(*prior.manifest);
    if (version < kOldest || (version > kNewest && version != 20)) {
      return Diagnostic(kNoPriorState,
                        "this manifest has the version " + std::to_string(version) + ": 4 to 12 are understood")
          .About((folder / "manifest.json").string());
    }
  }
  return prior;
}

std::unique_ptr<graph::PriorState> ComparePrior(const PriorArtifacts& prior, const Manifest& manifest) {
  return std::make_unique<Comparison>(prior, manifest);
}

}  // namespace stir::project
