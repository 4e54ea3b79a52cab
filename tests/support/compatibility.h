// docs/compatibility.md: which of dbt's features work, written from what the cases showed and from nothing else.
#pragma once

#include <set>
#include <string>
#include <vector>

namespace stir::testing_support {

struct CaseOutcome {
  std::string name;                   // "snapshots/check"
  std::string feature;                // the first line of the case
  std::set<std::string> differences;  // headings of docs/differences.md that it shows, and not any case may
  std::set<std::string> gaps;         // reasons in tests/oracle/gaps that are of this case alone
};

// `everywhere`: reasons of gaps that are of many cases. `in_any`: headings of differences that any case may show.
std::string CompatibilityPage(const std::vector<CaseOutcome>& cases, const std::set<std::string>& everywhere,
                              const std::set<std::string>& in_any);

}  // namespace stir::testing_support
