#include "engine/invocation_arguments.h"

#include <algorithm>
#include <array>
#include <map>
#include <nlohmann/json.hpp>

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
  void PutWhenSet(std::string_view key, bool value) {
    if (value) Put(key, true);
  }
  std::string Text() const {
    Json json = Json::object();
    for (const auto& [key, value] : values_) json[key] = value;
    return json.dump();
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

void PutSelection(Arguments& arguments, const Options& options) {
  const SelectionOptions& selection = options.selection;
  arguments.Put("indirect_selection", selection.indirect_selection);
  if (options.command == "run-operation" || options.command == "parse") return;
  arguments.Put("select", selection.select);
  arguments.Put("exclude", selection.exclude);
  static constexpr std::array<std::string_view, 4> kWithTypes{"build", "test", "list", "clone"};
  if (std::ranges::find(kWithTypes, options.command) == kWithTypes.end()) return;
  arguments.Put("resource_types", selection.resource_types);
  arguments.Put("exclude_resource_types", selection.exclude_resource_types);
}

void PutRunning(Arguments& arguments, const Options& options) {
  static constexpr std::array<std::string_view, 5> kWithEmpty{"build", "run", "seed", "snapshot", "compile"};
  if (std::ranges::find(kWithEmpty, options.command) != kWithEmpty.end()) arguments.Put("empty", options.empty);
  arguments.PutWhenSet("full_refresh", options.full_refresh);
  arguments.PutWhenSet("fail_fast", options.fail_fast);
  arguments.PutWhenSet("store_failures", options.store_failures);
  arguments.PutWhenSet("warn_error", options.warn_error);
  arguments.Put("defer", options.defer);
  arguments.Put("favor_state", options.favor_state);
  arguments.PutText("state", options.state.string());
  arguments.PutText("defer_state", options.defer_state.string());
  arguments.Put("introspect", options.introspect);
  if (options.threads > 0) arguments.Put("threads", options.threads);
  arguments.PutText("inline", options.inline_sql);
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
  arguments.PutWhenSet("debug", options.debug);
  arguments.Put("quiet", options.quiet);
  arguments.Put("use_colors", options.use_colors);
  arguments.Put("use_colors_file", options.log.use_colors_file);
}

}  // namespace

std::string InvocationArguments(const Options& options, const jinja::Value& project_flags) {
  Arguments arguments;
  PutProjectFlags(arguments, project_flags);
  PutSelection(arguments, options);
  PutRunning(arguments, options);
  PutLogging(arguments, options);
  arguments.Put("which", options.command);
  arguments.Put("invocation_command", options.invocation_command);
  arguments.Put("project_dir", options.project_dir.string());
  arguments.Put("profiles_dir", options.profiles_dir.string());
  arguments.PutText("target_path", options.target_path.string());
  arguments.PutText("profile", options.profile);
  arguments.PutText("target", options.target);
  arguments.Put("maximum_seed_size_mib", 1);
  arguments.Put("vars", MappingOf(options.vars));
  arguments.Put("write_json", options.write_json);
  return arguments.Text();
}

}  // namespace stir::engine
