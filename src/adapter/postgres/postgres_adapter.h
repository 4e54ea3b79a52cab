// PostgreSQL over libpq, opened at run time, so that commands without it pay nothing for it.
#pragma once

#include <memory>

#include "adapter/connection.h"

namespace stir::adapter::postgres {

const Dialect& PostgresDialect();

// Reads the profile and asks the server once, so that a wrong host, password or database is known here. Every Connect()
// is a session of its own.
Result<std::unique_ptr<Adapter>> OpenPostgres(const Profile& profile);

}  // namespace stir::adapter::postgres
