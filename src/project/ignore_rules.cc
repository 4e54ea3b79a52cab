// A pattern with a slash inside is bound to the folder; without one it fits at any depth.
#include "project/ignore_rules.h"

#include <span>

#include "base/strings.h"

namespace stir::project {

namespace {

bool Matches(std::span<const std::string_view> path, std::span<const std::string> pattern) {
  if (pattern.empty()) return path.empty();
  if (pattern[0] == "**") {
    for (size_t skip = 0; skip <= path.size(); ++skip) {
      if (Matches(path.subspan(skip), pattern.subspan(1))) return true;
    }
    return false;
  }
  return !path.empty() && MatchesGlob(path[0], pattern[0]) && Matches(path.subspan(1), pattern.subspan(1));
}

}  // namespace

IgnoreRules::IgnoreRules(std::string_view text) {
  for (std::string_view line : Split(text, '\n')) {
    line = Strip(line);
    if (line.empty() || line.starts_with('#')) continue;
    Rule rule;
    rule.negated = line.starts_with('!');
    if (rule.negated) line.remove_prefix(1);
    rule.only_folders = line.ends_with('/');
    if (rule.only_folders) line.remove_suffix(1);
    const bool bound = line.find('/') != std::string_view::npos;
    if (!bound) rule.segments.emplace_back("**");
    for (std::string_view segment : Split(line, '/')) {
      if (!segment.empty()) rule.segments.emplace_back(segment);
    }
    rules_.push_back(std::move(rule));
  }
}

bool IgnoreRules::Rule::Fits(const std::vector<std::string_view>& path, bool is_folder) const {
  return (is_folder || !only_folders) && Matches(path, segments);
}

bool IgnoreRules::Ignores(std::string_view path) const {
  if (rules_.empty()) return false;
  const std::vector<std::string_view> whole = Split(path, '/');
  bool ignored = false;
  for (const Rule& rule : rules_) {
    for (size_t depth = 1; depth <= whole.size(); ++depth) {
      const std::vector<std::string_view> part(whole.begin(), whole.begin() + static_cast<ptrdiff_t>(depth));
      if (rule.Fits(part, depth < whole.size())) {
        ignored = !rule.negated;
        break;
      }
    }
  }
  return ignored;
}

}  // namespace stir::project
