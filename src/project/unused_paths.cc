#include "project/unused_paths.h"

#include <algorithm>
#include <array>
#include <unordered_set>

#include "base/strings.h"
#include "project/dbt_warnings.h"
#include "project/kinds.h"

namespace stir::project {

namespace {

void FindUnused(const ConfigTree::Level& level, const std::string& path,
                const std::unordered_set<const ConfigTree::Level*>& used,
                std::vector<std::pair<std::string, Span>>& unused) {
  for (const auto& [name, child] : level.children) {
    const std::string child_path = path + "." + name;
    if (!child->entries.empty() && !used.contains(child.get())) unused.emplace_back(child_path, child->span);
    FindUnused(*child, child_path, used, unused);
  }
}

}  // namespace

void WarnUnusedPaths(const Manifest& manifest, const PackageContext& root, Diagnostics& warnings) {
  using Section = std::pair<std::string_view, ResourceType>;
  constexpr std::array<Section, 11> kSections{{{"models", ResourceType::kModel},
                                               {"seeds", ResourceType::kSeed},
                                               {"snapshots", ResourceType::kSnapshot},
                                               {"sources", ResourceType::kSource},
                                               {"data_tests", ResourceType::kTest},
                                               {"unit_tests", ResourceType::kUnitTest},
                                               {"exposures", ResourceType::kExposure},
                                               {"functions", ResourceType::kFunction},
                                               {"metrics", ResourceType::kMetric},
                                               {"semantic-models", ResourceType::kSemanticModel},
                                               {"saved-queries", ResourceType::kSavedQuery}}};
  std::unordered_set<const ConfigTree::Level*> used;
  for (std::span<const Node> nodes : {manifest.nodes(), manifest.disabled()}) {
    for (const Node& node : nodes) {
      if (std::ranges::find(kSections, node.type, &Section::second) == kSections.end()) continue;
      for (const ConfigTree::Level* level : root.TreeOf(node.type).Find(node.fqn)) used.insert(level);
    }
  }
  std::vector<std::pair<std::string, Span>> unused;
  for (const auto& [section, type] : kSections)
    FindUnused(root.TreeOf(type).root(), std::string(section), used, unused);
  if (unused.empty()) return;
  std::vector<std::string> paths;
  for (const auto& [path, span] : unused) paths.push_back(path);
  Diagnostic warning(kUnusedConfigPath, "configuration path `" + Join(paths, "`, `") + "` applies to nothing",
                     unused.front().second);
  for (size_t i = 1; i < unused.size(); ++i) warning.labels.push_back({unused[i].second, "nor does this"});
  warnings.push_back(std::move(warning).As(Severity::kWarning).InDbt(UnusedConfigPaths(paths)));
}

}  // namespace stir::project
