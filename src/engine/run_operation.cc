// run-operation: one macro of the project, or a text of SQL, run by hand.
#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "engine/artifacts.h"
#include "engine/commands.h"
#include "engine/kinds.h"
#include "engine/workbench.h"
#include "project/kinds.h"
#include "runtime/failure.h"

namespace stir::engine {
namespace {

using jinja::Value;

constexpr std::string_view kOperationName = "inline_query";

Status CheckRequest(const OperationOptions& operation) {
  const bool has_sql = !operation.sql.empty();
  if (operation.macro.empty() && !has_sql) {
    return Diagnostic(kBadOperation, "Either a macro name or --sql must be passed to run-operation");
  }
  if (!operation.macro.empty() && has_sql) {
    return Diagnostic(kBadOperation, "Cannot specify both a macro name and --sql for run-operation");
  }
  if (has_sql && !operation.args.empty()) {
    return Diagnostic(kBadOperation, "--args cannot be used with --sql; pass arguments directly in the SQL");
  }
  return {};
}

// What was called, and how that ended.
class Operation {
 public:
  explicit Operation(Workbench& bench) : bench_(bench) {}

  Result<CommandResult> CallMacro(std::vector<std::pair<std::string, Value>> arguments) {
    const std::string& name = bench_.options.operation.macro;
    const size_t dot = name.find('.');
    const project::MacroIndex& macros = bench_.manifest->macros();
    const project::Macro* macro = dot == name.npos ? macros.Resolve(bench_.setting->project_name, name)
                                                   : macros.Find(name.substr(0, dot), name.substr(dot + 1));
    const Timestamp begun = bench_.host.clock.Now();
    auto called = bench_.runner->CallMacro(name, std::move(arguments), bench_.worker);
    const Timestamp ended = bench_.host.clock.Now();
    report_.result.timing = {{"compile", begun, begun}, {"execute", begun, ended}};
    report_.result.execution_time = std::chrono::duration<double>(ended - begun).count();
    End(called.ok());
    if (!called.ok()) Fail(std::move(called).error(), macro);
    if (macro == nullptr) {
      return Diagnostic(
                 kUndefinedMacro,
                 fmt::format("dbt could not find a macro with the name '{}' in any package. This can happen when "
                             "calling a macro that does not exist. Check for typos and/or install package "
                             "dependencies with \"dbt deps\".",
                             name.substr(dot == name.npos ? 0 : dot + 1)))
          .Hint(DidYouMean(name, macros.Names(bench_.setting->project_name)));
    }
    report_.result.unique_id = macro->unique_id;
    return Conclude();
  }

  Result<CommandResult> RunSql() {
    const auto tell = [&] {
      Note(Level::kInfo, bench_.narrator->Progress(1, 1, "START executing inline_query", "RUN"));
    };
    runtime::NodeOutcome outcome = bench_.runner->RunInline(bench_.options.operation.sql, tell, bench_.worker);
    report_.result = std::move(outcome.result);
    report_.result.unique_id = fmt::format("sql_operation.{}.{}", bench_.setting->project_name, kOperationName);
    const double seconds = report_.result.execution_time;
    const std::string message = std::exchange(report_.result.message, {});
    End(outcome.errors.empty());
    if (outcome.errors.empty()) {
      Note(Level::kInfo,
           bench_.narrator->Progress(1, 1, "OK executed inline_query", message.empty() ? "OK" : message, seconds));
    } else {
      Fail(std::move(outcome.errors), nullptr);
      Note(Level::kError, bench_.narrator->Progress(1, 1, "ERROR executing inline_query", "ERROR", seconds));
    }
    return Conclude();
  }

 private:
  void Note(Level level, const std::string& text) const {
    JsonWriter json;
    json.BeginObject().Key("msg").String(text).EndObject();
    bench_.narrator->Say("Z050", "Note", level, text, std::move(json).Take());
  }

  void End(bool success) {
    report_.result.status = success ? "success" : "error";
    report_.result.failures = success ? 0 : 1;
    report_.result.thread_id = "MainThread";
    report_.result.compiled = false;
  }

  void Fail(Diagnostics errors, const project::Macro* macro) {
    report_.diagnostics = std::move(errors);
    report_.result.message = ErrorText(report_.diagnostics, macro);
    JsonWriter json;
    json.BeginObject().Key("exc").String(report_.result.message).EndObject();
    bench_.narrator->Say("Q001", "RunningOperationCaughtError", Level::kError,
                         "[ERROR]: Encountered an error while running operation: " +
                             bench_.narrator->ShownError(report_.diagnostics, report_.result.message),
                         std::move(json).Take());
  }

  // dbt's text: what a macro raised names the one that was called, and all between.
  std::string ErrorText(const Diagnostics& errors, const project::Macro* macro) const {
    std::string text;
    for (const Diagnostic& error : errors) {
      const bool raised = error.kind == project::kRaised && macro != nullptr;
      std::string body = runtime::DbtWords(error);
      const std::string trace = runtime::DbtTrace(error, *bench_.manifest, bench_.setting->project_name);
      if (!trace.empty()) body += fmt::format("\n{}\n> called by {}", trace, raised ? Named(*macro) : "<Unknown>");
      text += fmt::format("{}{}{}\n  {}", text.empty() ? "" : "\n", HeadingOf(error),
                          raised ? " in " + Named(*macro) : "", ReplaceAll(body, "\n", "\n  "));
    }
    return text;
  }

  std::string_view HeadingOf(const Diagnostic& error) const {
    const Category category = runtime::IsOfPython(error.kind) ? Category::kRuntime : error.kind.category;
    return DbtHeading(category, *bench_.setting->dialect);
  }

  static std::string Named(const project::Macro& macro) { return fmt::format("macro {} ({})", macro.name, macro.path); }

  Result<CommandResult> Conclude() const {
    const bool success = report_.diagnostics.empty();
    STIR_TRY(WriteRunResultsFile(std::span(&report_, 1), report_.result.execution_time, *bench_.setting, bench_.host,
                                 bench_.options, *bench_.narrator));
    return CommandResult{.success = success};
  }

  Workbench& bench_;
  NodeReport report_;
};

Result<std::vector<std::pair<std::string, Value>>> ParseArguments(const Host& host, const std::string& yaml) {
  STIR_ASSIGN(const Value values, project::ParseVars(yaml, host.sources, "--args"));
  std::vector<std::pair<std::string, Value>> arguments;
  for (const auto& [key, value] : values.AsDict().entries()) {
    STIR_ASSIGN(std::string name, key.Str());
    arguments.emplace_back(std::move(name), value);
  }
  return arguments;
}

}  // namespace

Result<CommandResult> RunOperation(const Host& host, const Options& options) {
  STIR_ASSIGN(auto arguments, ParseArguments(host, options.operation.args));
  Workbench bench(host, options);
  STIR_TRY(bench.Open());
  STIR_TRY(CheckRequest(options.operation));
  const std::string& sql = options.operation.sql;
  // As dbt: SQL without Jinja has nothing to do with the project.
  if (sql.empty() || sql.find("{{") != sql.npos || sql.find("{%") != sql.npos) bench.TellStats();
  STIR_TRY(bench.Connect());
  Operation operation(bench);
  return sql.empty() ? operation.CallMacro(std::move(arguments)) : operation.RunSql();
}

}  // namespace stir::engine
