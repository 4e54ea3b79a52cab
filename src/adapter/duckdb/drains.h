// Chunks of a result, handed out as they are.
#pragma once

#include <memory>
#include <vector>

#include "adapter/drain.h"
#include "adapter/duckdb/session.h"
#include "adapter/duckdb/statement.h"

namespace stir::adapter::duckdb {

// `executed` is the statement `run` of the session.
Result<std::unique_ptr<Drain>> OpenDrainOf(std::shared_ptr<SessionState> state, uint64_t run, Executed executed,
                                           const std::vector<FeedType>& types);

}  // namespace stir::adapter::duckdb
