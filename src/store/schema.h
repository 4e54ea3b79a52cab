// Bringing a store's schema up to date.
#pragma once

#include <span>
#include <string>

#include "store/sqlite.h"
#include "store/store.h"

namespace stir::store {

// Applies the migrations that are missing, each in a transaction of its own; safe when several processes try at once.
// Copies a store that has a schema already to `<path>.v<N>` first. Refuses a store of a newer schema.
Status Migrate(Connection& connection, const std::string& path, std::span<const Migration> migrations);

}  // namespace stir::store
