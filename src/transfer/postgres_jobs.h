// Statements that run side by side, each on a session of its own.
#pragma once

#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "platform/definitions.h"

namespace stir::transfer {

struct Job {
  std::string name;
  std::string sql;
};

// All of them, as many at a time as there are cores, four at most; the first error.
Status RunJobs(const platform::Connection& connection, Span span, const CancelToken& cancel,
               const std::vector<Job>& jobs);

}  // namespace stir::transfer
