// The first phases of every command that needs the project: who is asked, what is read, what it means.
#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "adapter/relation.h"
#include "base/result.h"
#include "engine/host.h"
#include "engine/narrator.h"
#include "engine/options.h"
#include "project/builtin_macros.h"
#include "project/files.h"
#include "project/invocation.h"
#include "project/manifest.h"
#include "project/profile.h"
#include "runtime/runner.h"

namespace stir::engine {

// A project with its target chosen and every file read; the disk is not touched again.
// Not movable: the invocation's address is given out.
struct Setting {
  Setting() = default;
  Setting(const Setting&) = delete;
  Setting& operator=(const Setting&) = delete;

  project::Invocation invocation;
  std::unique_ptr<project::BuiltinMacros> builtin_macros;  // taken by ParseProject
  project::ProjectFiles files;                             // moved away by ParseProject
  project::Target target;
  const adapter::Dialect* dialect = nullptr;
  std::string project_name;
  std::filesystem::path target_path;  // absolute
  std::string target_folder;          // as it is shown: relative to the project where it lies inside
  runtime::QueryComment query_comment;
  std::string arguments;              // dbt's args, a JSON object
  jinja::Value invocation_arguments;  // the same as a dict: invocation_args_dict

  // See ParsedProject. Known at once when nothing has changed, else when the cache is kept: while the command goes on.
  std::optional<Hash128> identity_before;
  std::shared_future<std::optional<Hash128>> identity_kept;  // last: done before what it uses goes

  // The identity, unless it is still being found out.
  std::optional<Hash128> KnownIdentity() const {
    const bool kept =
        identity_kept.valid() && identity_kept.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
    return kept ? identity_kept.get() : identity_before;
  }

  NarratorStyle narrator_style(const Options& options) const {
    return {options.printer_width, options.as_dbt,   target.profile.database,
            NodeWords::kBuilt,     options.warnings, target_folder};
  }
};

// dbt's word that it has an adapter of this type.
void TellAdapter(const Host& host, std::string_view type);
// What every template may ask of this invocation; needs no project.
Result<project::Invocation> MakeInvocation(const Host& host, const Options& options);
// dbt_project.yml, all files of the project, profiles.yml.
Result<std::unique_ptr<Setting>> ReadSetting(const Host& host, const Options& options);
// Only the target: of the project, dbt_project.yml alone is read.
struct TargetSetting {
  project::Invocation invocation;
  project::Target target;
};
Result<TargetSetting> ReadTargetSetting(const Host& host, const Options& options);
// dbt_project.yml alone.
Result<project::ProjectConfig> ReadProjectConfig(const Host& host, const Options& options,
                                                 const project::Invocation& invocation);
// The setting's files become the manifest. Warnings are told, or are errors with --warn-error.
Result<std::shared_ptr<const project::Manifest>> ParseSetting(Setting& setting, const Host& host,
                                                              const Options& options, const Narrator& narrator);
// The same for who can do without the manifest, asked when it is known which one it is: null when it `is_needless`, and
// the summary of it.
struct CheckedProject {
  std::shared_ptr<const project::Manifest> manifest;
  std::string stats;  // StatsOf
};
Result<CheckedProject> CheckSetting(Setting& setting, const Host& host, const Options& options,
                                    const Narrator& narrator, std::function<bool(const Hash128& identity)> is_needless);

}  // namespace stir::engine
