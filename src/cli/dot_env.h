// The file .env: variables that the environment lacks, as dbt reads them.
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace stir::cli {

// Lines `NAME=value`, with or without `export` before, quotes around and a comment behind; `${NAME}` and
// `${NAME:-other}` stand for values known by then. Of `environment` nothing is changed. A line that is none of this is
// skipped, as a shell would be by a comment.
void AddDotEnv(std::string_view text, std::map<std::string, std::string>& environment);

}  // namespace stir::cli
