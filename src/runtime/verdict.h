// A test's answer becomes a status in dbt's words. Pure.
#pragma once

#include <string>

#include "base/result.h"
#include "project/config.h"
#include "runtime/session.h"

namespace stir::runtime {

struct Verdict {
  std::string status;    // "pass", "warn", "fail"
  std::string message;   // "Got 2 results, configured to fail if != 0"; empty when it passed
  int64_t failures = 0;  // 0 when it passed, whatever was counted
};

// `answer`: one row of (failures, should_warn, should_error).
Result<Verdict> Judge(const std::vector<std::string>& columns, const std::vector<std::vector<jinja::Value>>& rows,
                      const project::Config& config, bool warnings_are_errors);

}  // namespace stir::runtime
