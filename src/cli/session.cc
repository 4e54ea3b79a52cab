// Making a session: where the project is, where lines go, what the engine is asked.
#include "cli/session.h"

#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "adapter/duckdb/duckdb_adapter.h"
#include "adapter/postgres/postgres_adapter.h"
#include "base/diagnostic_text.h"
#include "base/digest.h"
#include "base/json.h"
#include "base/strings.h"
#include "cli/interrupts.h"
#include "cli/kinds.h"
#include "cli/live_view.h"
#include "engine/dbt_exception.h"
#include "engine/narrator.h"
#include "engine/select.h"
#include "project/invocation.h"
#include "project/profile.h"

namespace stir::cli {
namespace {

LineFormat FormatOf(std::string_view name) {
  if (name == "json") return LineFormat::kJson;
  return name == "debug" ? LineFormat::kDebug : LineFormat::kText;
}

Level LevelOf(std::string_view name) {
  if (name == "debug") return Level::kDebug;
  if (name == "warn") return Level::kWarn;
  return name == "error" ? Level::kError : Level::kInfo;
}

// The log file follows what was said of the terminal, unless something was said of it too.
std::string ForFile(const Arguments& arguments, const std::string& option) {
  const bool follows = arguments.Given(option) && !arguments.Given(option + "-file");
  return arguments.Text(follows ? option : option + "-file");
}

LineStyle StyleOf(const std::string& format, const std::string& level) {
  LineStyle style;
  style.format = FormatOf(format);
  style.least = LevelOf(level);
  style.nothing = level == "none";
  return style;
}

bool UseColors(const Arguments& arguments, const Session& session) {
  const bool explicitly =
      arguments.LayerOf("use-colors") == Layer::kCommandLine || arguments.LayerOf("use-colors") == Layer::kEnvironment;
  if (explicitly) return arguments.Flag("use-colors");
  if (session.environment.contains("NO_COLOR")) return false;
  return isatty(STDOUT_FILENO) != 0;
}

// Normal form, without a slash at the end.
std::filesystem::path Absolute(const std::string& path) {
  std::error_code ignored;
  std::filesystem::path normal = std::filesystem::absolute(path, ignored).lexically_normal();
  return normal.has_filename() ? normal : normal.parent_path();
}

std::filesystem::path LogPath(const Arguments& arguments, const Session& session) {
  const std::string given = arguments.Text("log-path");
  return given.empty() ? session.project_dir / "logs" : Absolute(given);
}

std::filesystem::path PathOf(const Arguments& arguments, std::string_view option) {
  const std::string given = arguments.Text(option);
  return given.empty() ? std::filesystem::path() : Absolute(given);
}

engine::OutputFormat OutputOf(std::string_view name) {
  if (name == "json") return engine::OutputFormat::kJson;
  if (name == "csv") return engine::OutputFormat::kCsv;
  if (name == "name") return engine::OutputFormat::kName;
  if (name == "path") return engine::OutputFormat::kPath;
  return name == "selector" ? engine::OutputFormat::kSelector : engine::OutputFormat::kText;
}

engine::OutputFormat ChosenOutput(const Arguments& arguments) {
  for (std::string_view option : {"text-output", "list-output", "table-output"}) {
    for (const OptionSpec* own : OwnOptions(arguments.command())) {
      if (own->name == option) return OutputOf(arguments.Text(option));
    }
  }
  return engine::OutputFormat::kText;
}

// dbt's lists also take one word that holds several: --select "a b".
std::vector<std::string> SplitWords(const std::vector<std::string>& values) {
  std::vector<std::string> words;
  for (const std::string& value : values) {
    for (std::string_view word : Words(value)) words.emplace_back(word);
  }
  return words;
}

engine::SelectionOptions SelectionOf(const Arguments& arguments) {
  return {.select = SplitWords(arguments.List("select")),
          .exclude = SplitWords(arguments.List("exclude")),
          .selector = arguments.Text("selector"),
          .indirect_selection =
              arguments.Text("indirect-selection").empty() ? "eager" : arguments.Text("indirect-selection"),
          .resource_types = SplitWords(arguments.List("resource-type")),
          .exclude_resource_types = SplitWords(arguments.List("exclude-resource-type")),
          .unique_ids = {}};
}

engine::LogOptions LogOf(const Arguments& arguments) {
  return {.format = arguments.Text("log-format"),
          .format_file = ForFile(arguments, "log-format"),
          .level = arguments.Text("log-level"),
          .level_file = ForFile(arguments, "log-level"),
          .max_bytes = arguments.Integer("log-file-max-bytes").value_or(0),
          .print = arguments.Flag("print"),
          .use_colors_file = ForFile(arguments, "use-colors") == "true"};
}

void WatchSignals(Session& session) {
  session.interrupts->Watch([&session] {
    session.events.Emit({"S003", "StopRequested", Level::kWarn,
                         "[WARNING]: stopping: queries are canceled; once more ends the program at once"});
  });
}

std::optional<int> LimitOf(const Arguments& arguments) {
  const int64_t limit = arguments.Integer("limit").value_or(5);
  return limit < 0 ? std::nullopt : std::optional<int>(static_cast<int>(limit));
}

// dbt's order; stir also looks beside dbt_project.yml before it looks in ~/.dbt.
std::filesystem::path ProfilesDirectory(const Arguments& arguments, const Session& session) {
  const std::string given = arguments.Text("profiles-dir");
  const std::filesystem::path here = Absolute(".");
  const bool beside_project = given.empty() && !session.program.as_dbt &&
                              !SystemFiles().Exists(here / "profiles.yml") &&
                              SystemFiles().Exists(session.project_dir / "profiles.yml");
  if (beside_project) return session.project_dir;
  return project::FindProfilesDirectory(SystemFiles(), given.empty() ? "" : Absolute(given), here, session.environment);
}

int PrinterWidth(const Arguments& arguments) {
  constexpr int kUsual = 80;
  return static_cast<int>(arguments.Integer("printer-width").value_or(kUsual));
}

Diagnostic NoSuchPath(std::string_view option, const std::filesystem::path& path, std::string_view file) {
  return Diagnostic(kBadUsage,
                    fmt::format("Invalid value for '--{}': Path '{}' does not exist.", option, path.string()))
      .Hint(fmt::format("name the folder that holds {}", file));
}

// Commands that do with a profile that is not there.
bool NeedsProfile(const CommandSpec& command) {
  static constexpr std::array<std::string_view, 3> kWithout{"debug", "deps", "init"};
  return std::ranges::find(kWithout, command.dbt_word) == kWithout.end();
}

void OpenTerminal(const Arguments& arguments, Session& session) {
  const bool all = arguments.Flag("show-all-deprecations") || !session.program.as_dbt;
  session.deprecations = std::make_unique<DeprecationSink>(session.events, all, PrinterWidth(arguments));
  LineStyle style = StyleOf(arguments.Text("log-format"), arguments.Text("log-level"));
  if (arguments.Flag("debug")) style.least = Level::kDebug;
  style.quiet = arguments.Flag("quiet");
  style.prints = arguments.Flag("print");
  session.colors = UseColors(arguments, session);
  session.json_lines = style.format == LineFormat::kJson;
  style.colors = session.colors && !session.json_lines;
  auto lines = std::make_unique<LineSink>(stdout, style, SystemClock(), session.redactor, session.invocation_id);
  // The live view is of one run; a service has several.
  const bool one_run = arguments.command().name != "up" && !session.program.as_dbt;
  if (isatty(STDOUT_FILENO) != 0 && one_run && style.format == LineFormat::kText && !style.quiet) {
    session.live = std::make_unique<LiveView>(*lines, stdout);
    session.events.Add(*session.live);
  } else {
    session.events.Add(*lines);
  }
  session.terminal = std::move(lines);
}

void OpenLogFile(const Arguments& arguments, Session& session) {
  LogFileSink::Settings settings{.directory = LogPath(arguments, session).string(),
                                 .style = StyleOf(ForFile(arguments, "log-format"), ForFile(arguments, "log-level")),
                                 .max_bytes = arguments.Integer("log-file-max-bytes").value_or(0),
                                 .invocation_id = session.invocation_id};
  settings.style.colors = ForFile(arguments, "use-colors") == "true";
  if (settings.style.nothing) return;
  session.log_file =
      std::make_unique<LogFileSink>(std::move(settings), SystemClock(), session.redactor, *session.terminal);
  session.events.Add(*session.log_file);
}

}  // namespace

Session::Session(Program who, std::vector<std::string> command_words, std::map<std::string, std::string> variables)
    : program(std::move(who)),
      words(std::move(command_words)),
      environment(std::move(variables)),
      invocation_id(RandomUuid()),
      started_at(SystemClock().Now()) {
  RegisterAdapters(adapters);
  for (const auto& [name, value] : environment) {
    if (name.starts_with("DBT_ENV_SECRET_") || name.starts_with("DBT_ENGINE_ENV_SECRET_")) redactor.Add(Secret(value));
  }
}

Session::~Session() {
#ifndef __SANITIZE_ADDRESS__  // it would call this a leak
  [[maybe_unused]] const auto* kept = remains.release();
#endif
}

engine::Host Session::host() {
  EventSink& first = deprecations == nullptr ? static_cast<EventSink&>(events) : *deprecations;
  const CancelToken cancel = interrupts == nullptr ? CancelToken() : interrupts->token();
  engine::Host host{SystemClock(), SystemFiles(), first, sources, redactor, adapters, environment, cancel};
  host.remains = remains.get();
  return host;
}

void RegisterAdapters(adapter::AdapterRegistry& registry) {
  registry.Add("duckdb", adapter::duckdb::OpenDuckDb, adapter::duckdb::DuckDbDialect());
  registry.Add("postgres", adapter::postgres::OpenPostgres, adapter::postgres::PostgresDialect());
}

std::filesystem::path FindProjectDirectory(const Arguments& arguments) {
  namespace fs = std::filesystem;
  if (const std::string given = arguments.Text("project-dir"); !given.empty()) return Absolute(given);
  fs::path here = Absolute(".");
  for (fs::path folder = here;; folder = folder.parent_path()) {
    std::error_code ignored;
    if (fs::exists(folder / "dbt_project.yml", ignored)) return folder;
    if (folder == folder.root_path() || folder.empty()) return here;
  }
}

void OpenQuietly(const Arguments& arguments, Session& session) {
  session.interrupts = std::make_unique<Interrupts>();
  LineStyle style;
  style.least = arguments.Flag("debug") ? Level::kDebug : Level::kWarn;
  session.terminal = std::make_unique<LineSink>(stderr, style, SystemClock(), session.redactor, session.invocation_id);
  session.answers = std::make_unique<AnswerSink>(*session.terminal, session.redactor);
  session.events.Add(*session.answers);
  WatchSignals(session);
}

Status CheckArguments(const Arguments& arguments, Session& session) {
  if (arguments.command().dbt_word.empty()) return {};
  if (const std::string project = arguments.Text("project-dir");
      !project.empty() && !SystemFiles().Exists(session.project_dir))
    return NoSuchPath("project-dir", project, "dbt_project.yml");
  if (arguments.Given("vars")) STIR_TRY(project::ParseVars(arguments.Text("vars"), session.sources));
  const bool given = arguments.Given("profiles-dir");
  if (NeedsProfile(arguments.command()) && (given || session.program.as_dbt)) {
    const std::filesystem::path profiles = ProfilesDirectory(arguments, session);
    if (!SystemFiles().Exists(profiles))
      return NoSuchPath("profiles-dir", given ? std::filesystem::path(arguments.Text("profiles-dir")) : profiles,
                        "profiles.yml");
  }
  return engine::CheckResourceTypes(SelectionOf(arguments));
}

bool SaysModels(const Session& session) {
  static constexpr std::array<std::string_view, 3> kOldNames{"--models", "--model", "-m"};
  return std::ranges::find_first_of(session.words, kOldNames) != session.words.end();
}

void OpenSinks(const Arguments& arguments, Session& session) {
  session.interrupts = std::make_unique<Interrupts>();
  OpenTerminal(arguments, session);
  OpenLogFile(arguments, session);
  WatchSignals(session);
}

engine::Options MakeOptions(const Arguments& arguments, const Session& session) {
  engine::Options options;
  options.command = arguments.command().dbt_word;
  options.invocation_command = session.program.name + (session.words.empty() ? "" : " ") + Join(session.words, " ");
  options.invocation_id = session.invocation_id;
  options.started_at = session.started_at;
  options.as_dbt = session.program.as_dbt;
  options.project_dir = session.project_dir;
  options.profiles_dir = ProfilesDirectory(arguments, session);
  options.given_project_dir = arguments.Text("project-dir");
  options.given_profiles_dir = arguments.Text("profiles-dir");
  options.target_path = arguments.Text("target-path");
  options.log_path = LogPath(arguments, session);
  options.profile = arguments.Text("profile");
  options.target = arguments.Text("target");
  options.vars = arguments.Text("vars");
  options.threads = arguments.Flag("single-threaded") ? 1 : static_cast<int>(arguments.Integer("threads").value_or(0));
  options.selection = SelectionOf(arguments);
  options.state = arguments.Text("state");
  options.defer_state = arguments.Text("defer-state");
  options.defer = arguments.Flag("defer");
  options.favor_state = arguments.Flag("favor-state");
  options.full_refresh = arguments.Flag("full-refresh");
  options.event_time_start = arguments.Text("event-time-start");
  options.event_time_end = arguments.Text("event-time-end");
  options.fail_fast = arguments.Flag("fail-fast");
  options.store_failures = arguments.Flag("store-failures");
  options.empty = arguments.Flag("empty");
  options.show_seeds = arguments.Flag("show");
  options.warn_error = arguments.Flag("warn-error");
  options.warnings.error_all = options.warn_error;
  options.write_json = arguments.Flag("write-json");
  options.partial_parse = arguments.Flag("partial-parse");
  options.introspect = !arguments.Given("introspect") || arguments.Flag("introspect");
  options.quiet = arguments.Flag("quiet");
  options.use_colors = session.colors;
  options.debug = arguments.Flag("debug");
  options.log = LogOf(arguments);
  options.printer_width = PrinterWidth(arguments);
  options.output = ChosenOutput(arguments);
  options.output_keys = SplitWords(arguments.List("output-keys"));
  options.inline_sql = arguments.Text("inline");
  options.inline_direct = arguments.Text("inline-direct");
  options.limit = LimitOf(arguments);
  options.connection_only = arguments.Flag("connection");
  options.config_dir = arguments.Flag("config-dir");
  if (arguments.command().dbt_word == "list" && SaysModels(session)) options.selection.resource_types = {"model"};
  options.operation = {arguments.Positional(0), arguments.Text("args"), arguments.Text("operation-sql")};
  options.docs = {arguments.Text("compile") != "false", arguments.Flag("empty-catalog"), arguments.Flag("static")};
  options.packages = {arguments.Flag("upgrade"), arguments.Flag("lock")};
  options.freshness_output = PathOf(arguments, "freshness-output");
  return options;
}

int ReportFailure(const Diagnostics& diagnostics, Session& session) {
  const std::string dbt_text = engine::DbtErrorText(diagnostics, session.sources, nullptr);
  JsonWriter json;
  json.BeginObject().Key("exc").String(dbt_text);
  json.Key("exc_type").String(engine::DbtExceptionClass(diagnostics.front())).EndObject();
  Event event{"Z002", "MainEncounteredError", Level::kError, "[ERROR]: Encountered an error:\n" + dbt_text,
              std::move(json).Take()};
  if (session.program.as_dbt || session.json_lines) {
    session.events.Emit(event);
    return 2;
  }
  if (session.log_file != nullptr) session.log_file->Emit(event);
  const bool colors = isatty(STDERR_FILENO) != 0 && !session.environment.contains("NO_COLOR");
  const std::string text = RenderDiagnostics(diagnostics, session.sources, colors);
  fmt::print(stderr, "{}{}", session.redactor.Redact(text), text.ends_with('\n') ? "" : "\n");
  return 2;
}

}  // namespace stir::cli
