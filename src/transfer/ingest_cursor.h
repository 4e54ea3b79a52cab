// The part of the rows that a load is about, by its cursor, and from where on the next one goes on. Windows of files
// are the engine's SQL, windows of tables the server's.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "base/result.h"
#include "transfer/columns.h"
#include "transfer/ingest.h"
#include "transfer/ledger.h"
#include "transfer/postgres_source.h"
#include "transfer/stage.h"

namespace stir::transfer {

struct TableWindow {
  PgWindow window;
  std::string safe_moment;  // PgSource::SafeMoment of the cursor
};

// Lives as long as the load's plan, of which it is a view.
class LoadCursor {
 public:
  // `replaces`: the load takes everything.
  LoadCursor(const IngestRequest& request, const History& history, const std::vector<PlannedColumn>& columns,
             bool replaces)
      : request_(request),
        ingestion_(request.ingestion),
        history_(history),
        columns_(columns),
        cuts_(!ingestion_.cursor->empty() && !replaces),
        replaces_(replaces) {}

  Result<std::optional<Window>> OfFiles() const;
  Result<TableWindow> OfTable(PgSource& source) const;
  // What the next load begins with; `seen`: SQL of the rows whose cursors were seen. Forward only; a backfill leaves
  // it.
  Result<std::string> Watermark(adapter::Connection& connection, const std::string& seen,
                                const std::string& safe_moment) const;

 private:
  const Type& type() const;
  Status CheckInterval() const;
  Status CheckOrder(const PgField& field) const;

  const IngestRequest& request_;
  const platform::Ingestion& ingestion_;
  const History& history_;
  const std::vector<PlannedColumn>& columns_;
  bool cuts_;
  bool replaces_;
};

}  // namespace stir::transfer
