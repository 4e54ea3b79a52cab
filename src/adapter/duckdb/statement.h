// Runs SQL on a connection of the C API, one statement after the other, and sees every cancellation.
#pragma once

#include <atomic>
#include <optional>
#include <string_view>

#include "adapter/duckdb/api.h"

namespace stir::adapter::duckdb {

// The last statement's result.
struct Executed {
  ResultHandle result;
  duckdb_statement_type type = DUCKDB_STATEMENT_TYPE_INVALID;
};

enum class Fetch : uint8_t {
  kAll,     // the engine holds the whole result
  kStream,  // a SELECT in the last place is computed as it is read, in bounded memory
};

struct RunState {
  const std::atomic<bool>&
      canceled;                  // set before duckdb_interrupt is called, so that none is missed between two statements
  bool saw_transaction = false;  // out: a BEGIN, COMMIT or ROLLBACK was executed, also when a later statement failed
};

// Text without a statement (comments) gives an empty optional.
Result<std::optional<Executed>> Run(const Api& api, duckdb_connection connection, std::string_view sql, Fetch fetch,
                                    RunState& state);

// Prepares the one statement of `sql`; more than one is an error.
Result<PreparedHandle> Prepare(const Api& api, duckdb_connection connection, std::string_view sql);

}  // namespace stir::adapter::duckdb
