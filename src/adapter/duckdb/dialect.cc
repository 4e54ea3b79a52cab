// How SQL is written for DuckDB: what compiling a project needs to know, without opening the engine.
#include "adapter/duckdb/duckdb_adapter.h"

namespace stir::adapter::duckdb {

const Dialect& DuckDbDialect() {
  static const Dialect kDialect = [] {
    Dialect dialect;
    dialect.name = "duckdb";
    dialect.macro_prefixes = {"duckdb"};
    dialect.external_sources = true;
    dialect.dbt_release = "1.11.1";
    return dialect;
  }();
  return kDialect;
}

}  // namespace stir::adapter::duckdb
