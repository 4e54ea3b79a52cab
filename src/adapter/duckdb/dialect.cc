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
    dialect.transactions_off = "disable_transactions";
    dialect.title = "DuckDB";
    dialect.has_database_errors = false;
    dialect.names_subqueries = false;
    dialect.sized_text = false;
    dialect.nested_columns = true;
    dialect.key_targets_with_database = false;
    return dialect;
  }();
  return kDialect;
}

}  // namespace stir::adapter::duckdb
