// Around a command: sinks and signals, what is announced, what is returned.
#include "cli/run_command.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "cli/live_view.h"
#include "embedded/embedded.h"
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

void AnnounceArguments(const Arguments& arguments, Session& session, const engine::Options& options) {
  JsonWriter json;
  json.BeginObject().Key("args").BeginObject();
  std::vector<std::string> shown;
  const auto add = [&](std::string_view name, std::string_view value) {
    json.Key(name).String(value);
    shown.push_back(fmt::format("'{}': '{}'", name, value));
  };
  add("invocation_command", options.invocation_command);
  add("profiles_dir", options.profiles_dir.string());
  add("log_path", options.log_path.string());
  for (const OptionSpec& option : CommonOptions()) {
    if (arguments.Given(option.name)) add(ReplaceAll(option.name, "-", "_"), arguments.Text(option.name));
  }
  json.EndObject().EndObject();
  session.events.Emit({"A002", "MainReportArgs", Level::kDebug,
                       fmt::format("running dbt with arguments {{{}}}", Join(shown, ", ")), std::move(json).Take()});
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

}  // namespace

int RunCommand(const Arguments& arguments, Session& session, const Command& command) {
  OpenSinks(arguments, session);
  const engine::Options options = MakeOptions(arguments, session);
  AnnounceVersion(session);
  AnnounceArguments(arguments, session, options);
  auto result = command(session.host(), options);
  if (session.live != nullptr) session.live->Stop();
  const int code = !result.ok() ? ReportFailure(result.error(), session) : result->success ? 0 : 1;
  AnnounceEnd(arguments, session, code == 0);
  return code;
}

}  // namespace stir::cli
