// Asking an engine what stands in its database, for facts.
#pragma once

#include <string>
#include <vector>

#include "adapter/connection.h"
#include "tests/support/facts.h"

namespace stir::testing_support {

using Table = std::vector<std::vector<std::string>>;

// NULL is "NULL".
Result<Table> Ask(adapter::Connection& session, const std::string& sql, std::vector<std::string>* names = nullptr);

// `sql` gives the rows as text. Up to 40 become entries of their own, more of them also a hash of all.
void AddRows(adapter::Connection& session, const std::string& sql, Entries& entries);

}  // namespace stir::testing_support
