// Around a command: sinks and signals, what is announced, what is returned.
#include "cli/run_command.h"

#include <sys/resource.h>

#include <fmt/format.h>
#include <map>

#include "base/json.h"
#include "base/strings.h"
#include "cli/kinds.h"
#include "cli/live_view.h"
#include "embedded/embedded.h"
#include "engine/narrator.h"
#include "project/invocation.h"

namespace stir::cli {
namespace {

void AnnounceVersion(Session& session) {
  const std::string dbt = fmt::format("={}", project::kDbtVersion);
  JsonWriter json;
  json.BeginObject().Key("log_version").Int(3).Key("version").String(dbt).EndObject();
  std::string message = session.program.as_dbt ? fmt::format("Running with dbt{}", dbt)
                                               : fmt::format("Running with stir={} (dbt{})", embedded::Version(), dbt);
  session.events.Emit({"A001", "MainReportVersion", Level::kInfo, std::move(message), std::move(json).Take()});
}

// dbt's flags as text: what programs read to know how a run was called.
void AnnounceArguments(Session& session, const engine::Options& options) {
  std::map<std::string, std::string> flags;
  const auto flag = [&](const char* name, bool value) { flags[name] = value ? "True" : "False"; };
  const auto text = [&](const char* name, const std::string& value) { flags[name] = value.empty() ? "None" : value; };
  flag("cache_selected_only", false);
  flag("debug", options.debug);
  flag("empty", options.empty);
  flag("fail_fast", options.fail_fast);
  flag("hints_enabled", true);
  text("indirect_selection", options.selection.indirect_selection);
  flag("introspect", options.introspect);
  text("invocation_command", options.invocation_command);
  flag("log_cache_events", false);
  text("log_format", options.log.format);
  text("log_path", options.log_path.string());
  text("maximum_seed_size_mib", "1");
  text("no_print", options.log.print ? "" : "True");
  flag("partial_parse", true);
  text("printer_width", std::to_string(options.printer_width));
  text("profiles_dir", options.profiles_dir.string());
  flag("quiet", options.quiet);
  flag("send_anonymous_usage_stats", false);
  flag("static_parser", true);
  text("target_path", options.target_path.string());
  flag("use_colors", options.use_colors);
  flag("use_experimental_parser", false);
  flag("version_check", true);
  text("warn_error", options.warn_error ? "True" : "");
  flag("write_json", options.write_json);
  JsonWriter json;
  json.BeginObject().Key("args").BeginObject();
  std::vector<std::string> shown;
  for (const auto& [name, value] : flags) {
    json.Key(name).String(value);
    shown.push_back(fmt::format("'{}': '{}'", name, value));
  }
  json.EndObject().EndObject();
  session.events.Emit({"A002", "MainReportArgs", Level::kDebug,
                       fmt::format("running dbt with arguments {{{}}}", Join(shown, ", ")), std::move(json).Take()});
}

// What the process took so far.
void AnnounceResources(const Arguments& arguments, Session& session, bool success) {
  rusage usage{};
  if (getrusage(RUSAGE_SELF, &usage) != 0) return;
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  const double elapsed = std::chrono::duration<double>(SystemClock().Now() - session.started_at).count();
  JsonWriter json;
  json.BeginObject().Key("command_name").String(arguments.command().dbt_word).Key("command_success").Bool(success);
  json.Key("command_wall_clock_time").Double(elapsed).Key("process_in_blocks").Int(usage.ru_inblock);
  json.Key("process_kernel_time").Double(seconds(usage.ru_stime));
  json.Key("process_mem_max_rss").Int(usage.ru_maxrss).Key("process_out_blocks").Int(usage.ru_oublock);
  json.Key("process_user_time").Double(seconds(usage.ru_utime)).EndObject();
  const std::string data = std::move(json).Take();
  session.events.Emit({"Z051", "ResourceReport", Level::kDebug, "Resource report: " + data, data});
}

void AnnounceEnd(const Arguments& arguments, Session& session, bool success) {
  const Timestamp now = SystemClock().Now();
  const double elapsed = std::chrono::duration<double>(now - session.started_at).count();
  const std::string command = fmt::format("{} {}", session.program.name, arguments.command().name);
  JsonWriter json;
  json.BeginObject().Key("command").String(command).Key("completed_at").String(FormatTimestamp(now));
  json.Key("elapsed").Double(elapsed).Key("success").Bool(success).EndObject();
  session.events.Emit({"Q039", "CommandCompleted", Level::kDebug,
                       fmt::format("Command `{}` {} at {} after {:.2f} seconds", command,
                                   success ? "succeeded" : "failed", TimeOfDay(now, true), elapsed),
                       std::move(json).Take()});
}

// Arguments that are old, or that do not count.
Status WarnOfArguments(Session& session, const engine::Options& options) {
  const engine::Narrator narrator(session.host().events, session.sources,
                                  {.width = options.printer_width, .warnings = options.warnings});
  const engine::SelectionOptions& selection = options.selection;
  if (!selection.selector.empty() && (!selection.select.empty() || !selection.exclude.empty())) {
    narrator.Say("Z064", "SelectExcludeIgnoredWithSelectorWarning", Level::kWarn,
                 "The --select and --exclude arguments are being ignored for node selection because --selector is "
                 "provided",
                 R"({"msg": ""})");
  }
  if (!SaysModels(session)) return {};
  return narrator.Warn("D032", "ModelParamUsageDeprecation",
                       "Usage of `--models`, `--model`, and `-m` is deprecated in favor of `--select` or `-s`.", "{}");
}

Result<engine::CommandResult> Carry(const Arguments& arguments, Session& session, engine::Options& options,
                                    const Command& command) {
  if (arguments.Given("warn-error-options")) {
    if (options.warn_error) {
      return Diagnostic(kBadUsage, "warn_error_options: not allowed with argument warn_error")
          .Hint("`--warn-error` is the same as --warn-error-options '{error: all}'");
    }
    STIR_ASSIGN(options.warnings, engine::ParseWarningPolicy(arguments.Text("warn-error-options"), session.sources));
  }
  STIR_TRY(WarnOfArguments(session, options));
  return command(session.host(), options);
}

}  // namespace

int RunCommand(const Arguments& arguments, Session& session, const Command& command) {
  OpenSinks(arguments, session);
  engine::Options options = MakeOptions(arguments, session);
  AnnounceVersion(session);
  AnnounceArguments(session, options);
  auto result = Carry(arguments, session, options, command);
  if (session.live != nullptr) session.live->Stop();
  const int code = !result.ok() ? ReportFailure(result.error(), session) : result->success ? 0 : 1;
  session.deprecations->Summarize();
  AnnounceResources(arguments, session, code == 0);
  AnnounceEnd(arguments, session, code == 0);
  return code;
}

}  // namespace stir::cli
