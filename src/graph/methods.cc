#include "graph/methods.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <unordered_set>

#include "base/strings.h"
#include "graph/kinds.h"

namespace stir::graph {
namespace {

template <typename Matches>
Status AddIf(const Selectable& project, NodeSet& matched, Matches matches) {
  for (NodeId node = 0; node < project.graph().size(); ++node) {
    if (matches(project.View(node))) matched.Add(node);
  }
  return {};
}

Diagnostic WrongValue(const Criterion& criterion, std::string message, std::string hint) {
  return Diagnostic(kSelectionValue, std::move(message), criterion.value_span).Hint(std::move(hint));
}

bool HasWildcard(std::string_view text) { return text.find_first_of("*?[]") != std::string_view::npos; }

// The parts of a qualified name; a dot inside of a name separates like any other.
std::string Joined(std::span<const std::string_view> fqn) {
  std::string text;
  for (const std::string_view part : fqn) {
    if (!text.empty()) text += '.';
    text += part;
  }
  return text;
}

// A versioned model answers to its name, and to its name with the version after `.` or `_`.
bool IsLeaf(std::span<const std::string_view> fqn, std::string_view value, bool versioned) {
  if (!versioned || fqn.size() < 2) return fqn.back() == value;
  const std::string_view name = fqn[fqn.size() - 2], version = fqn.back();
  if (name == value) return true;
  const std::vector<std::string_view> words = Split(value, '.');
  const std::string last_two =
      words.size() < 2 ? std::string(value) : fmt::format("{}_{}", words[words.size() - 2], words.back());
  return last_two == fmt::format("{}_{}", name, version);
}

// Part by part from the front; from the first wildcard on, the rest is one pattern for all that remains.
bool MatchesFqn(std::span<const std::string_view> fqn, std::string_view value, bool versioned) {
  if (fqn.empty()) return false;
  if (IsLeaf(fqn, value, versioned)) return true;
  const std::string text = Joined(fqn);
  std::string_view rest = text, wanted = value;
  if (std::ranges::count(text, '.') < std::ranges::count(value, '.')) return false;
  for (;;) {
    const std::string_view part = wanted.substr(0, wanted.find('.'));
    if (HasWildcard(part)) break;
    if (rest.substr(0, rest.find('.')) != part) return false;
    if (part.size() == wanted.size()) return true;
    wanted.remove_prefix(part.size() + 1);
    rest.remove_prefix(std::min(rest.size(), part.size() + 1));
  }
  if (MatchesGlob(rest, wanted)) return true;
  const std::string_view leaf = versioned && fqn.size() >= 2 ? fqn[fqn.size() - 2] : fqn.back();
  return value.find('.') == std::string_view::npos && MatchesGlob(leaf, value);
}

Status MatchFqn(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  return AddIf(project, matched, [&](const NodeView& node) {
    if (node.resource_type == "source" || node.fqn.empty()) return false;
    return MatchesFqn(node.fqn, criterion.value, node.versioned) ||
           MatchesFqn(node.fqn.subspan(1), criterion.value, node.versioned);
  });
}

Status MatchTag(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  return AddIf(project, matched, [&](const NodeView& node) {
    return std::ranges::any_of(node.tags, [&](std::string_view tag) { return MatchesGlob(tag, criterion.value); });
  });
}

std::vector<std::string_view> Segments(std::string_view path) {
  std::vector<std::string_view> segments = Split(path, '/');
  std::erase_if(segments, [](std::string_view segment) { return segment.empty() || segment == "."; });
  return segments;
}

// A glob in which `*` stays within a folder and `**` spans any number of them.
bool MatchesPath(std::span<const std::string_view> path, std::span<const std::string_view> pattern) {
  if (pattern.empty()) return path.empty();
  if (pattern[0] == "**") {
    for (size_t skip = 0; skip <= path.size(); ++skip) {
      if (MatchesPath(path.subspan(skip), pattern.subspan(1))) return true;
    }
    return false;
  }
  return !path.empty() && MatchesGlob(path[0], pattern[0]) && MatchesPath(path.subspan(1), pattern.subspan(1));
}

std::string_view WithoutScheme(std::string_view path) {
  const size_t scheme = path.find("://");
  return scheme == std::string_view::npos ? path : path.substr(scheme + 3);
}

// A path and the folders above it, nearest first; "" is the project's own folder.
template <typename Visit>
void VisitUpwards(std::string_view path, Visit visit) {
  while (!path.empty()) {
    visit(path);
    const size_t slash = path.rfind('/');
    path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
  }
  visit(path);
}

// The paths of the root project that fit the pattern. A package's node is selected when its path, seen from its
// package, is one of them: dbt looks on the disk below the root project only.
std::unordered_set<std::string_view> MatchingPaths(const Selectable& project, std::string_view value) {
  const std::vector<std::string_view> pattern = Segments(value);
  std::unordered_set<std::string_view> seen, matching;
  const auto look_at = [&](std::string_view path) {
    if (seen.insert(path).second && MatchesPath(Segments(path), pattern)) matching.insert(path);
  };
  for (NodeId node = 0; node < project.graph().size(); ++node) {
    const NodeView view = project.View(node);
    if (view.package != project.root_package()) continue;
    VisitUpwards(view.path, look_at);
    if (!view.patch_path.empty()) look_at(WithoutScheme(view.patch_path));
  }
  return matching;
}

// The node's file, the properties file that describes it, or a folder above its file.
Status MatchPath(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  const std::unordered_set<std::string_view> paths = MatchingPaths(project, criterion.value);
  return AddIf(project, matched, [&](const NodeView& node) {
    bool found = !node.patch_path.empty() && paths.contains(WithoutScheme(node.patch_path));
    VisitUpwards(node.path, [&](std::string_view path) { found = found || paths.contains(path); });
    return found;
  });
}

Status MatchFile(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  return AddIf(project, matched, [&](const NodeView& node) {
    const std::string_view name = node.path.substr(node.path.rfind('/') + 1);
    const size_t dot = name.rfind('.');
    const std::string_view stem = dot == 0 ? name : name.substr(0, dot);
    return MatchesGlob(name, criterion.value) || MatchesGlob(stem, criterion.value);
  });
}

Status MatchPackage(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  const std::string_view wanted =
      criterion.value == "this" ? project.root_package() : std::string_view(criterion.value);
  return AddIf(project, matched, [&](const NodeView& node) { return MatchesGlob(node.package, wanted); });
}

// `name` or `package.name` of a resource of one type.
Status MatchNamed(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  std::vector<std::string_view> parts = Split(criterion.value, '.');
  if (parts.size() > 2) {
    const std::string what = ReplaceAll(criterion.method, "_", " ");
    return WrongValue(
        criterion, fmt::format("`{}` has too many parts for {} {}", criterion.value, what[0] == 'e' ? "an" : "a", what),
        fmt::format("write `{0}:name` or `{0}:package.name`", criterion.method));
  }
  if (parts.size() < 2) parts.insert(parts.begin(), "*");
  return AddIf(project, matched, [&](const NodeView& node) {
    return node.resource_type == criterion.method && MatchesGlob(node.package, parts[0]) &&
           MatchesGlob(node.name, parts[1]);
  });
}

// Numbers by value, other words by letter.
bool IsLess(std::string_view a, std::string_view b) {
  const std::string left(a), right(b);
  char *left_end = nullptr, *right_end = nullptr;
  const double x = std::strtod(left.c_str(), &left_end), y = std::strtod(right.c_str(), &right_end);
  return *left_end == '\0' && *right_end == '\0' ? x < y : left < right;
}

Status MatchVersion(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  static constexpr std::array<std::string_view, 4> kWords{"latest", "prerelease", "old", "none"};
  const std::string& word = criterion.value;
  if (std::ranges::find(kWords, word) == kWords.end()) {
    return WrongValue(criterion, fmt::format("`{}` says nothing about a model's version", word),
                      "the words are latest, prerelease, old and none");
  }
  return AddIf(project, matched, [&](const NodeView& node) {
    if (node.resource_type != "model") return false;
    if (word == "none") return node.version.empty();
    if (node.version.empty() || node.latest_version.empty()) return false;
    if (word == "latest") return node.version == node.latest_version;
    return word == "old" ? IsLess(node.version, node.latest_version) : IsLess(node.latest_version, node.version);
  });
}

Status WithoutState(const Criterion& criterion) {
  return Diagnostic(kSelectionNoState,
                    fmt::format("`{}:` compares with an earlier run, and none is given", criterion.method),
                    criterion.method_span)
      .Hint("name the folder of its artifacts with --state");
}

Status MatchState(const Criterion& criterion, const SelectionContext& context, NodeSet& matched,
                  Diagnostics& warnings) {
  static const std::vector<std::string> kWords = {"new",
                                                  "old",
                                                  "modified",
                                                  "unmodified",
                                                  "modified.body",
                                                  "modified.configs",
                                                  "modified.persisted_descriptions",
                                                  "modified.relation",
                                                  "modified.macros",
                                                  "modified.contract"};
  if (std::ranges::find(kWords, criterion.value) == kWords.end()) {
    std::string hint = DidYouMean(criterion.value, kWords);
    if (hint.empty()) hint = "the words are " + Join(kWords, ", ");
    return WrongValue(criterion, fmt::format("`{}` is nothing that a state can be", criterion.value), std::move(hint));
  }
  return context.state ? context.state->AddChanged(criterion.value, matched, warnings) : WithoutState(criterion);
}

Status MatchResult(const Criterion& criterion, const SelectionContext& context, NodeSet& matched, Diagnostics&) {
  return context.state ? context.state->AddWithResult(criterion.value, matched) : WithoutState(criterion);
}

Status MatchSourceStatus(const Criterion& criterion, const SelectionContext& context, NodeSet& matched, Diagnostics&) {
  if (!context.state) return WithoutState(criterion);
  return criterion.value == "fresher" ? context.state->AddFresherSources(matched) : Status();
}

Status MatchResourceType(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  static const std::vector<std::string> kTypes = {"analysis", "exposure",  "function",    "macro",    "metric",
                                                  "model",    "operation", "saved_query", "seed",     "semantic_model",
                                                  "snapshot", "source",    "test",        "unit_test"};
  if (std::ranges::find(kTypes, criterion.value) == kTypes.end()) {
    std::string hint = DidYouMean(criterion.value, kTypes);
    if (hint.empty()) hint = "the types are " + Join(kTypes, ", ");
    return WrongValue(criterion, fmt::format("`{}` is not a resource type", criterion.value), std::move(hint));
  }
  return AddIf(project, matched, [&](const NodeView& node) { return node.resource_type == criterion.value; });
}

Status MatchTestName(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  return AddIf(project, matched, [&](const NodeView& node) {
    if (node.test_type == TestType::kUnit) return MatchesGlob(node.name, criterion.value);
    return node.test_type == TestType::kGeneric && MatchesGlob(node.test_name, criterion.value);
  });
}

Status MatchTestType(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  const std::string& word = criterion.value;
  const bool generic = word == "generic" || word == "schema" || word == "data";
  const bool singular = word == "singular" || word == "data";
  const bool unit = word == "unit";
  if (!generic && !singular && !unit) {
    return WrongValue(criterion, fmt::format("`{}` is not a type of test", word),
                      "the types are generic, singular, unit, and data for the first two");
  }
  return AddIf(project, matched, [&](const NodeView& node) {
    return (generic && node.test_type == TestType::kGeneric) || (singular && node.test_type == TestType::kSingular) ||
           (unit && node.test_type == TestType::kUnit);
  });
}

// `source`, `source.table` or `package.source.table`.
Status MatchSource(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  std::vector<std::string_view> parts = Split(criterion.value, '.');
  if (parts.size() > 3) {
    return WrongValue(criterion, fmt::format("`{}` has too many parts for a source", criterion.value),
                      "write `source:name`, `source:name.table` or `source:package.name.table`");
  }
  if (parts.size() < 3) parts.insert(parts.begin(), "*");
  if (parts.size() < 3) parts.emplace_back("*");
  return AddIf(project, matched, [&](const NodeView& node) {
    return node.resource_type == "source" && MatchesGlob(node.package, parts[0]) &&
           MatchesGlob(node.source_name, parts[1]) && MatchesGlob(node.name, parts[2]);
  });
}

Status MatchGroup(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  return AddIf(project, matched,
               [&](const NodeView& node) { return !node.group.empty() && MatchesGlob(node.group, criterion.value); });
}

Status MatchAccess(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  return AddIf(project, matched,
               [&](const NodeView& node) { return node.resource_type == "model" && node.access == criterion.value; });
}

// dbt looks at the configuration of nodes and sources only.
constexpr std::array<std::string_view, 6> kNoConfig{"exposure",       "function",    "metric",
                                                    "semantic_model", "saved_query", "unit_test"};

// Texts are compared exactly, but truth and a test's severity without regard to case.
Status MatchConfig(const Criterion& criterion, const Selectable& project, NodeSet& matched) {
  if (criterion.arguments.empty()) {
    Diagnostic wrong(kSelectionValue, "`config` needs the name of a configuration", criterion.method_span);
    return std::move(wrong).Hint("write `config.materialized:incremental`, `config.meta.owner:finance`");
  }
  const std::string lower = ToLower(criterion.value);
  const bool any_case = criterion.arguments.size() == 1 && criterion.arguments[0] == "severity";
  const auto equals = [&](const ConfigValue& value) {
    if (const bool* truth = std::get_if<bool>(&value)) return lower == (*truth ? "true" : "false");
    const std::string_view text = std::get<std::string_view>(value);
    return any_case ? ToLower(text) == lower : text == criterion.value;
  };
  for (NodeId node = 0; node < project.graph().size(); ++node) {
    if (std::ranges::find(kNoConfig, project.View(node).resource_type) != kNoConfig.end()) continue;
    project.VisitConfig(node, criterion.arguments, [&](const ConfigValue& value) {
      if (equals(value)) matched.Add(node);
    });
  }
  return {};
}

constexpr std::array kMethods = {
    Method{"access", MatchAccess},
    Method{"config", MatchConfig},
    Method{"exposure", MatchNamed},
    Method{"file", MatchFile},
    Method{"fqn", MatchFqn},
    Method{"group", MatchGroup},
    Method{"metric", MatchNamed},
    Method{"package", MatchPackage},
    Method{"path", MatchPath},
    Method{"resource_type", MatchResourceType},
    Method{"result", nullptr, MatchResult},
    Method{"saved_query", MatchNamed},
    Method{"selector"},
    Method{"semantic_model", MatchNamed},
    Method{"source", MatchSource},
    Method{"source_status", nullptr, MatchSourceStatus},
    Method{"state", nullptr, MatchState},
    Method{"tag", MatchTag},
    Method{"test_name", MatchTestName},
    Method{"test_type", MatchTestType},
    Method{"unit_test", MatchNamed},
    Method{"version", MatchVersion},
};

}  // namespace

std::span<const Method> Methods() { return kMethods; }

const Method* FindMethod(std::string_view name) {
  const auto found = std::ranges::find(kMethods, name, &Method::name);
  return found == kMethods.end() ? nullptr : &*found;
}

}  // namespace stir::graph
