#include "engine/package_hub.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <charconv>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "engine/kinds.h"

namespace stir::engine {
namespace {

constexpr std::string_view kHub = "https://hub.getdbt.com/";

struct Candidate {
  PackageVersion version;
  std::string text;
  const Json* entry = nullptr;
};

std::optional<bool> SatisfiesOne(const PackageVersion& version, std::string_view range) {
  static constexpr std::array<std::string_view, 5> kMatchers{">=", "<=", ">", "<", "="};
  range = Strip(range);
  std::string_view matcher = "=";
  for (std::string_view each : kMatchers) {
    if (!range.starts_with(each)) continue;
    matcher = each;
    range = Strip(range.substr(each.size()));
    break;
  }
  const std::optional<PackageVersion> bound = ParsePackageVersion(range);
  if (!bound) return std::nullopt;
  if (matcher == ">=") return version >= *bound;
  if (matcher == "<=") return version <= *bound;
  if (matcher == ">") return version > *bound;
  if (matcher == "<") return version < *bound;
  return version == *bound;
}

bool FitsDbt(const Json& entry) {
  const auto found = entry.find("require_dbt_version");
  if (found == entry.end() || found->is_null()) return true;
  std::vector<std::string> ranges;
  if (found->is_string()) ranges.push_back(found->get<std::string>());
  if (found->is_array()) {
    for (const Json& each : *found) {
      if (each.is_string()) ranges.push_back(each.get<std::string>());
    }
  }
  return Satisfies(*ParsePackageVersion(project::kDbtVersion), ranges).value_or(true);
}

std::string TextAt(const Json& object, const char* key) {
  if (!object.is_object()) return {};
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// Those that may be installed, oldest first.
std::vector<Candidate> Installable(const Json& versions, bool prereleases) {
  std::vector<Candidate> candidates;
  for (const auto& [text, entry] : versions.items()) {
    const std::optional<PackageVersion> version = ParsePackageVersion(text);
    if (!version || (!prereleases && !version->prerelease.empty()) || !entry.is_object() || !FitsDbt(entry)) continue;
    candidates.push_back({*version, text, &entry});
  }
  std::ranges::sort(candidates, [](const Candidate& a, const Candidate& b) { return a.version < b.version; });
  return candidates;
}

Result<Json> AskHub(const PackageSpec& spec, Http& http, const project::Environment& environment) {
  const auto other = environment.find("DBT_PACKAGE_HUB_URL");
  const std::string base(other == environment.end() || other->second.empty() ? kHub : other->second);
  const std::string url = fmt::format("{}{}api/v1/{}.json", base, base.ends_with('/') ? "" : "/", spec.location);
  auto response = http.Send({.url = url});
  if (!response.ok()) {
    return Diagnostic(kPackageNotFetched,
                      fmt::format("the package hub could not be asked for {}: {}", spec.location,
                                  response.error().front().message),
                      spec.span)
        .Hint("without the hub, name the repository (`git: URL`) or a folder (`local: PATH`)");
  }
  if (response->status == 404)
    return Diagnostic(kPackageNotFetched, fmt::format("Package {} was not found in the package index", spec.location),
                      spec.span)
        .Hint("its name has two parts, as in dbt-labs/dbt_utils");
  Json answer = ReadJson(response->body);
  if (response->status != 200 || !answer.is_object() || !answer.contains("versions") ||
      !answer["versions"].is_object()) {
    return Diagnostic(kPackageNotFetched, fmt::format("{} answered {} and no list of versions", url, response->status),
                      spec.span);
  }
  return answer;
}

Status CheckRanges(const PackageSpec& spec) {
  for (const std::string& range : spec.versions) {
    if (!Satisfies(PackageVersion{}, {range})) {
      return Diagnostic(kBadPackage, fmt::format("`{}` is not a version of a package", range), spec.span)
          .Hint("write 1.1.1, or a list such as [\">=1.0.0\", \"<2.0.0\"]");
    }
  }
  return {};
}

}  // namespace

std::strong_ordering PackageVersion::operator<=>(const PackageVersion& other) const {
  for (size_t i = 0; i < 3; ++i) {
    if (numbers[i] != other.numbers[i]) return numbers[i] <=> other.numbers[i];
  }
  if (prerelease.empty() != other.prerelease.empty())
    return prerelease.empty() ? std::strong_ordering::greater : std::strong_ordering::less;
  return prerelease <=> other.prerelease;
}

std::optional<PackageVersion> ParsePackageVersion(std::string_view text) {
  PackageVersion version;
  text = text.substr(0, text.find('+'));
  const size_t dash = text.find('-');
  if (dash != text.npos) version.prerelease = text.substr(dash + 1);
  const auto parts = Split(text.substr(0, dash), '.');
  if (parts.size() < 2 || parts.size() > 3) return std::nullopt;
  for (size_t i = 0; i < parts.size(); ++i) {
    const auto [end, error] = std::from_chars(parts[i].data(), parts[i].data() + parts[i].size(), version.numbers[i]);
    if (error != std::errc() || end != parts[i].data() + parts[i].size()) return std::nullopt;
  }
  return version;
}

std::optional<bool> Satisfies(const PackageVersion& version, const std::vector<std::string>& ranges) {
  bool all = true;
  for (const std::string& text : ranges) {
    for (std::string_view range : Split(text, ',')) {
      const std::optional<bool> one = SatisfiesOne(version, range);
      if (!one) return std::nullopt;
      all = all && *one;
    }
  }
  return all;
}

Result<HubVersion> FindHubVersion(const PackageSpec& spec, Http& http, const project::Environment& environment) {
  STIR_TRY(CheckRanges(spec));
  STIR_ASSIGN(const Json answer, AskHub(spec, http, environment));
  const bool asked_for =
      std::ranges::any_of(spec.versions, [](const std::string& range) { return range.find('-') != std::string::npos; });
  const std::vector<Candidate> candidates = Installable(answer["versions"], spec.prerelease || asked_for);
  const auto fits = std::ranges::find_if(candidates.rbegin(), candidates.rend(), [&](const Candidate& each) {
    return Satisfies(each.version, spec.versions).value_or(false);
  });
  if (fits == candidates.rend()) {
    std::vector<std::string> known;
    for (const Candidate& each : candidates) known.push_back(each.text);
    return Diagnostic(kPackagesDisagree,
                      fmt::format("Could not find a matching compatible version for package {}: requested range {}",
                                  spec.location, Join(spec.versions, ", ")),
                      spec.span)
        .Hint(known.empty() ? "no version of it fits dbt " + std::string(project::kDbtVersion)
                            : "there are: " + Join(known, ", "));
  }
  const auto downloads = fits->entry->find("downloads");
  const std::string tarball = downloads == fits->entry->end() ? "" : TextAt(*downloads, "tarball");
  if (tarball.empty())
    return Diagnostic(kPackageNotFetched, fmt::format("the hub does not say where {} {} is", spec.location, fits->text),
                      spec.span);
  const std::string name = TextAt(*fits->entry, "name");
  return HubVersion{.name = name.empty() ? spec.location : name,
                    .version = fits->text,
                    .tarball = tarball,
                    .latest = candidates.back().text};
}

}  // namespace stir::engine
