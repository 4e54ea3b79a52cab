#include "engine/package_fetch.h"

#include <fmt/format.h>
#include <algorithm>

#include "base/digest.h"
#include "base/process.h"
#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/package_hub.h"
#include "yaml/node.h"

namespace stir::engine {
namespace {

namespace fs = std::filesystem;

Diagnostic NotFetched(std::string message, const PackageSpec& spec) {
  return {kPackageNotFetched, std::move(message), spec.span};
}

bool IsCommit(std::string_view revision) {
  return revision.size() == 40 && revision.find_first_not_of("0123456789abcdef") == revision.npos;
}

}  // namespace

PackageFetcher::~PackageFetcher() { (void)world_.files.Remove(world_.downloads); }

Result<FetchedPackage> PackageFetcher::Fetch(const PackageSpec& spec) {
  switch (spec.kind) {
    case PackageKind::kLocal:
      return FetchLocal(spec);
    case PackageKind::kGit:
      return FetchGit(spec);
    case PackageKind::kTarball:
      return FetchTarball(spec);
    case PackageKind::kHub:
      return FetchHub(spec);
    case PackageKind::kPrivate:
      break;
  }
  return Diagnostic(kPackageNotFetched, "private packages come through dbt's own platform, which stir does not know",
                    spec.span)
      .Hint("name the repository itself: `git: URL` with `revision`");
}

Result<FetchedPackage> PackageFetcher::FetchLocal(const PackageSpec& spec) {
  FetchedPackage package{.spec = spec};
  package.folder = (world_.root / spec.location).lexically_normal();
  package.linked = true;
  package.version = fmt::format("<local @ {}>", spec.location);
  package.lock_entry = {{"local", spec.location}};
  if (!world_.files.Exists(package.folder / "dbt_project.yml")) {
    return NotFetched(fmt::format("no dbt_project.yml found at expected path {}",
                                  (package.folder / "dbt_project.yml").string()),
                      spec)
        .Hint("`local` is a path from the project's root to the package's");
  }
  STIR_TRY(ReadProject(package));
  return package;
}

// A branch, a tag or a commit; without one the repository's own branch.
Result<FetchedPackage> PackageFetcher::FetchGit(const PackageSpec& spec) {
  if (spec.versions.size() > 1) {
    return Diagnostic(kPackagesDisagree,
                      fmt::format("git dependencies should contain exactly one version. {} contains: {}", spec.location,
                                  Join(spec.versions, ", ")),
                      spec.span);
  }
  const std::string revision = spec.versions.empty() ? "HEAD" : spec.versions.front();
  const fs::path checkout = world_.downloads / Md5Hex(spec.location + "/" + spec.subdirectory + "@" + revision);
  if (!world_.files.Exists(checkout)) {
    STIR_TRY(world_.files.MakeDirectories(checkout));
    STIR_TRY(Run({"git", "init", "-q"}, checkout, spec));
    STIR_TRY(Run({"git", "fetch", "-q", "--depth", "1", spec.location, revision}, checkout, spec));
    STIR_TRY(Run({"git", "checkout", "-q", "FETCH_HEAD"}, checkout, spec));
  }
  STIR_ASSIGN(const std::string commit, Run({"git", "rev-parse", "HEAD"}, checkout, spec));
  FetchedPackage package{.spec = spec};
  package.folder = checkout / spec.subdirectory;
  const std::string pinned = IsCommit(Strip(commit)) ? std::string(Strip(commit)) : revision;
  package.version = "revision " + pinned;
  package.lock_entry = {{"git", spec.written}, {"revision", pinned}};
  if (!spec.subdirectory.empty()) package.lock_entry.emplace_back("subdirectory", spec.subdirectory);
  STIR_TRY(ReadProject(package));
  return package;
}

Result<FetchedPackage> PackageFetcher::FetchTarball(const PackageSpec& spec) {
  FetchedPackage package{.spec = spec};
  STIR_ASSIGN(package.folder, Unpack(spec.location, spec.name, spec));
  package.version = fmt::format("tarball (url: {})", spec.location);
  package.lock_entry = {{"tarball", spec.written}};
  STIR_TRY(ReadProject(package));
  return package;
}

Result<FetchedPackage> PackageFetcher::FetchHub(const PackageSpec& spec) {
  STIR_ASSIGN(const HubVersion found, FindHubVersion(spec, world_.http, *world_.invocation.environment));
  FetchedPackage package{.spec = spec};
  STIR_ASSIGN(package.folder, Unpack(found.tarball, found.name + "." + found.version, spec));
  package.version = "version " + found.version;
  if (found.latest != found.version) package.latest = found.latest;
  package.lock_entry = {{"package", spec.location}, {"version", found.version}};
  STIR_TRY(ReadProject(package));
  return package;
}

// The one folder that the archive holds.
Result<fs::path> PackageFetcher::Unpack(const std::string& url, const std::string& name, const PackageSpec& spec) {
  const fs::path folder = world_.downloads / Md5Hex(url), archive = world_.downloads / (Md5Hex(url) + ".tar.gz");
  if (!world_.files.Exists(folder)) {
    STIR_ASSIGN(const HttpResponse response, world_.http.Send({.url = url}));
    if (response.status != 200)
      return NotFetched(fmt::format("{} answered {} instead of the package `{}`", url, response.status, name), spec);
    STIR_TRY(world_.files.Write(archive, response.body));
    STIR_TRY(world_.files.MakeDirectories(folder));
    STIR_TRY(Run({"tar", "-xzf", archive.string(), "-C", folder.string()}, world_.downloads, spec));
  }
  STIR_ASSIGN(const std::vector<WalkEntry> entries, world_.files.Walk(folder));
  for (const WalkEntry& entry : entries) {
    const fs::path path(entry.path);
    if (path.filename() == "dbt_project.yml" && std::distance(path.begin(), path.end()) == 2)
      return folder / path.parent_path();
  }
  return NotFetched(fmt::format("the archive {} holds no folder with a dbt_project.yml", url), spec);
}

Status PackageFetcher::ReadProject(FetchedPackage& package) {
  const fs::path file = package.folder / "dbt_project.yml";
  if (!world_.files.Exists(file))
    return NotFetched(fmt::format("{} is no dbt project: it has no dbt_project.yml", package.spec.location),
                      package.spec);
  STIR_ASSIGN(std::string text, world_.files.Read(file));
  const SourceId source = world_.sources.Add(file.string(), std::move(text));
  STIR_ASSIGN(const yaml::Document document, yaml::Parse(world_.sources, source));
  const yaml::Node* name = document.root->IsMapping() ? document.root->Find("name") : nullptr;
  if (name == nullptr || !name->IsScalar() || name->text.empty() || name->text.find('/') != std::string::npos)
    return NotFetched(fmt::format("the dbt_project.yml of {} has no usable `name`", package.spec.location),
                      package.spec);
  package.project_name = name->text;
  for (const char* list : {"packages.yml", "dependencies.yml"}) {
    const fs::path path = package.folder / list;
    if (!world_.files.Exists(path)) continue;
    STIR_ASSIGN(std::string yaml, world_.files.Read(path));
    STIR_ASSIGN(PackageList needs, ReadPackageList(world_.sources.Add(path.string(), std::move(yaml)), world_.sources,
                                                   world_.invocation, std::string_view(list) == "packages.yml"));
    package.needs.insert(package.needs.end(), needs.packages.begin(), needs.packages.end());
  }
  return {};
}

Result<std::string> PackageFetcher::Run(std::vector<std::string> argv, const fs::path& directory,
                                        const PackageSpec& spec) const {
  const std::string program = argv.front();
  ProcessSpec process{.argv = std::move(argv), .directory = directory.string()};
  process.environment = {{"GIT_TERMINAL_PROMPT", "0"}, {"LC_ALL", "C"}};
  process.timeout = std::chrono::minutes(10);
  std::string out, err;
  STIR_ASSIGN(const ProcessResult ended, RunProcess(
                                             process,
                                             [&](Stream stream, std::string_view line) {
                                               (stream == Stream::kOut ? out : err) += std::string(line) + "\n";
                                             },
                                             world_.cancel));
  if (ended.end == ProcessResult::End::kExited && ended.code == 0) return out;
  const std::string_view last = Strip(err);
  return NotFetched(
      fmt::format("{} could not bring {}: {}", program, spec.written, last.empty() ? "it ended without a word" : last),
      spec);
}

}  // namespace stir::engine
