// What a command was asked to do: the command line, the environment and the project's `flags:` already joined by `cli`.
// Values are typed and complete; nothing here is looked up again.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "engine/warning_policy.h"

namespace stir::engine {

// Which nodes: dbt's selection options, each list as it was given (one element a word).
struct SelectionOptions {
  std::vector<std::string> select;
  std::vector<std::string> exclude;
  std::string selector;  // a name in selectors.yml; empty: none. Beside it the two above do not count
  std::string indirect_selection = "eager";  // eager | cautious | buildable | empty
  std::vector<std::string> resource_types;   // empty: the command's own
  std::vector<std::string> exclude_resource_types;
  std::optional<std::vector<std::string>> unique_ids;  // retry: exactly these nodes, whatever else was given
};

// run-operation: a macro with arguments (the YAML text of a mapping), or SQL.
struct OperationOptions {
  std::string macro, args, sql;
};

// What is written where: dbt's words for it.
struct LogOptions {
  std::string format = "default", format_file = "debug";  // text | debug | json | default
  std::string level = "info", level_file = "debug";       // debug | info | warn | error | none
  int64_t max_bytes = 10485760;                           // of the log file
  bool print = true;                                      // what print() says
  bool use_colors_file = false;
};

// docs generate.
struct DocsOptions {
  bool compile = true;
  bool empty_catalog = false;
  bool single_file = false;  // --static
};

// deps.
struct PackageOptions {
  bool upgrade = false;
  bool lock_only = false;
};

enum class OutputFormat : uint8_t { kText, kJson, kCsv, kName, kPath, kSelector };

struct Options {
  std::string command;             // dbt's word for it, as in `flags.WHICH`: "build", "list", ...
  std::string invocation_command;  // "dbt build --select a"
  std::string invocation_id;       // a uuid, the same in every artifact and event
  Timestamp started_at{};          // when the program was
  bool as_dbt = false;             // called by the name dbt: errors in dbt's shape

  std::filesystem::path project_dir;                  // absolute; holds dbt_project.yml
  std::filesystem::path profiles_dir;                 // absolute; holds profiles.yml
  std::string given_project_dir, given_profiles_dir;  // the words of the command line; empty: none
  std::filesystem::path target_path;                  // empty: the project's own, else `target`
  std::filesystem::path log_path;                     // absolute
  std::string profile;                                // empty: the project's own
  std::string target;                                 // empty: the profile's own
  std::string vars;                                   // YAML text of a mapping, or empty
  int threads = 0;                                    // 0: the profile's

  SelectionOptions selection;
  std::filesystem::path state;        // seen from project_dir; the artifacts of another run. Empty: none
  std::filesystem::path defer_state;  // the same, for --defer instead of `state`
  bool defer = false;
  bool favor_state = false;
  bool full_refresh = false;
  std::string event_time_start, event_time_end;  // microbatch models: from and up to; empty: not given
  bool fail_fast = false;
  bool store_failures = false;
  bool empty = false;
  bool show_seeds = false;  // seed --show
  bool warn_error = false;
  WarningPolicy warnings;  // of --warn-error and --warn-error-options
  bool write_json = true;
  bool partial_parse = true;  // take over what an earlier command parsed
  bool introspect = true;
  bool quiet = false;
  bool use_colors = false;
  bool debug = false;
  LogOptions log;
  int printer_width = 80;

  OutputFormat output = OutputFormat::kText;  // list, show, compile, sql
  std::vector<std::string> output_keys;       // list --output json
  std::string inline_sql;                     // compile and show --inline; empty: none
  std::string inline_direct;                  // show --inline-direct: SQL without Jinja
  std::optional<int> limit = 5;               // show; none: all rows
  bool connection_only = false;               // debug --connection
  bool config_dir = false;                    // debug --config-dir
  OperationOptions operation;                 // run-operation
  DocsOptions docs;                           // docs generate
  PackageOptions packages;                    // deps
  std::filesystem::path freshness_output;     // source freshness --output; empty: sources.json
};

// A folder as artifacts and templates show it: in the words in which it was given.
inline std::string ShownDir(const std::string& given, const std::filesystem::path& folder) {
  return given.empty() ? folder.string() : given;
}

}  // namespace stir::engine
