// The two lists of known differences.
#include "tests/support/differences.h"

#include <fnmatch.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

#include "base/strings.h"

namespace stir::testing_support {
namespace {

bool Matches(const std::string& glob, std::string_view text) {
  return fnmatch(glob.c_str(), std::string(text).c_str(), 0) == 0;
}

KnownDifference ReadPattern(std::string_view line, std::string reason) {
  KnownDifference known{"", "*", "*", std::move(reason)};
  const size_t first = line.find(" : ");
  known.case_name = Strip(line.substr(0, first));
  if (first == std::string_view::npos) return known;
  const size_t second = line.find(" : ", first + 3);
  if (second == std::string_view::npos) {
    ADD_FAILURE() << "not `CASE : SECTION : KEY`: " << line;
    return known;
  }
  known.section = Strip(line.substr(first + 3, second - first - 3));
  known.key = Strip(line.substr(second + 3));
  return known;
}

}  // namespace

bool KnownDifference::Covers(std::string_view name, const Difference& difference) const {
  return Matches(case_name, name) && Matches(section, difference.section) && Matches(key, difference.key);
}

std::vector<KnownDifference> ReadDifferencesPage(const std::string& markdown) {
  std::vector<KnownDifference> known;
  std::string heading;
  bool inside = false;
  std::istringstream lines(markdown);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("```")) {
      inside = line == "```difference";
    } else if (inside) {
      known.push_back(ReadPattern(line, heading));
    } else if (line.starts_with("## ")) {
      heading = line.substr(3);
    }
  }
  return known;
}

std::vector<KnownDifference> ReadGaps(const std::string& text) {
  std::vector<KnownDifference> known;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line.starts_with("#")) continue;
    const size_t reason = line.find(" # ");
    if (reason == std::string::npos) ADD_FAILURE() << "a gap says why, after ` # `: " << line;
    known.push_back(ReadPattern(std::string_view(line).substr(0, reason),
                                reason == std::string::npos ? "" : line.substr(reason + 3)));
  }
  return known;
}

std::vector<const KnownDifference*> TakeKnown(std::string_view case_name, std::vector<KnownDifference>& known,
                                              std::vector<Difference>& found) {
  std::vector<const KnownDifference*> used;
  std::erase_if(found, [&](const Difference& difference) {
    bool covered = false;
    for (KnownDifference& each : known) {
      if (!each.Covers(case_name, difference)) continue;
      covered = each.seen = true;
      if (std::ranges::find(used, &each) == used.end()) used.push_back(&each);
    }
    return covered;
  });
  return used;
}

}  // namespace stir::testing_support
