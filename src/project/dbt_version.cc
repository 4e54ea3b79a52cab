// Versions are compared by their three numbers; what is before a release counts as older than it.
#include "project/dbt_version.h"

#include <array>
#include <charconv>
#include <compare>
#include <optional>

#include "base/strings.h"
#include "project/kinds.h"

namespace stir::project {

namespace {

struct DbtVersion {
  std::array<int, 3> numbers{};
  bool released = true;  // false for 1.7.0-rc1 and the like
  auto operator<=>(const DbtVersion&) const = default;
};

bool TakeNumber(std::string_view& text, int& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  text.remove_prefix(static_cast<size_t>(end - text.data()));
  return error == std::errc();
}

std::optional<DbtVersion> ParseVersion(std::string_view text) {
  DbtVersion version;
  if (text.starts_with('v')) text.remove_prefix(1);
  for (size_t i = 0; i < version.numbers.size(); ++i) {
    if (i > 0 && !text.starts_with('.')) return std::nullopt;
    if (i > 0) text.remove_prefix(1);
    if (!TakeNumber(text, version.numbers[i])) return std::nullopt;
  }
  version.released = text.empty() || text.starts_with('+');
  return version;
}

// One comparison: ">=1.6.0"; without a sign the versions must be equal.
std::optional<bool> Holds(const DbtVersion& version, std::string_view comparison) {
  static constexpr std::string_view kSigns[] = {">=", "<=", "==", ">", "<", "="};
  comparison = Strip(comparison);
  std::string_view sign = "=";
  for (std::string_view each : kSigns) {
    if (!comparison.starts_with(each)) continue;
    sign = each;
    comparison.remove_prefix(each.size());
    break;
  }
  const std::optional<DbtVersion> other = ParseVersion(Strip(comparison));
  if (!other) return std::nullopt;
  if (sign == ">=") return version >= *other;
  if (sign == "<=") return version <= *other;
  if (sign == ">") return version > *other;
  if (sign == "<") return version < *other;
  return version == *other;
}

}  // namespace

Result<bool> IsDbtVersion(std::string_view version, std::span<const std::string> wanted) {
  const std::optional<DbtVersion> own = ParseVersion(version);
  bool all = true;
  for (const std::string& entry : wanted) {
    for (std::string_view comparison : Split(entry, ',')) {
      const std::optional<bool> holds = own ? Holds(*own, comparison) : std::nullopt;
      if (!holds) {
        return Diagnostic(kBadProjectFile, "`" + std::string(Strip(comparison)) + "` is no version of dbt")
            .Hint("write it as in `>=1.8.0`");
      }
      all = all && *holds;
    }
  }
  return all;
}

}  // namespace stir::project
