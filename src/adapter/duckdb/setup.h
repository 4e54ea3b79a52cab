// Makes a database that was just opened ready: extensions, secrets, attached databases, in dbt-duckdb's order.
#pragma once

#include <span>
#include <string>

#include "adapter/connection.h"
#include "adapter/duckdb/options.h"

namespace stir::adapter::duckdb {

// `library_folder`: where the engine's library is. Extension files in its folder `extensions` are loaded from there,
// without a network and without a copy in the user's home. An error says which word of the profile it is about, and
// shows none of `options.secrets`.
Status SetUp(Connection& connection, const Options& options, const std::string& library_folder);

// Hides `secrets` in the messages.
Diagnostics WithoutSecrets(Diagnostics errors, std::span<const std::string> secrets);

}  // namespace stir::adapter::duckdb
