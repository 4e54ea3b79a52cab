// Reading and parsing a project on behalf of a command.
#include "engine/load_project.h"

#include <fmt/format.h>

#include "base/diagnostic_text.h"
#include "base/json.h"
#include "base/strings.h"
#include "embedded/embedded.h"
#include "engine/invocation_arguments.h"
#include "engine/kinds.h"
#include "engine/parse_memory.h"
#include "project/kinds.h"
#include "project/parse.h"

namespace stir::engine {
namespace {

namespace fs = std::filesystem;
using jinja::Value;

// The `flags` that templates see (dbt.md 2.2).
std::vector<std::pair<std::string, Value>> Flags(const Options& options) {
  std::vector<std::pair<std::string, Value>> flags;
  const auto text = [&](std::string name, const std::string& value) {
    flags.emplace_back(std::move(name), value.empty() ? Value::None() : Value::String(value));
  };
  const auto flag = [&](std::string name, bool value) { flags.emplace_back(std::move(name), Value::Bool(value)); };
  text("WHICH", options.command);
  text("INVOCATION_COMMAND", options.invocation_command);
  text("INDIRECT_SELECTION", options.selection.indirect_selection);
  text("LOG_FORMAT", options.log.format);
  text("LOG_PATH", options.log_path.string());
  text("PROFILES_DIR", ShownDir(options.given_profiles_dir, options.profiles_dir));
  text("PROJECT_DIR", ShownDir(options.given_project_dir, options.project_dir));
  text("TARGET_PATH", options.target_path.string());
  flag("CACHE_SELECTED_ONLY", false);
  flag("DEBUG", options.debug);
  flag("EMPTY", options.empty);
  flag("FAIL_FAST", options.fail_fast);
  flag("FULL_REFRESH", options.full_refresh);
  flag("HINTS_ENABLED", true);
  flag("INTROSPECT", options.introspect);
  flag("LOG_CACHE_EVENTS", false);
  flag("NO_PRINT", !options.log.print);
  flag("PRINT", options.log.print);
  flag("DEFER", options.defer);
  flag("FAVOR_STATE", options.favor_state);
  flag("PARTIAL_PARSE", options.partial_parse);
  flag("QUIET", options.quiet);
  flag("REQUIRE_SQL_HEADER_IN_TEST_CONFIGS", false);
  flag("SEND_ANONYMOUS_USAGE_STATS", false);
  flag("STATIC_PARSER", true);
  flag("STORE_FAILURES", options.store_failures);
  flag("USE_COLORS", options.use_colors);
  flag("USE_EXPERIMENTAL_PARSER", false);
  flag("VERSION_CHECK", true);
  flag("WARN_ERROR", options.warn_error);
  flag("WRITE_JSON", options.write_json);
  flags.emplace_back("MAXIMUM_SEED_SIZE_MIB", Value::Int(1));
  flags.emplace_back("PRINTER_WIDTH", Value::Int(options.printer_width));
  return flags;
}

runtime::QueryComment QueryCommentOf(const yaml::Node* node) {
  if (node == nullptr) return {};
  if (!node->IsMapping()) return {.text = node->IsNull() ? "" : node->text, .append = false};
  runtime::QueryComment comment;
  if (const yaml::Node* text = node->Find("comment"); text != nullptr) comment.text = text->IsNull() ? "" : text->text;
  if (const yaml::Node* append = node->Find("append"); append != nullptr) comment.append = append->boolean;
  return comment;
}

void PlaceTarget(Setting& setting, const Options& options, const project::ProjectConfig& config) {
  const fs::path folder = options.target_path.empty() ? fs::path(config.target_path) : options.target_path;
  setting.target_path = (options.project_dir / folder).lexically_normal();
  setting.target_folder = folder.generic_string();
}

// Templates' warnings, told as all others are.
class TemplateWarnings final : public project::WarningSink {
 public:
  explicit TemplateWarnings(Narrator narrator) : narrator_(std::move(narrator)) {}
  Status Warn(std::string_view code, std::string_view name, std::string_view text, std::string data) const override {
    return narrator_.Warn(code, name, text, std::move(data));
  }

 private:
  const Narrator narrator_;
};

// dbt looks for packages only once it has its adapter.
void TellAdapterBefore(const Diagnostics& errors, const Host& host, const Options& options) {
  if (!(errors.front().kind == project::kPackagesNotInstalled)) return;
  const auto setting = ReadTargetSetting(host, options);
  if (setting.ok()) TellAdapter(host, setting->target.profile.type);
}

void TellUnknownAdapter(EventSink& events, std::string_view type) {
  const std::string why = fmt::format("No module named 'dbt.adapters.{}'", type);
  JsonWriter json;
  json.BeginObject().Key("exc").String(why).EndObject();
  events.Emit({"E035", "AdapterImportError", Level::kInfo, "Error importing adapter: " + why, std::move(json).Take()});
}

std::vector<project::BuiltinFile> BuiltinFiles() {
  std::vector<project::BuiltinFile> files;
  for (const embedded::EmbeddedFile& file : embedded::Macros()) files.push_back({file.path, file.text});
  return files;
}

}  // namespace

void TellAdapter(const Host& host, std::string_view type) {
  const auto dialect = host.adapters.FindDialect(type);
  if (!dialect.ok()) return;
  const std::string release((*dialect)->dbt_release);
  JsonWriter json;
  json.BeginObject().Key("adapter_name").String(type).Key("adapter_version").String("=" + release).EndObject();
  host.events.Emit({"E034", "AdapterRegistered", Level::kInfo, fmt::format("Registered adapter: {}={}", type, release),
                    std::move(json).Take()});
}

Result<project::Invocation> MakeInvocation(const Host& host, const Options& options) {
  project::Invocation invocation;
  invocation.id = options.invocation_id;
  invocation.started_at = options.started_at;
  invocation.clock = &host.clock;
  invocation.environment = &host.environment;
  invocation.events = &host.events;
  invocation.warnings = std::make_shared<TemplateWarnings>(
      Narrator(host.events, host.sources, {.width = options.printer_width, .warnings = options.warnings}));
  STIR_ASSIGN(invocation.vars, project::ParseVars(options.vars, host.sources));
  invocation.flags = Flags(options);
  return invocation;
}

Result<project::ProjectConfig> ReadProjectConfig(const Host& host, const Options& options,
                                                 const project::Invocation& invocation) {
  STIR_ASSIGN(std::string text, host.files.Read(options.project_dir / "dbt_project.yml"));
  Diagnostics warnings;
  return project::ParseProjectConfig(host.sources, host.sources.Add("dbt_project.yml", std::move(text)), invocation,
                                     warnings);
}

Result<TargetSetting> ReadTargetSetting(const Host& host, const Options& options) {
  TargetSetting setting;
  STIR_ASSIGN(setting.invocation, MakeInvocation(host, options));
  project::ProfileRequest request{.directory = options.profiles_dir,
                                  .profile = options.profile,
                                  .target = options.target,
                                  .threads = options.threads};
  if (request.profile.empty()) {
    STIR_ASSIGN(const project::ProjectConfig config, ReadProjectConfig(host, options, setting.invocation));
    request.profile = config.profile.text;
  }
  STIR_ASSIGN(setting.target,
              project::ReadTarget(host.files, request, setting.invocation, host.sources, host.redactor));
  return setting;
}

Result<std::unique_ptr<Setting>> ReadSetting(const Host& host, const Options& options) {
  auto setting = std::make_unique<Setting>();
  STIR_ASSIGN(setting->invocation, MakeInvocation(host, options));
  setting->builtin_macros = std::make_unique<project::BuiltinMacros>(BuiltinFiles(), host.sources);
  auto cache = OpenParseCache(host, options);
  if (!cache) setting->builtin_macros->Start();  // else it may be that nobody asks for them
  auto files =
      project::ReadProject(host.files, options.project_dir, setting->invocation, host.sources, std::move(cache));
  if (!files.ok()) {
    TellAdapterBefore(files.error(), host, options);
    return std::move(files).error();
  }
  setting->files = *std::move(files);
  const project::ProjectConfig& config = setting->files.packages.front().config;
  setting->project_name = config.name;
  PlaceTarget(*setting, options, config);
  setting->arguments = ResultArguments(options, config.flags);
  STIR_ASSIGN(setting->invocation_arguments,
              project::ParseVars(InvocationArguments(options, config.flags), host.sources));
  setting->query_comment = QueryCommentOf(config.query_comment.get());
  const project::ProfileRequest request{.directory = options.profiles_dir,
                                        .profile = options.profile.empty() ? config.profile.text : options.profile,
                                        .target = options.target,
                                        .threads = options.threads};
  STIR_ASSIGN(setting->target,
              project::ReadTarget(host.files, request, setting->invocation, host.sources, host.redactor));
  auto dialect = host.adapters.FindDialect(setting->target.profile.type);
  if (!dialect.ok()) {
    TellUnknownAdapter(host.events, setting->target.profile.type);
    Diagnostics errors = std::move(dialect).error();
    errors.front().span = setting->target.type_span;
    return errors;
  }
  setting->dialect = *dialect;
  return setting;
}

namespace {

Result<project::ParsedProject> ParseOrCheck(Setting& setting, const Host& host, const Options& options,
                                            const Narrator& narrator,
                                            std::function<bool(const Hash128& identity)> is_needless) {
  Diagnostics warnings = std::move(setting.files.warnings);
  const std::string program = ProgramIdentity(host);
  const project::ParseOptions parse{.invocation = &setting.invocation,
                                    .target = &setting.target,
                                    .dialect = setting.dialect,
                                    .builtin_macros = setting.builtin_macros.get(),
                                    .program = program,
                                    .summarize = StatsOf,
                                    .is_needless = std::move(is_needless),
                                    .on_configured = [&] { TellAdapter(host, setting.target.profile.type); }};
  STIR_ASSIGN(project::ParsedProject parsed, project::ParseProject(std::move(setting.files), parse, host.sources));
  setting.identity_before = parsed.identity;
  if (parsed.make_cache) setting.identity_kept = KeepParseCache(host, options, std::move(parsed.make_cache));
  if (host.remains != nullptr) host.remains->push_back(parsed.manifest);
  Append(warnings, std::move(parsed.warnings));
  STIR_TRY(narrator.Warn(warnings));
  return parsed;
}

}  // namespace

Result<std::shared_ptr<const project::Manifest>> ParseSetting(Setting& setting, const Host& host,
                                                              const Options& options, const Narrator& narrator) {
  STIR_ASSIGN(project::ParsedProject parsed, ParseOrCheck(setting, host, options, narrator, {}));
  return std::move(parsed.manifest);
}

Result<CheckedProject> CheckSetting(Setting& setting, const Host& host, const Options& options,
                                    const Narrator& narrator,
                                    std::function<bool(const Hash128& identity)> is_needless) {
  STIR_ASSIGN(project::ParsedProject parsed, ParseOrCheck(setting, host, options, narrator, std::move(is_needless)));
  std::string stats = parsed.manifest ? StatsOf(*parsed.manifest) : std::move(parsed.summary);
  return CheckedProject{std::move(parsed.manifest), std::move(stats)};
}

}  // namespace stir::engine
