// Changes as statements. Every function works inside of the caller's transaction.
#pragma once

#include "store/sqlite.h"
#include "store/store.h"

namespace stir::store {

// True when the changes must survive a loss of power.
bool MustBeDurable(const Changes& changes);
Status Apply(Connection& connection, const Changes& changes);
Status Insert(Connection& connection, const AuditEntry& entry);

}  // namespace stir::store
