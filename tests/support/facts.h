// What was observed after the commands of a case, as facts: a section ("manifest model.case.a") has entries
// ("config.materialized" = "view", values in JSON). One form for what dbt did and for what stir does, written so that a
// reviewer can read a difference of two of them:
//
//   >>> dbt build                          a command; its sections are those that changed since the one before it
//   manifest model.case.a                  a section
//     config.materialized = "view"         an entry; one that is as its kind of section (recorded/defaults) is left out
//     config.tags -                        an entry that the kind has and this section has not
//   - relation case.main.a                 a section that is no more
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace stir::testing_support {

using Entries = std::map<std::string, std::string>;  // key -> JSON
using Facts = std::map<std::string, Entries>;        // section -> entries

struct Step {
  std::string command;
  Facts facts;  // all that holds after it
};

// "manifest model" of "manifest model.case.a": what sections of one shape have in common.
std::string_view KindOf(std::string_view section);

std::string WriteSteps(const std::vector<Step>& steps, const Facts& defaults);
// What cannot be read is a failure of the running test.
std::vector<Step> ReadSteps(const std::string& text, const Facts& defaults);

std::string WriteFacts(const Facts& facts);
Facts ReadFacts(const std::string& text);

// For each kind that at least three sections are of: the entries that more than half of them share.
Facts FindDefaults(const std::vector<std::vector<Step>>& recorded);

struct Difference {
  std::string section, key;
  std::string expected, actual;  // empty: absent
};
// Sections and entries in order; a section that only one side has is one difference with the key "".
std::vector<Difference> Compare(const Facts& expected, const Facts& actual);

}  // namespace stir::testing_support
