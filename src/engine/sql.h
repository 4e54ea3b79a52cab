// SQL typed by a person: statements run one after another on the target or on a connection, rows handed to the caller.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/connection.h"
#include "base/result.h"
#include "engine/host.h"
#include "engine/options.h"

namespace stir::engine {

struct SqlRequest {
  std::string text;        // one or more statements
  std::string name;        // what errors call it: "query", "report.sql"
  std::string connection;  // of stir/*.yml; empty: the target
};

// One statement's rows, to be pulled before the next statement runs; a statement without columns gave none.
using OnRows = std::function<Status(adapter::Rows& rows)>;

// Stops at the first error, which points into the text.
Status RunSql(const Host& host, const Options& options, const SqlRequest& request, const OnRows& on_rows);

// Where each statement stands in the text: split at semicolons outside of strings, quoted names, comments and $tags$.
// Statements without anything but white space and comments are left out.
struct StatementRange {
  size_t begin = 0, end = 0;  // without the semicolon and outer white space
};
std::vector<StatementRange> SplitStatements(std::string_view text);

}  // namespace stir::engine
