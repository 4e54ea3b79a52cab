// The package hub: which versions of a package there are, and which of them fits.
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/http.h"
#include "base/result.h"
#include "engine/package_specs.h"

namespace stir::engine {

// Major, minor, patch; a pre-release comes before its release.
struct PackageVersion {
  int numbers[3] = {};
  std::string prerelease;
  std::strong_ordering operator<=>(const PackageVersion& other) const;
  bool operator==(const PackageVersion& other) const = default;
};
std::optional<PackageVersion> ParsePackageVersion(std::string_view text);

// ">=1.0.0", "<2.0.0", "1.1.1": all of them have to hold. Several may stand in one text, divided by commas. nullopt:
// not a version.
std::optional<bool> Satisfies(const PackageVersion& version, const std::vector<std::string>& ranges);

struct HubVersion {
  std::string name, version, tarball;
  std::string latest;  // the newest that may be installed
};

// The newest version that fits the ranges of `spec` and dbt's own version. DBT_PACKAGE_HUB_URL names another hub.
Result<HubVersion> FindHubVersion(const PackageSpec& spec, Http& http, const project::Environment& environment);

}  // namespace stir::engine
