// The table that an ingestion fills, as it is before the load, and as sources.yml wants it.
#pragma once

#include <vector>

#include "adapter/connection.h"
#include "base/result.h"
#include "platform/definitions.h"
#include "transfer/columns.h"

namespace stir::transfer {

// Stir's own columns apart.
struct Table {
  std::vector<TypedColumn> columns;
  bool exists = false;
  bool lacks_stir_columns = false;
};
Result<Table> ReadTable(adapter::Connection& connection, const adapter::Relation& target);

// Declared types in the engine's own spelling; one that it does not know is an error.
Result<std::vector<TypedColumn>> NormalizeTypes(adapter::Connection& connection, const platform::Ingestion& ingestion,
                                                const std::vector<TypedColumn>& declared);

}  // namespace stir::transfer
