// Ephemeral models become common table expressions of the query that uses them. Pure.
#pragma once

#include <span>
#include <string>

#include "runtime/runner.h"

namespace stir::runtime {

struct NamedCte {
  std::string name;  // "__dbt__cte__orders"
  CompiledNode query;
};

// `with  a as (\n<sql>\n), ...` before the query's first token, or first in its own `with [recursive]`. dbt's text,
// byte for byte: the query ends with its first statement. Without ctes the query is returned as it is.
CompiledNode InjectCtes(CompiledNode query, std::span<const NamedCte> ctes);

}  // namespace stir::runtime
