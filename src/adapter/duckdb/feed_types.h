// The engine's types of rows that go in and out column by column.
#pragma once

#include "adapter/duckdb/api.h"
#include "adapter/feed.h"

namespace stir::adapter::duckdb {

duckdb_type TypeIdOf(FeedKind kind);
TypeHandle MakeType(const Api& api, const FeedType& type);

}  // namespace stir::adapter::duckdb
