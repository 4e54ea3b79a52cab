// Rows of the engine into a table of PostgreSQL: one query, read while it runs, several COPYs side by side.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/cancel.h"
#include "base/result.h"
#include "platform/definitions.h"
#include "transfer/postgres_encoder.h"

namespace stir::transfer {

struct CopyRequest {
  const platform::Connection& to;
  Span span;
  std::string query;
  std::vector<PgWriting> columns;  // of the query; none: it has one, of text: a row of CSV without its line end
  std::string copy;                // COPY ... FROM STDIN, (FORMAT binary) where there are columns, else (FORMAT csv)
  int streams = 1;
};

// Rows that the server took. Memory is bounded; the first error of either side ends it, and the rows that went are
// whoever's asks to drop.
Result<int64_t> CopyRows(adapter::Connection& connection, const CopyRequest& request, const CancelToken& cancel);

}  // namespace stir::transfer
