// Reading a target's columns and types.
#include "transfer/target.h"

#include <fmt/format.h>

#include "transfer/kinds.h"

namespace stir::transfer {

Result<Table> ReadTable(adapter::Connection& connection, const adapter::Relation& target) {
  STIR_ASSIGN(const auto columns, connection.ListColumns(target));
  Table table{.columns = {}, .exists = !columns.empty()};
  int own = 0;
  for (const adapter::Column& column : columns) {
    if (column.name == "_stir_run_id" || column.name == "_stir_loaded_at")
      ++own;
    else
      table.columns.push_back({column.name, column.dtype});
  }
  table.lacks_stir_columns = table.exists && own < 2;
  return table;
}

Result<std::vector<TypedColumn>> NormalizeTypes(adapter::Connection& connection, const platform::Ingestion& ingestion,
                                                const std::vector<TypedColumn>& declared) {
  std::vector<TypedColumn> out;
  Diagnostics errors;
  for (const TypedColumn& column : declared) {
    auto described = connection.Describe(fmt::format("SELECT CAST(NULL AS {})", column.type));
    if (described.ok()) {
      out.push_back({column.name, (*described)[0].type});
    } else {
      errors.push_back(Diagnostic(kBadIngestion,
                                  fmt::format("`{}` is no type of DuckDB: `data_type` of column `{}` of source {}.{}",
                                              column.type, column.name, ingestion.to.source, ingestion.to.table),
                                  ingestion.to.span)
                           .Hint("correct it in the source's YAML"));
    }
  }
  if (!errors.empty()) return errors;
  return out;
}

}  // namespace stir::transfer
