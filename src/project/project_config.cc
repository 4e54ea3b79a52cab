// The keys of dbt_project.yml, in the order of dbt's documentation.
#include "project/project_config.h"

#include <algorithm>
#include <array>
#include <cctype>

#include <fmt/format.h>

#include "base/strings.h"
#include "project/base_context.h"
#include "project/checksum.h"
#include "project/dbt_warnings.h"
#include "project/kinds.h"
#include "project/mapping_reader.h"
#include "project/yaml_values.h"

namespace stir::project {

namespace {

using jinja::Value;

std::shared_ptr<const yaml::Node> Shared(const std::shared_ptr<const yaml::Node>& root, std::string_view key) {
  const yaml::Entry* entry = root->FindEntry(key);
  return entry && !entry->value->IsNull() ? entry->value : nullptr;
}

bool IsIdentifier(std::string_view name) {
  if (name.empty() || std::isdigit(static_cast<unsigned char>(name.front()))) return false;
  return std::ranges::all_of(name, [](char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || static_cast<unsigned char>(c) >= 0x80;
  });
}

std::vector<std::shared_ptr<const yaml::Node>> HookNodes(const std::shared_ptr<const yaml::Node>& root,
                                                         std::string_view key, MappingReader& reader) {
  std::vector<std::shared_ptr<const yaml::Node>> hooks;
  if (!reader.Find(key)) return hooks;
  const auto node = Shared(root, key);
  if (node->IsString()) hooks.push_back(node);
  if (node->IsSequence()) {
    for (const auto& item : node->items) {
      if (!item->IsNull()) hooks.push_back(item);
    }
  }
  return hooks;
}

std::vector<DispatchRule> ReadDispatch(MappingReader& reader, Diagnostics& errors, jinja::Scope& scope) {
  std::vector<DispatchRule> rules;
  for (const auto& node : reader.List("dispatch")) {
    MappingReader rule(*node, "a rule of `dispatch`", errors, &scope);
    rules.push_back({rule.RequiredText("macro_namespace"), rule.Texts("search_order")});
    Append(errors, rule.UnknownKeys(Severity::kError));
  }
  return rules;
}

// Keys that were called otherwise once; the old name still counts.
void WarnOfRenamed(const yaml::Node& root, Diagnostics& warnings) {
  struct Renamed {
    std::string_view old, now, code, event;
  };
  static constexpr std::array kRenamed{
      Renamed{"source-paths", "model-paths", "D003", "ConfigSourcePathDeprecation"},
      Renamed{"data-paths", "seed-paths", "D004", "ConfigDataPathDeprecation"},
  };
  for (const Renamed& each : kRenamed) {
    const yaml::Entry* entry = root.FindEntry(each.old);
    if (entry == nullptr) continue;
    warnings.push_back(
        Diagnostic(kRenamedKey, fmt::format("`{}` is called `{}` now", each.old, each.now), entry->key->span)
            .As(Severity::kWarning)
            .Hint("rename it")
            .InDbt(PathsRenamed(each.code, each.event, each.old, each.now)));
  }
}

// Folders that dbt wants to be named where it is called; its own defaults may stand here.
void WarnOfFolders(const ProjectConfig& config, const yaml::Node& root, Diagnostics& warnings) {
  const auto warn = [&](std::string_view key, std::string_view value, std::string_view usual, DbtEvent event) {
    const yaml::Entry* entry = root.FindEntry(key);
    if (entry == nullptr || value == usual) return;
    warnings.push_back(
        Diagnostic(kRenamedKey, fmt::format("`{}` in dbt_project.yml is deprecated", key), entry->key->span)
            .As(Severity::kWarning)
            .Hint(fmt::format("give --{}, or set it in the environment", key))
            .InDbt(std::move(event)));
  };
  warn("log-path", config.log_path, "logs",
       FolderMoved("D010", "ConfigLogPathDeprecation", "log-path", "logs", "DBT_LOG_PATH"));
  warn("target-path", config.target_path, "target",
       FolderMoved("D011", "ConfigTargetPathDeprecation", "target-path", "artifacts", "DBT_TARGET_PATH"));
}

void ReadPaths(ProjectConfig& config, MappingReader& reader) {
  config.model_paths = reader.Texts("model-paths", reader.Texts("source-paths", {"models"}));
  config.seed_paths = reader.Texts("seed-paths", reader.Texts("data-paths", {"seeds"}));
  config.snapshot_paths = reader.Texts("snapshot-paths", {"snapshots"});
  config.analysis_paths = reader.Texts("analysis-paths", {"analyses"});
  config.macro_paths = reader.Texts("macro-paths", {"macros"});
  config.test_paths = reader.Texts("test-paths", {"tests"});
  config.docs_paths = reader.Texts("docs-paths");
  config.function_paths = reader.Texts("function-paths", {"functions"});
  config.asset_paths = reader.Texts("asset-paths");
  config.target_path = reader.Text("target-path", "target");
  config.log_path = reader.Text("log-path", "logs");
  config.packages_install_path = reader.Text("packages-install-path", "dbt_packages");
  config.clean_targets = reader.Texts("clean-targets", {config.target_path});
}

void ReadQuoting(ProjectConfig& config, MappingReader& reader, Diagnostics& errors, jinja::Scope& scope) {
  const yaml::Node* node = reader.Mapping("quoting");
  if (!node) return;
  MappingReader quoting(*node, "`quoting`", errors, &scope);
  config.quote_database = quoting.Bool("database");
  if (const auto project = quoting.Bool("project")) config.quote_database = project;
  config.quote_schema = quoting.Bool("schema");
  config.quote_identifier = quoting.Bool("identifier");
  quoting.Find("column");
  quoting.Find("snowflake_ignore_case");
  Append(errors, quoting.UnknownKeys(Severity::kError));
}

void ReadTrees(ProjectConfig& config, MappingReader& reader) {
  for (std::string_view key : {"models", "seeds", "snapshots", "sources", "exposures", "tests", "data_tests",
                               "unit_tests", "functions", "metrics", "semantic-models", "saved-queries"})
    reader.Mapping(key);
  config.models = Shared(config.root, "models");
  config.seeds = Shared(config.root, "seeds");
  config.snapshots = Shared(config.root, "snapshots");
  config.sources = Shared(config.root, "sources");
  config.exposures = Shared(config.root, "exposures");
  config.unit_tests = Shared(config.root, "unit_tests");
  config.functions = Shared(config.root, "functions");
  config.metrics = Shared(config.root, "metrics");
  config.semantic_models = Shared(config.root, "semantic-models");
  config.saved_queries = Shared(config.root, "saved-queries");
  config.tests = Shared(config.root, config.root->FindEntry("data_tests") ? "data_tests" : "tests");
  // Known to dbt, of no meaning here yet.
  for (std::string_view key : {"analyses", "packages", "osi-paths", "dbt-cloud", "config-version"}) {
    reader.Find(key);
  }
}

}  // namespace

Value VarsOnly(const Value& vars, Reads& reads) {
  const auto find = [vars](std::string_view name) { return vars.IsDict() ? vars.AsDict().Find(name) : nullptr; };
  return MakeVar(Noting(find, reads), ConfigurationAsker(vars));
}

Result<ProjectConfig> ParseProjectConfig(const SourceMap& sources, SourceId source, const Invocation& invocation,
                                         Diagnostics& warnings) {
  STIR_ASSIGN(yaml::Document document, yaml::Parse(sources, source));
  Append(warnings, std::move(document.warnings));
  const Span whole{source, 0, 0};
  if (!document.root->IsMapping()) {
    return Diagnostic(kBadProjectFile,
                      "dbt_project.yml must be a mapping, not " + std::string(Describe(*document.root)), whole);
  }
  Diagnostics errors;
  ProjectConfig config;
  const BaseContext base(invocation, {}, "");
  SimpleScope scope(base, config.reads);
  scope.Set("var", VarsOnly(invocation.vars, config.reads));
  config.source = source;
  config.checksum = TextChecksum(sources.Text(source));
  config.content = ContentHash(sources.Text(source));
  config.reads.uncertain = UsesChance(sources.Text(source));
  config.root = document.root;
  MappingReader reader(*document.root, "dbt_project.yml", errors, &scope);
  config.name = reader.RequiredText("name");
  if (const yaml::Node* name = document.root->Find("name")) {
    config.name_span = name->span;
    if (!IsIdentifier(config.name)) {
      errors.push_back(Diagnostic(kBadProjectFile, "`" + config.name + "` is no name for a project", name->span)
                           .Hint("use letters, digits and underscores, and no digit first"));
    }
  }
  config.version = reader.Text("version");
  config.profile.text = reader.Text("profile");
  if (const yaml::Node* profile = document.root->Find("profile")) config.profile.span = profile->span;
  ReadPaths(config, reader);
  WarnOfRenamed(*document.root, warnings);
  WarnOfFolders(config, *document.root, warnings);
  config.on_run_start = HookNodes(config.root, "on-run-start", reader);
  config.on_run_end = HookNodes(config.root, "on-run-end", reader);
  config.dispatch = ReadDispatch(reader, errors, scope);
  config.restrict_access = reader.Bool("restrict-access").value_or(false);
  config.require_dbt_version = reader.Texts("require-dbt-version");
  ReadQuoting(config, reader, errors, scope);
  const yaml::Node* vars = reader.Mapping("vars");
  config.vars = vars ? ValueOf(*vars) : Value::MakeDict();
  config.render_vars = invocation.vars;
  const yaml::Node* flags = reader.Mapping("flags");
  config.flags = flags ? ValueOf(*flags) : Value::MakeDict();
  reader.Find("query-comment");
  if (const yaml::Entry* comment = document.root->FindEntry("query-comment")) config.query_comment = comment->value;
  ReadTrees(config, reader);
  Append(errors, reader.UnknownKeys(Severity::kError));
  if (!errors.empty()) return errors;
  return config;
}

std::string ProfileNamed(const SourceMap& sources, SourceId source, const Invocation& invocation) {
  const auto document = yaml::Parse(sources, source);
  if (!document.ok() || !document->root->IsMapping()) return {};
  Diagnostics ignored;
  Reads reads;
  const BaseContext base(invocation, {}, "");
  SimpleScope scope(base, reads);
  scope.Set("var", VarsOnly(invocation.vars, reads));
  return MappingReader(*document->root, "dbt_project.yml", ignored, &scope).Text("profile");
}

}  // namespace stir::project
