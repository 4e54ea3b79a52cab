// retry: what failed or was skipped in the last run, with the arguments of that run.
#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "engine/commands.h"
#include "engine/kinds.h"
#include "engine/load_project.h"
#include "engine/python_json.h"

namespace stir::engine {
namespace {

namespace fs = std::filesystem;

using Command = Result<CommandResult> (*)(const Host&, const Options&);

struct Retryable {
  std::string_view which;
  Command run;
};
constexpr std::array kRetryable{
    Retryable{"build", Build},
    Retryable{"compile", Compile},
    Retryable{"clone", Clone},
    Retryable{"generate", GenerateDocs},
    Retryable{"seed", Seed},
    Retryable{"snapshot", Snapshot},
    Retryable{"test", Test},
    Retryable{"run", Run},
    Retryable{"run-operation", RunOperation},
};

// The folder of the last run_results.json: --state, else the target folder.
Result<fs::path> ResultsFolder(const Host& host, const Options& options) {
  if (!options.state.empty()) return options.project_dir / options.state;
  if (!options.target_path.empty()) return options.project_dir / options.target_path;
  STIR_ASSIGN(const project::Invocation invocation, MakeInvocation(host, options));
  STIR_ASSIGN(const project::ProjectConfig config, ReadProjectConfig(host, options, invocation));
  return options.project_dir / config.target_path;
}

std::string Shown(const fs::path& folder, const Options& options) {
  const fs::path relative = folder.lexically_relative(options.project_dir);
  return relative.empty() || relative.native().starts_with("..") ? folder.string() : relative.string();
}

Result<Json> ReadResults(const Host& host, const Options& options) {
  STIR_ASSIGN(const fs::path folder, ResultsFolder(host, options));
  const fs::path path = folder / "run_results.json";
  if (!host.files.Exists(path)) {
    return Diagnostic(kNoPreviousRun,
                      fmt::format("Could not find previous run in '{}' target directory", Shown(folder, options)))
        .Hint("run a command first, or name the folder of its run_results.json with --state");
  }
  STIR_ASSIGN(const std::string text, host.files.Read(path));
  Json results = ReadJson(text);
  const bool good = results.is_object() && results.contains("results") && results["results"].is_array() &&
                    results.contains("args") && results["args"].is_object();
  if (!good) {
    return Diagnostic(kNoPreviousRun, "run_results.json is not what a run leaves behind")
        .About(path.string())
        .Hint("run the command again from the beginning");
  }
  return results;
}

bool Fails(const Json& result, bool warnings_too) {
  static constexpr std::array<std::string_view, 5> kStates{"error", "fail", "skipped", "runtime error",
                                                           "partial success"};
  const std::string status = result.value("status", "");
  return std::ranges::find(kStates, status) != kStates.end() || (warnings_too && status == "warn");
}

std::vector<std::string> FailedIds(const Json& results, const Options& options, bool operation) {
  std::vector<std::string> ids;
  for (const Json& result : results["results"]) {
    std::string id = result.value("unique_id", "");
    // Hooks run again with every command.
    const bool hook = !operation && id.starts_with("operation.");
    if (!hook && Fails(result, options.warn_error)) ids.push_back(std::move(id));
  }
  return ids;
}

// Readers of single arguments: a key that is missing, or is not of the type, changes nothing.
class PreviousArguments {
 public:
  explicit PreviousArguments(const Json& args) : args_(args) {}

  void Flag(const char* key, bool& value) const {
    if (const Json* found = Find(key); found && found->is_boolean()) value = found->get<bool>();
  }
  void Text(const char* key, std::string& value) const {
    if (const Json* found = Find(key); found && found->is_string()) value = found->get<std::string>();
  }
  void Number(const char* key, int& value) const {
    if (const Json* found = Find(key); found && found->is_number_integer()) value = found->get<int>();
  }
  void List(const char* key, std::vector<std::string>& values) const {
    const Json* found = Find(key);
    if (!found || !found->is_array()) return;
    values.clear();
    for (const Json& each : *found) {
      if (each.is_string()) values.push_back(each.get<std::string>());
    }
  }
  // A mapping, or its YAML.
  void Mapping(const char* key, std::string& yaml) const {
    const Json* found = Find(key);
    if (!found) return;
    if (found->is_string()) yaml = found->get<std::string>();
    if (found->is_object() && !found->empty()) yaml = PythonJson(*found);
  }

 private:
  const Json* Find(const char* key) const {
    const auto found = args_.find(key);
    return found == args_.end() ? nullptr : &*found;
  }
  const Json& args_;
};

// The options of that run. Where things are, and --warn-error, are this command's; --vars and --threads too when given.
Options PreviousOptions(const Json& args, const Options& now) {
  Options options = now;
  const PreviousArguments before(args);
  before.Text("which", options.command);
  before.Text("profile", options.profile);
  before.Text("target", options.target);
  if (now.vars.empty()) before.Mapping("vars", options.vars);
  if (now.threads == 0) before.Number("threads", options.threads);
  before.List("select", options.selection.select);
  before.List("exclude", options.selection.exclude);
  before.List("resource_types", options.selection.resource_types);
  before.List("exclude_resource_types", options.selection.exclude_resource_types);
  before.Text("indirect_selection", options.selection.indirect_selection);
  before.Flag("full_refresh", options.full_refresh);
  before.Flag("fail_fast", options.fail_fast);
  before.Flag("store_failures", options.store_failures);
  before.Flag("empty", options.empty);
  before.Flag("introspect", options.introspect);
  before.Flag("defer", options.defer);
  before.Flag("favor_state", options.favor_state);
  before.Text("inline", options.inline_sql);
  before.Text("macro", options.operation.macro);
  before.Mapping("args", options.operation.args);
  before.Text("sql", options.operation.sql);
  std::string state;
  before.Text("state", state);
  if (!state.empty() && now.state.empty()) options.state = state;
  return options;
}

}  // namespace

Result<CommandResult> Retry(const Host& host, const Options& options) {
  STIR_ASSIGN(const Json results, ReadResults(host, options));
  Options again = PreviousOptions(results["args"], options);
  const auto command = std::ranges::find(kRetryable, again.command, &Retryable::which);
  if (command == kRetryable.end()) {
    return Diagnostic(kNoPreviousRun, fmt::format("the last run was `{}`, which cannot be retried", again.command))
        .Hint("retry follows build, run, test, seed, snapshot, compile, clone, docs generate and run-operation");
  }
  const bool operation = again.command == "run-operation";
  again.selection.unique_ids = FailedIds(results, options, operation);
  if (operation && again.selection.unique_ids->empty()) return CommandResult{};
  return command->run(host, again);
}

}  // namespace stir::engine
