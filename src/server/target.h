// What a request's target asks for: the path in its segments and the query by name, both decoded.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace stir::server {

struct Target {
  std::vector<std::string> path;  // "/api/v1/runs/7": api, v1, runs, 7; of "/": none
  std::map<std::string, std::string, std::less<>> query;
};

// kBadRequest for what is no path, has an escape that is none or is not UTF-8, or names a parameter twice.
Result<Target> ParseTarget(std::string_view target);

// As a segment of a path.
std::string EncodeSegment(std::string_view text);

}  // namespace stir::server
