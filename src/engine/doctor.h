// What is wrong with an installation, and what everything that waits is waiting for.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/host.h"
#include "engine/options.h"

namespace stir::engine {

struct Finding {
  std::string what;   // "store", "pipeline core", "run 12: load"
  std::string state;  // "ok", "waits", "missing", ...
  std::string why;
  bool is_bad = false;  // something that a person has to mend
};

// Only looks. Fails when the project or its store cannot be read.
Result<std::vector<Finding>> Examine(const Host& host, const Options& options);

}  // namespace stir::engine
