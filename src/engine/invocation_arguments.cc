#include "engine/invocation_arguments.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "engine/python_json.h"
#include "yaml/node.h"

namespace stir::engine {
namespace {

// dbt's behaviour flags and what they are unless dbt_project.yml says otherwise.
constexpr auto kBehaviours = std::to_array<std::pair<std::string_view, bool>>({
    {"allow_jinja_file_extensions", false},
    {"enable_grouped_warn_error_parser_logs", false},
    {"latest_version_pointer_enabled_by_default", false},
    {"require_all_warnings_handled_by_warn_error", true},
    {"require_batched_execution_for_custom_microbatch_strategy", true},
    {"require_corrected_analysis_fqns", false},
    {"require_explicit_package_overrides_for_builtin_materializations", true},
    {"require_generic_test_arguments_property", true},
    {"require_nested_cumulative_type_params", true},
    {"require_ref_searches_node_package_before_root", false},
    {"require_resource_names_without_spaces", true},
    {"require_source_and_semantic_model_names_without_spaces", false},
    {"require_sql_header_in_test_configs", false},
    {"require_unique_project_resource_names", false},
    {"require_valid_schema_from_generate_schema_name", false},
    {"require_yaml_configuration_for_mf_time_spines", true},
    {"skip_nodes_if_on_run_start_fails", true},
    {"source_freshness_run_project_hooks", true},
    {"state_modified_compare_more_unrendered_values", true},
    {"state_modified_compare_vars", false},
    {"support_custom_ref_kwargs", false},
    {"use_catalogs_v2", false},
    {"validate_macro_args", true},
});

// Options that dbt has, that change nothing here, and what dbt says of them when nobody set them.
constexpr auto kConstants = std::to_array<std::pair<std::string_view, bool>>({
    {"cache_selected_only", false},
    {"hints_enabled", true},
    {"macro_debugging", false},
    {"partial_parse", true},
    {"partial_parse_file_diff", true},
    {"populate_cache", true},
    {"send_anonymous_usage_stats", false},
    {"show_all_deprecations", false},
    {"show_resource_report", false},
    {"snowflake_projects_otel", false},
    {"static_parser", true},
    {"strict_mode", false},
    {"upload_to_artifacts_ingest_api", false},
    {"use_fast_test_edges", false},
    {"use_v2_parser", false},
    {"version_check", true},
});

class Arguments {
 public:
  void Put(std::string_view key, Json value) { values_[std::string(key)] = std::move(value); }
  // dbt leaves out what is not given.
  void PutText(std::string_view key, const std::string& value) {
    if (!value.empty()) Put(key, value);
  }
  void Drop(const std::string& key) { values_.erase(key); }
  std::string Text() const {
    Json json = Json::object();
    for (const auto& [key, value] : values_) json[key] = value;
    return WriteJson(json);
  }

 private:
  std::map<std::string, Json> values_;
};

// A mapping given as YAML: as the mapping. It was read before, so it is one.
Json MappingOf(const std::string& yaml) {
  SourceMap scratch;
  const auto document = yaml::Parse(scratch, scratch.Add("vars", yaml));
  return document.ok() && document->root->IsMapping() ? JsonOf(*document->root) : Json::object();
}

void PutProjectFlags(Arguments& arguments, const jinja::Value& flags) {
  for (const auto& [name, value] : kBehaviours) arguments.Put(name, value);
  for (const auto& [name, value] : kConstants) arguments.Put(name, value);
  if (!flags.IsDict()) return;
  const auto known = [](std::string_view name) {
    return std::ranges::find(kBehaviours, name, &decltype(kBehaviours)::value_type::first) != kBehaviours.end() ||
           std::ranges::find(kConstants, name, &decltype(kConstants)::value_type::first) != kConstants.end();
  };
  for (const auto& [key, value] : flags.AsDict().entries()) {
    if (key.IsString() && value.type() == jinja::Type::kBool && known(key.AsString()))
      arguments.Put(key.AsString(), value.AsBool());
  }
}

template <size_t size>
bool IsOne(const Options& options, const char* const (&commands)[size]) {
  return std::ranges::find(commands, options.command) != std::end(commands);
}

void PutSelection(Arguments& arguments, const Options& options) {
  const SelectionOptions& selection = options.selection;
  arguments.Put("indirect_selection", selection.indirect_selection);
  if (IsOne(options, {"run-operation", "parse"})) return;
  arguments.Put("select", selection.select);
  arguments.Put("exclude", selection.exclude);
  if (!IsOne(options, {"build", "test", "list", "clone"})) return;
  arguments.Put("resource_types", selection.resource_types);
  arguments.Put("exclude_resource_types", selection.exclude_resource_types);
}

std::string_view WordFor(OutputFormat output) {
  switch (output) {
    case OutputFormat::kText:
      return "text";
    case OutputFormat::kJson:
      return "json";
    case OutputFormat::kCsv:
      return "csv";
    case OutputFormat::kName:
      return "name";
    case OutputFormat::kPath:
      return "path";
    case OutputFormat::kSelector:
      return "selector";
  }
  return "text";
}

// Options that only some commands have.
void PutOwn(Arguments& arguments, const Options& options) {
  if (IsOne(options, {"build", "run", "seed", "snapshot", "compile"})) arguments.Put("empty", options.empty);
  if (IsOne(options, {"build", "seed"})) arguments.Put("show", options.show_seeds);
  if (IsOne(options, {"compile", "show", "list"})) arguments.Put("output", WordFor(options.output));
  if (options.command == "build") {
    arguments.Put("export_saved_queries", false);
    arguments.Put("include_saved_query", false);
  } else if (options.command == "compile") {
    arguments.Put("inject_ephemeral_ctes", true);
  } else if (options.command == "show") {
    arguments.Put("limit", options.limit.value_or(-1));
  } else if (options.command == "generate") {
    arguments.Put("compile", options.docs.compile);
    arguments.Put("empty_catalog", options.docs.empty_catalog);
    arguments.Put("static", options.docs.single_file);
  }
}

// The limits of dbt's SQL parser; what a retry reads of the last run is text.
void PutParserLimits(Arguments& arguments, const Options& options) {
  if (IsOne(options, {"clone", "list", "parse", "run-operation"})) return;
  const Json none = options.selection.unique_ids ? Json("None") : Json();
  arguments.Put("sqlparse", {{"MAX_GROUPING_DEPTH", none}, {"MAX_GROUPING_TOKENS", none}});
}

void PutWarnings(Arguments& arguments, const Options& options) {
  const WarningPolicy& policy = options.warnings;
  const Json error = policy.error_all && !options.warn_error ? Json("all") : Json(policy.error);
  arguments.Put("warn_error_options", {{"error", error}, {"warn", policy.warn}, {"silence", policy.silence}});
}

// dbt leaves out most switches that are off.
void PutSwitches(Arguments& arguments, const Options& options, bool off_too) {
  const std::pair<std::string_view, bool> switches[] = {
      {"debug", options.debug},           {"full_refresh", options.full_refresh},
      {"fail_fast", options.fail_fast},   {"log_cache_events", false},
      {"single_threaded", false},         {"store_failures", options.store_failures},
      {"use_experimental_parser", false},
  };
  for (const auto& [name, value] : switches) {
    if (value || off_too) arguments.Put(name, value);
  }
  if (options.warn_error) arguments.Put("warn_error", true);
}

// A time as Python writes one, without a zone; what is no time stays as it is.
std::string IsoTime(const std::string& text) {
  const std::optional<Timestamp> time = ParseTimestamp(text);
  if (!time) return text;
  std::string iso = FormatTimestamp(*time);
  iso.erase(iso.ends_with(".000000Z") ? iso.size() - 8 : iso.size() - 1);
  return iso;
}

void PutRunning(Arguments& arguments, const Options& options) {
  PutOwn(arguments, options);
  PutParserLimits(arguments, options);
  PutWarnings(arguments, options);
  arguments.Put("defer", options.defer);
  arguments.Put("favor_state", options.favor_state);
  arguments.PutText("event_time_start", IsoTime(options.event_time_start));
  arguments.PutText("event_time_end", IsoTime(options.event_time_end));
  arguments.PutText("state", options.state.string());
  arguments.PutText("defer_state", options.defer_state.string());
  arguments.Put("introspect", options.introspect);
  if (options.threads > 0) arguments.Put("threads", options.threads);
  arguments.PutText("inline", options.inline_sql);
  arguments.PutText("inline_direct", options.inline_direct);
  arguments.PutText("macro", options.operation.macro);
  if (!options.operation.args.empty()) arguments.Put("args", MappingOf(options.operation.args));
  arguments.PutText("sql", options.operation.sql);
}

void PutLogging(Arguments& arguments, const Options& options) {
  arguments.Put("log_file_max_bytes", options.log.max_bytes);
  arguments.Put("log_format", options.log.format);
  arguments.Put("log_format_file", options.log.format_file);
  arguments.Put("log_level", options.log.level);
  arguments.Put("log_level_file", options.log.level_file);
  arguments.Put("log_path", options.log_path.string());
  arguments.Put("print", options.log.print);
  arguments.Put("printer_width", options.printer_width);
  arguments.Put("quiet", options.quiet);
  arguments.Put("use_colors", options.use_colors);
  arguments.Put("use_colors_file", options.log.use_colors_file);
}

Arguments AllArguments(const Options& options, const jinja::Value& project_flags, bool off_too) {
  Arguments arguments;
  PutSwitches(arguments, options, off_too);
  PutProjectFlags(arguments, project_flags);
  PutSelection(arguments, options);
  PutRunning(arguments, options);
  PutLogging(arguments, options);
  arguments.Put("which", options.command);
  arguments.Put("invocation_command", options.invocation_command);
  arguments.Put("project_dir", ShownDir(options.given_project_dir, options.project_dir));
  arguments.Put("profiles_dir", ShownDir(options.given_profiles_dir, options.profiles_dir));
  arguments.PutText("target_path", options.target_path.string());
  arguments.PutText("profile", options.profile);
  arguments.PutText("target", options.target);
  arguments.Put("maximum_seed_size_mib", 1);
  arguments.Put("v2_parser", "dbt-core-experimental-parser parse");
  arguments.Put("vars", MappingOf(options.vars));
  arguments.Put("write_json", options.write_json);
  return arguments;
}

}  // namespace

std::string InvocationArguments(const Options& options, const jinja::Value& project_flags) {
  return AllArguments(options, project_flags, false).Text();
}

std::string ResultArguments(const Options& options, const jinja::Value& project_flags) {
  if (options.command != "run-operation") return InvocationArguments(options, project_flags);
  Arguments arguments = AllArguments(options, project_flags, true);
  for (const char* path : {"log_path", "profiles_dir", "project_dir", "warn_error_options"}) arguments.Drop(path);
  return arguments.Text();
}

}  // namespace stir::engine
