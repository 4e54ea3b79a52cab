// deps: what packages.yml names, and what that needs, written into package-lock.yml and installed.
#include <fmt/format.h>
#include <algorithm>
#include <set>

#include "base/digest.h"
#include "base/io_error.h"
#include "base/json.h"
#include "base/strings.h"
#include "engine/commands.h"
#include "engine/kinds.h"
#include "engine/load_project.h"
#include "engine/package_fetch.h"
#include "yaml/node.h"

namespace stir::engine {
namespace {

namespace fs = std::filesystem;

std::string OneField(std::string_view key, std::string_view value) {
  JsonWriter json;
  json.BeginObject().Key(key).String(value).EndObject();
  return std::move(json).Take();
}

// A text as YAML reads it back: plain where that is the same text.
std::string YamlScalar(const std::string& text) {
  SourceMap scratch;
  const auto read = yaml::Parse(scratch, scratch.Add("scalar", "- " + text));
  const bool plain = read.ok() && read->root->IsSequence() && read->root->items.size() == 1 &&
                     read->root->items[0]->IsString() && !read->root->items[0]->quoted &&
                     read->root->items[0]->text == text && !text.empty() && text.find(" #") == std::string::npos;
  return plain ? text : "'" + ReplaceAll(text, "'", "''") + "'";
}

// package-lock.yml as dbt writes it: keys in the order of their names.
std::string LockText(const std::vector<FetchedPackage>& packages, const std::string& hash) {
  std::string text = packages.empty() ? "packages: []\n" : "packages:\n";
  for (const FetchedPackage& package : packages) {
    auto entry = package.lock_entry;
    entry.emplace_back("name", package.project_name);
    std::ranges::sort(entry);
    std::string_view lead = "  - ";
    for (const auto& [key, value] : entry) {
      text += fmt::format("{}{}: {}\n", lead, key, YamlScalar(value));
      lead = "    ";
    }
  }
  return text + fmt::format("sha1_hash: {}\n", hash);
}

// Two urls that differ in their ending are one repository.
std::string KeyOf(const PackageSpec& spec) {
  std::string key = spec.location;
  if (spec.kind == PackageKind::kGit && key.ends_with(".git")) key.resize(key.size() - 4);
  if (spec.kind == PackageKind::kTarball) key = spec.name;
  return spec.subdirectory.empty() ? key : key + "/" + spec.subdirectory;
}

class Installation {
 public:
  Installation(const Host& host, const Options& options, project::Invocation invocation, project::ProjectConfig config)
      : host_(host),
        options_(options),
        invocation_(std::move(invocation)),
        config_(std::move(config)),
        narrator_(host.events, host.sources, {options.printer_width, options.as_dbt, {}}),
        install_path_((options.project_dir / config_.packages_install_path).lexically_normal()),
        fetcher_({.files = host.files,
                  .http = host.http == nullptr ? SystemHttp() : *host.http,
                  .sources = host.sources,
                  .invocation = invocation_,
                  .cancel = host.cancel,
                  .root = options.project_dir,
                  .downloads = fs::path(install_path_) += fmt::format(".{}", options.invocation_id.substr(0, 8))}) {}

  Result<CommandResult> Run() {
    STIR_ASSIGN(const PackageList asked, Asked());
    STIR_ASSIGN(const bool current, IsLocked(asked));
    if (!current) STIR_TRY(Lock(asked));
    if (options_.packages.lock_only) return CommandResult{};
    return Install();
  }

 private:
  fs::path LockPath() const { return options_.project_dir / "package-lock.yml"; }

  Result<SourceId> Source(const char* name) {
    const fs::path path = options_.project_dir / name;
    if (!host_.files.Exists(path)) return SourceId{};
    STIR_ASSIGN(std::string text, host_.files.Read(path));
    return host_.sources.Add(name, std::move(text));
  }

  // packages.yml is a template; dependencies.yml is not.
  Result<PackageList> Asked() {
    STIR_ASSIGN(const SourceId packages, Source("packages.yml"));
    STIR_ASSIGN(PackageList asked, ReadPackageList(packages, host_.sources, invocation_, true));
    STIR_ASSIGN(const SourceId dependencies, Source("dependencies.yml"));
    STIR_ASSIGN(PackageList more, ReadPackageList(dependencies, host_.sources, invocation_, false));
    if (!asked.packages.empty() && !more.packages.empty()) {
      return Diagnostic(kBadPackage, "The 'packages' key cannot be specified in both packages.yml and dependencies.yml",
                        more.packages.front().span)
          .With({asked.packages.front().span, "the other one"})
          .Hint("keep them in one of the two files");
    }
    if (more.packages.empty()) return asked;
    return more;
  }

  Result<bool> IsLocked(const PackageList& asked) {
    if (options_.packages.upgrade) return false;
    STIR_ASSIGN(const SourceId source, Source("package-lock.yml"));
    if (!source) return false;
    STIR_ASSIGN(const PackageList locked, ReadPackageList(source, host_.sources, invocation_, false));
    return locked.locked_hash == HashOf(asked.packages);
  }

  // What is asked for, then what those ask for, breadth first; each once.
  Status Lock(const PackageList& asked) {
    if (asked.packages.empty()) {
      TellNoPackages();
      return {};
    }
    std::vector<PackageSpec> specs;
    std::vector<FetchedPackage> fetched;
    std::vector<PackageSpec> open = asked.packages;
    while (!open.empty()) {
      std::vector<PackageSpec> next;
      for (PackageSpec& spec : open) {
        STIR_ASSIGN(const size_t index, Merge(specs, std::move(spec)));
        STIR_ASSIGN(FetchedPackage package, fetcher_.Fetch(specs[index]));
        next.insert(next.end(), package.needs.begin(), package.needs.end());
        if (index == fetched.size()) fetched.push_back({});
        fetched[index] = std::move(package);
      }
      open = std::move(next);
    }
    STIR_TRY(CheckNames(fetched));
    STIR_TRY(host_.files.WriteAtomic(LockPath(), LockText(fetched, HashOf(asked.packages))));
    narrator_.Say("M031", "DepsLockUpdating", Level::kInfo, "Updating lock file in file path: " + LockPath().string(),
                  OneField("lock_filepath", LockPath().string()));
    return {};
  }

  // The place of a package among those known; what one more asker wants of it is added to it.
  static Result<size_t> Merge(std::vector<PackageSpec>& specs, PackageSpec spec) {
    const auto known = std::ranges::find_if(specs, [&](const PackageSpec& each) { return KeyOf(each) == KeyOf(spec); });
    if (known == specs.end()) {
      specs.push_back(std::move(spec));
      return specs.size() - 1;
    }
    if (known->kind != spec.kind)
      return Diagnostic(kPackagesDisagree, fmt::format("{} comes from two kinds of places", spec.location), spec.span)
          .With({known->span, "the other one"});
    for (const std::string& version : spec.versions) {
      if (std::ranges::find(known->versions, version) == known->versions.end()) known->versions.push_back(version);
    }
    return static_cast<size_t>(known - specs.begin());
  }

  Status CheckNames(const std::vector<FetchedPackage>& packages) const {
    std::set<std::string> names;
    Diagnostics errors;
    for (const FetchedPackage& package : packages) {
      if (package.project_name == config_.name) {
        errors.push_back(Diagnostic(kPackagesDisagree,
                                    fmt::format("Found a dependency with the same name as the root project \"{}\". "
                                                "Package names must be unique in a project.",
                                                config_.name),
                                    package.spec.span)
                             .Hint("rename one of the two projects"));
      } else if (!names.insert(package.project_name).second) {
        errors.push_back(Diagnostic(kPackagesDisagree,
                                    fmt::format("Found duplicate project \"{}\". This occurs when a dependency has the "
                                                "same project name as some other dependency.",
                                                package.project_name),
                                    package.spec.span)
                             .Hint("take one of the two out"));
      }
    }
    return StatusOf(std::move(errors));
  }

  Result<CommandResult> Install() {
    STIR_TRY(host_.files.Remove(install_path_));
    STIR_TRY(host_.files.MakeDirectories(install_path_));
    STIR_ASSIGN(const SourceId source, Source("package-lock.yml"));
    STIR_ASSIGN(const PackageList locked, ReadPackageList(source, host_.sources, invocation_, true));
    if (locked.packages.empty()) {
      TellNoPackages();
      return CommandResult{};
    }
    std::vector<std::string> outdated;
    for (const PackageSpec& spec : locked.packages) {
      const std::string name = spec.kind == PackageKind::kTarball ? spec.name : spec.location;
      narrator_.Say("M014", "DepsStartPackageInstall", Level::kInfo, "Installing " + name,
                    OneField("package_name", name));
      STIR_ASSIGN(const FetchedPackage package, fetcher_.Fetch(spec));
      STIR_TRY(Place(package));
      TellInstalled(package);
      if (!package.latest.empty()) outdated.push_back(name);
    }
    if (!outdated.empty()) TellOutdated(outdated);
    return CommandResult{};
  }

  Status Place(const FetchedPackage& package) {
    const fs::path target = install_path_ / package.project_name;
    if (!package.linked) return host_.files.Rename(package.folder, target);
    std::error_code failed;
    fs::create_directory_symlink(package.folder, target, failed);
    if (failed) return IoError("link", target, failed.value());
    return {};
  }

  void TellInstalled(const FetchedPackage& package) const {
    narrator_.Say("M015", "DepsInstallInfo", Level::kInfo, "Installed from " + package.version,
                  OneField("version_name", package.version));
    if (package.spec.kind == PackageKind::kHub && package.latest.empty())
      narrator_.Say("M017", "DepsUpToDate", Level::kInfo, "Up to date!");
    if (!package.latest.empty())
      narrator_.Say("M016", "DepsUpdateAvailable", Level::kInfo, "Updated version available: " + package.latest,
                    OneField("version_latest", package.latest));
    if (!package.spec.subdirectory.empty())
      narrator_.Say("M018", "DepsListSubdirectory", Level::kInfo, "and subdirectory " + package.spec.subdirectory,
                    OneField("subdirectory", package.spec.subdirectory));
  }

  void TellOutdated(const std::vector<std::string>& names) const {
    narrator_.Blank();
    JsonWriter json;
    json.BeginObject().Key("packages").BeginArray();
    for (const std::string& name : names) json.String(name);
    json.EndArray().EndObject();
    narrator_.Say("M019", "DepsNotifyUpdatesAvailable", Level::kInfo,
                  fmt::format("Updates available for packages: ['{}'] \nUpdate your versions in packages.yml, then run "
                              "dbt deps",
                              Join(names, "', '")),
                  std::move(json).Take());
  }

  void TellNoPackages() const {
    narrator_.Say("M013", "DepsNoPackagesFound", Level::kInfo, "Warning: No packages were found in packages.yml");
  }

  const Host& host_;
  const Options& options_;
  const project::Invocation invocation_;
  const project::ProjectConfig config_;
  const Narrator narrator_;
  const fs::path install_path_;
  PackageFetcher fetcher_;
};

}  // namespace

Result<CommandResult> InstallPackages(const Host& host, const Options& options) {
  STIR_ASSIGN(project::Invocation invocation, MakeInvocation(host, options));
  STIR_ASSIGN(project::ProjectConfig config, ReadProjectConfig(host, options, invocation));
  return Installation(host, options, std::move(invocation), std::move(config)).Run();
}

}  // namespace stir::engine
