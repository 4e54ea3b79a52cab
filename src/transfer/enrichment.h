// `enrich` of a publication: a query of the server over the rows that arrived there, joined with the application's own
// tables. Its columns are the published table's.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "platform/definitions.h"
#include "transfer/postgres_server.h"
#include "transfer/postgres_table.h"

namespace stir::transfer {

struct EnrichedColumn {
  std::string name;
  std::string type;     // "numeric(12,2)"
  std::string typname;  // pg_type.typname
};

class Enrichment {
 public:
  // What has no place for the staged rows is refused. References outlive it.
  static Status Check(const platform::Publication& publication);
  Enrichment(const platform::Publication& publication, Server& server, const PgName& staged);

  // Of the query, without running it.
  Result<std::vector<EnrichedColumn>> Columns();
  // Fills `into`, inside of a transaction. As many rows as were staged have to come out of it: a join that loses or
  // multiplies rows is an error.
  Status Fill(const PgName& into, const std::vector<std::string>& columns, int64_t staged);

 private:
  Diagnostics Placed(Diagnostics errors) const;

  const platform::Publication& publication_;
  Server& server_;
  std::string query_;
};

// Can a column of the table take every value of an enriched one, as it is?
bool TakesAll(const PgTableColumn& column, const EnrichedColumn& enriched);

}  // namespace stir::transfer
