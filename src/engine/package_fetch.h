// One package brought here: where its files are, what it is called, what it asks for itself.
#pragma once

#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/files.h"
#include "base/http.h"
#include "base/result.h"
#include "engine/package_specs.h"

namespace stir::engine {

struct FetchedPackage {
  PackageSpec spec{};
  std::filesystem::path folder{};  // absolute; holds its dbt_project.yml
  bool linked = false;             // a local one: it is not copied
  std::string project_name{};
  std::string version{};  // as it is told: "version 1.1.1", "<local @ path>"
  std::string latest{};   // hub: the newest that could be installed, when it is another
  std::vector<std::pair<std::string, std::string>> lock_entry{};  // without the name
  std::vector<PackageSpec> needs{};
};

// Outlives its packages: what it downloads stands in `downloads`, which is removed with it.
class PackageFetcher {
 public:
  // What it reaches the world through; `root`: of the project, for relative paths.
  struct World {
    Files& files;
    Http& http;
    SourceMap& sources;
    const project::Invocation& invocation;
    CancelToken cancel;
    std::filesystem::path root;
    std::filesystem::path downloads;
  };
  explicit PackageFetcher(World world) : world_(std::move(world)) {}
  ~PackageFetcher();
  PackageFetcher(const PackageFetcher&) = delete;
  PackageFetcher& operator=(const PackageFetcher&) = delete;

  Result<FetchedPackage> Fetch(const PackageSpec& spec);

 private:
  Result<FetchedPackage> FetchLocal(const PackageSpec& spec);
  Result<FetchedPackage> FetchGit(const PackageSpec& spec);
  Result<FetchedPackage> FetchTarball(const PackageSpec& spec);
  Result<FetchedPackage> FetchHub(const PackageSpec& spec);
  Result<std::filesystem::path> Unpack(const std::string& url, const std::string& name, const PackageSpec& spec);
  Status ReadProject(FetchedPackage& package);
  Result<std::string> Run(std::vector<std::string> argv, const std::filesystem::path& directory,
                          const PackageSpec& spec) const;

  World world_;
};

}  // namespace stir::engine
