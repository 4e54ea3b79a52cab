// Which differences between dbt and stir are known: those that stay, docs/differences.md, and those that are to go,
// tests/oracle/gaps. Both are lists of patterns, and both fail the test when a pattern no longer matches anything: a
// list that says too much is as wrong as one that says too little.
//
//   CASE : SECTION : KEY        globs; in differences.md in blocks fenced as ```difference, under the heading that says
//   why CASE # reason               in gaps: the whole case CASE : SECTION : KEY # reason
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tests/support/facts.h"

namespace stir::testing_support {

struct KnownDifference {
  std::string case_name, section, key;  // globs
  std::string reason;                   // the heading above it, or what stands after `#`
  bool seen = false;

  bool Covers(std::string_view name, const Difference& difference) const;
};

// What cannot be read is a failure of the running test.
std::vector<KnownDifference> ReadDifferencesPage(const std::string& markdown);
std::vector<KnownDifference> ReadGaps(const std::string& text);

// Takes out of `found` what one of `known` covers, and marks it as seen. Returns those that covered something.
std::vector<const KnownDifference*> TakeKnown(std::string_view case_name, std::vector<KnownDifference>& known,
                                              std::vector<Difference>& found);

}  // namespace stir::testing_support
