// What a command was asked to do: the command line, the environment and the project's `flags:` already joined by `cli`.
// Values are typed and complete; nothing here is looked up again.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"

namespace stir::engine {

// Which nodes: dbt's selection options, each list as it was given (one element a word).
struct SelectionOptions {
  std::vector<std::string> select;
  std::vector<std::string> exclude;
  std::string selector;  // a name in selectors.yml; empty: none. Beside it the two above do not count
  std::string indirect_selection = "eager";  // eager | cautious | buildable | empty
  std::vector<std::string> resource_types;   // empty: the command's own
  std::vector<std::string> exclude_resource_types;
};

enum class OutputFormat : uint8_t { kText, kJson, kCsv, kName, kPath, kSelector };

struct Options {
  std::string command;             // dbt's word for it, as in `flags.WHICH`: "build", "list", ...
  std::string invocation_command;  // "dbt build --select a"
  std::string invocation_id;       // a uuid, the same in every artifact and event
  Timestamp started_at{};          // when the program was
  bool as_dbt = false;             // called by the name dbt: errors in dbt's shape

  std::filesystem::path project_dir;   // absolute; holds dbt_project.yml
  std::filesystem::path profiles_dir;  // absolute; holds profiles.yml
  std::filesystem::path target_path;   // empty: the project's own, else `target`
  std::filesystem::path log_path;      // absolute
  std::string profile;                 // empty: the project's own
  std::string target;                  // empty: the profile's own
  std::string vars;                    // YAML text of a mapping, or empty
  int threads = 0;                     // 0: the profile's

  SelectionOptions selection;
  bool full_refresh = false;
  std::string event_time_start, event_time_end;  // microbatch models: from and up to; empty: not given
  bool fail_fast = false;
  bool store_failures = false;
  bool empty = false;
  bool show_seeds = false;  // seed --show
  bool warn_error = false;
  bool write_json = true;
  bool partial_parse = true;  // take over what an earlier command parsed
  bool introspect = true;
  bool quiet = false;
  bool use_colors = false;
  bool debug = false;
  int printer_width = 80;

  OutputFormat output = OutputFormat::kText;  // list, show, compile, sql
  std::vector<std::string> output_keys;       // list --output json
  std::string inline_sql;                     // compile and show --inline; empty: none
  std::optional<int> limit = 5;               // show; none: all rows
  bool connection_only = false;               // debug --connection
  bool config_dir = false;                    // debug --config-dir
};

}  // namespace stir::engine
