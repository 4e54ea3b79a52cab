// debug: which files are used, whether they are valid, whether the engine answers.
#include <sys/utsname.h>

#include <fmt/format.h>

#include <algorithm>

#include "base/diagnostic_text.h"
#include "base/json.h"
#include "base/strings.h"
#include "embedded/embedded.h"
#include "engine/commands.h"
#include "engine/kinds.h"
#include "engine/load_project.h"

namespace stir::engine {
namespace {

constexpr std::string_view kFound = "[OK found and valid]";

// The checks in the order in which they are told; what went wrong is kept for the end.
class Checkup {
 public:
  Checkup(const Host& host, const Options& options)
      : host_(host),
        options_(options),
        narrator_(host.events, host.sources, {options.printer_width, options.as_dbt, {}}) {}

  CommandResult Run() {
    if (options_.config_dir) {
      TellFolder();
      return {};
    }
    TellVersions();
    TellPlaces();
    const bool project = CheckProject();
    const bool profile = CheckProfile(project);
    if (!options_.connection_only) {
      TellFiles(project, profile);
      TellDependencies();
    }
    if (profile) {
      TellConnection();
      CheckConnection();
    } else {
      Say("Connection test skipped since no profile was found");
    }
    Conclude();
    return {.success = failed_.empty()};
  }

 private:
  void Say(std::string text) const {
    JsonWriter json;
    json.BeginObject().Key("msg").String(text).EndObject();
    narrator_.Say("Z047", "DebugCmdOut", Level::kInfo, std::move(text), std::move(json).Take());
  }

  void SayResult(std::string text) const {
    JsonWriter json;
    json.BeginObject().Key("msg").String(text).EndObject();
    narrator_.Say("Z048", "DebugCmdResult", Level::kInfo, std::move(text), std::move(json).Take());
  }

  void TellFolder() const {
    const std::string folder = options_.profiles_dir.string();
    JsonWriter json;
    json.BeginObject().Key("open_cmd").String("xdg-open").Key("profiles_dir").String(folder).EndObject();
    narrator_.Say("Z016", "OpenCommand", Level::kInfo,
                  fmt::format("To view your profiles.yml file, run:\n\nxdg-open {}", folder), std::move(json).Take());
  }

  // git fetches packages.
  void TellDependencies() {
    const auto path = host_.environment.find("PATH");
    const std::string folders = path == host_.environment.end() ? "" : path->second;
    const bool found = std::ranges::any_of(Split(folders, ':'), [&](std::string_view folder) {
      return host_.files.Exists(std::filesystem::path(folder) / "git");
    });
    Say("Required dependencies:");
    SayResult(fmt::format(" - git [{}]\n", found ? "OK found" : "ERROR"));
    if (!found) {
      Failed(Diagnostics{
          Diagnostic(kPackageNotFetched, "there is no `git` in PATH").Hint("packages from git repositories need it")});
    }
  }

  void TellVersions() const {
    Say(fmt::format("stir version: {}", embedded::Version()));
    Say(fmt::format("dbt version: {}", project::kDbtVersion));
    utsname system{};
    if (uname(&system) == 0) Say(fmt::format("os info: {}-{}-{}", system.sysname, system.release, system.machine));
  }

  void TellPlaces() const {
    Say("Using profiles dir at " + options_.profiles_dir.string());
    Say("Using profiles.yml file at " + (options_.profiles_dir / "profiles.yml").string());
    Say("Using dbt_project.yml file at " + (options_.project_dir / "dbt_project.yml").string());
  }

  // Only dbt_project.yml: a mistake in a model is no reason why the connection should not be tried; nor is one in this
  // file, as long as it says which profile.
  bool CheckProject() {
    profile_name_ = options_.profile;
    auto invocation = MakeInvocation(host_, options_);
    if (!invocation.ok()) return Failed(invocation.error());
    invocation_ = std::move(*invocation);
    auto config = ReadProjectConfig(host_, options_, invocation_);
    if (config.ok()) {
      if (profile_name_.empty()) profile_name_ = config->profile.text;
      return true;
    }
    if (profile_name_.empty()) profile_name_ = NamedProfile();
    return Failed(config.error());
  }

  std::string NamedProfile() const {
    auto text = host_.files.Read(options_.project_dir / "dbt_project.yml");
    if (!text.ok()) return {};
    return project::ProfileNamed(host_.sources, host_.sources.Add("dbt_project.yml", *std::move(text)), invocation_);
  }

  bool CheckProfile(bool project) {
    if (!project && profile_name_.empty()) return false;
    const project::ProfileRequest request{.directory = options_.profiles_dir,
                                          .profile = profile_name_,
                                          .target = options_.target,
                                          .threads = options_.threads};
    auto target = project::ReadTarget(host_.files, request, invocation_, host_.sources, host_.redactor);
    if (!target.ok()) return Failed(target.error());
    target_ = std::move(*target);
    Say("adapter type: " + target_.profile.type);
    return true;
  }

  void TellFiles(bool project, bool profile) const {
    const bool has_profile = host_.files.Exists(options_.profiles_dir / "profiles.yml");
    const bool has_project = host_.files.Exists(options_.project_dir / "dbt_project.yml");
    Say("Configuration:");
    const bool named = project || !profile_name_.empty();
    Say(fmt::format("  profiles.yml file {}", profile        ? kFound
                                              : !has_profile ? "[ERROR not found]"
                                              : named        ? "[ERROR invalid]"
                                                             : "[not checked: the project says which profile]"));
    Say(fmt::format("  dbt_project.yml file {}", project       ? kFound
                                                 : has_project ? "[ERROR invalid]"
                                                               : "[ERROR not found]"));
  }

  void TellConnection() const {
    Say("Connection:");
    if (!target_.context.IsDict()) return;
    for (const auto& [key, value] : target_.context.AsDict().entries()) {
      const auto name = key.Str();
      const auto text = value.Str();
      if (name.ok() && text.ok()) Say(fmt::format("  {}: {}", *name, *text));
    }
  }

  void CheckConnection() {
    TellAdapter(host_, target_.profile.type);
    auto adapter = host_.adapters.Open(target_.profile);
    if (adapter.ok()) {
      auto connection = (*adapter)->Connect();
      Status answered = connection.ok() ? Ask(**connection) : Status(std::move(connection).error());
      if (answered.ok()) {
        Say(fmt::format("  engine: {} {}", target_.profile.type, (*adapter)->EngineVersion()));
        Say("  Connection test: [OK connection ok]\n");
        return;
      }
      Failed(answered.error());
    } else {
      Failed(adapter.error());
    }
    Say("  Connection test: [ERROR]\n");
  }

  static Status Ask(adapter::Connection& connection) {
    auto outcome = connection.Execute("select 1 as id");
    return outcome.ok() ? Status() : Status(std::move(outcome).error());
  }

  bool Failed(const Diagnostics& problems) {
    failed_.push_back(RenderDiagnostics(problems, host_.sources));
    return false;
  }

  void Conclude() const {
    if (failed_.empty()) {
      SayResult("All checks passed!");
      return;
    }
    SayResult(fmt::format("{} failed:", failed_.size() == 1 ? "1 check" : fmt::format("{} checks", failed_.size())));
    for (const std::string& check : failed_) SayResult(check);
  }

  const Host& host_;
  const Options& options_;
  const Narrator narrator_;
  project::Invocation invocation_;
  std::string profile_name_;
  project::Target target_;
  std::vector<std::string> failed_;  // each check's errors, as they are shown
};

}  // namespace

Result<CommandResult> Debug(const Host& host, const Options& options) { return Checkup(host, options).Run(); }

}  // namespace stir::engine
