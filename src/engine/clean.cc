// clean: the folders of `clean-targets` are removed, as long as they are the project's own and nobody's sources.
#include <fmt/format.h>
#include <algorithm>

#include "base/json.h"
#include "engine/commands.h"
#include "engine/kinds.h"
#include "engine/load_project.h"

namespace stir::engine {
namespace {

namespace fs = std::filesystem;

fs::path Resolved(const fs::path& path) {
  std::error_code ignored;
  fs::path canonical = fs::weakly_canonical(path, ignored).lexically_normal();
  return canonical.has_filename() ? canonical : canonical.parent_path();
}

// `inner` lies below `outer` (links followed); a folder does not lie below itself.
bool LiesBelow(const fs::path& inner, const fs::path& outer) {
  const fs::path relative = inner.lexically_relative(outer);
  return !relative.empty() && relative != "." && *relative.begin() != "..";
}

std::vector<std::string> SourceFolders(const project::ProjectConfig& config) {
  std::vector<std::string> folders;
  for (const auto* paths : {&config.model_paths, &config.seed_paths, &config.snapshot_paths, &config.analysis_paths,
                            &config.macro_paths, &config.test_paths, &config.docs_paths, &config.asset_paths}) {
    folders.insert(folders.end(), paths->begin(), paths->end());
  }
  return folders;
}

// All refusals at once, before anything is removed.
Status CheckTargets(const project::ProjectConfig& config, const fs::path& project) {
  const fs::path root = Resolved(project);
  Diagnostics refusals;
  for (const std::string& target : config.clean_targets) {
    const fs::path path = Resolved(project / target);
    if (!LiesBelow(path, root)) {
      refusals.push_back(
          Diagnostic(kCleanOutsideProject, fmt::format("`{}` of `clean-targets` lies outside the project", target))
              .Hint("only folders below the project are cleaned"));
      continue;
    }
    for (const std::string& folder : SourceFolders(config)) {
      const fs::path source = Resolved(project / folder);
      if (path == source || LiesBelow(source, path)) {
        refusals.push_back(
            Diagnostic(kCleanOfSources, fmt::format("`{}` of `clean-targets` holds the project's `{}`", target, folder))
                .Hint("take it out of `clean-targets`"));
      }
    }
  }
  return StatusOf(std::move(refusals));
}

void Tell(const Narrator& narrator, std::string_view code, std::string_view name, std::string_view verb,
          const fs::path& path) {
  JsonWriter json;
  json.BeginObject().Key("path").String(path.string()).EndObject();
  narrator.Say(code, name, Level::kInfo, fmt::format("{} {}/*", verb, path.string()), std::move(json).Take());
}

}  // namespace

Result<CommandResult> Clean(const Host& host, const Options& options) {
  const Narrator narrator(host.events, host.sources, {options.printer_width, options.as_dbt, {}});
  STIR_ASSIGN(const project::Invocation invocation, MakeInvocation(host, options));
  STIR_ASSIGN(const project::ProjectConfig config, ReadProjectConfig(host, options, invocation));
  STIR_TRY(CheckTargets(config, options.project_dir));
  for (const std::string& target : config.clean_targets) {
    const fs::path path = (options.project_dir / target).lexically_normal();
    Tell(narrator, "Z012", "CheckCleanPath", "Checking", path);
    STIR_TRY(host.files.Remove(path));
    Tell(narrator, "Z013", "ConfirmCleanPath", "Cleaned", path);
  }
  narrator.Say("Z015", "FinishedCleanPaths", Level::kInfo, "Finished cleaning all paths.");
  return CommandResult{};
}

}  // namespace stir::engine
