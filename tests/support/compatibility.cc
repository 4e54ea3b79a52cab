// The page of what works, group by group.
#include "tests/support/compatibility.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "base/strings.h"

namespace stir::testing_support {
namespace {

std::string GroupOf(const std::string& name) {
  std::string group = ReplaceAll(name.substr(0, name.find('/')), "_", " ");
  if (group == "postgres") return "PostgreSQL";
  group[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(group[0])));
  return group;
}

// The anchor that a heading has on a rendered page.
std::string Anchor(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-') {
      anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    } else if (c == ' ') {
      anchor += '-';
    }
  }
  return anchor;
}

std::string Link(const std::string& heading) {
  return fmt::format("[differs](differences.md#{}): {}", Anchor(heading), heading);
}

std::string State(const CaseOutcome& outcome) {
  std::vector<std::string> words;
  for (const std::string& gap : outcome.gaps) words.push_back("not yet: " + gap);
  for (const std::string& heading : outcome.differences) words.push_back(Link(heading));
  return words.empty() ? "works" : Join(words, "; ");
}

// "3 projects: 2 work as with dbt, 1 differs on purpose."
std::string Account(const std::vector<CaseOutcome>& cases) {
  const auto not_yet = std::ranges::count_if(cases, [](const CaseOutcome& each) { return !each.gaps.empty(); });
  const auto works = std::ranges::count_if(
      cases, [](const CaseOutcome& each) { return each.gaps.empty() && each.differences.empty(); });
  const auto differ = static_cast<ptrdiff_t>(cases.size()) - works - not_yet;
  return fmt::format(
      "{} projects: {} work as with dbt, {} differ on purpose in what their line says, {} are not yet right.\n",
      cases.size(), works, differ, not_yet);
}

constexpr const char* kHead =
    R"(# What of dbt works

This page is written by the tests: each line is a small project of `tests/oracle/cases` that was run by dbt-core 1.12.6 with
dbt-duckdb 1.11.1 or dbt-postgres 1.11.0, and has to give the same with stir: the manifest with every field, compiled SQL to the byte, tables with
their types and rows, results, catalog, freshness, exit codes, the terminal's lines, the names and data of events.
`make oracle` runs both; `make test` compares stir with what dbt did. "differs" is on purpose and says why.

)";

}  // namespace

std::string CompatibilityPage(const std::vector<CaseOutcome>& cases, const std::set<std::string>& everywhere,
                              const std::set<std::string>& in_any) {
  std::string page = kHead + Account(cases);
  if (!everywhere.empty()) page += "\nNot yet equal, in many of them:\n\n";
  for (const std::string& reason : everywhere) page += fmt::format("- {}\n", reason);
  page += "\nIn any of them:\n\n";
  for (const std::string& heading : in_any) page += fmt::format("- {}\n", Link(heading));
  std::string group;
  for (const CaseOutcome& outcome : cases) {
    if (std::string next = GroupOf(outcome.name); next != group) {
      group = std::move(next);
      page += fmt::format("\n## {}\n\n| | |\n|---|---|\n", group);
    }
    page += fmt::format("| {} | {} |\n", ReplaceAll(outcome.feature, "|", "\\|"), State(outcome));
  }
  return page;
}

}  // namespace stir::testing_support
