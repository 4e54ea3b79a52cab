// What packages.yml (or dependencies.yml, or package-lock.yml) asks for: read, checked, and hashed as dbt hashes it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/source_map.h"
#include "project/invocation.h"

namespace stir::engine {

enum class PackageKind : uint8_t { kLocal, kGit, kTarball, kHub, kPrivate };

struct PackageSpec {
  PackageKind kind = PackageKind::kLocal;
  std::string location;               // a path, a url, the name on the hub
  std::string written;                // the same before rendering: what a lock file may show
  std::vector<std::string> versions;  // git: at most one revision; hub: the ranges
  std::string name;                   // tarball: of the package; others: as a lock file has it
  std::string subdirectory;           // git
  bool prerelease = false;            // hub
  std::string canonical;              // JSON as dbt hashes it
  Span span;
};

struct PackageList {
  std::vector<PackageSpec> packages;
  std::string locked_hash;  // package-lock.yml's sha1_hash
};

// A list from its YAML; `source` may be none, which is an empty list. `rendered`: the texts are templates in which
// env_var works, for secrets too. All mistakes at once.
Result<PackageList> ReadPackageList(SourceId source, const SourceMap& sources, const project::Invocation& invocation,
                                    bool rendered);

// package-lock.yml's sha1_hash of a list.
std::string HashOf(const std::vector<PackageSpec>& packages);

}  // namespace stir::engine
