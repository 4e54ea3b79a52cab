// What a command of a dbt project left behind, as facts: exit code, terminal, events, artifacts, compiled SQL,
// relations with their rows. Times, run ids, folders, and the contents of dbt's own macros are replaced by their names;
// nothing else is.
#pragma once

#include <filesystem>
#include <map>
#include <string>

#include "tests/support/facts.h"
#include "tests/support/workplace.h"

namespace stir::testing_support {

class Observer {
 public:
  explicit Observer(const Workplace& place);

  // Runs the line of shell and looks at everything. One after another, in the order of the case.
  Step Run(const std::string& line);

 private:
  using Stamps = std::map<std::string, std::filesystem::file_time_type>;
  Stamps Artifacts() const;

  const Workplace& place_;
};

}  // namespace stir::testing_support
