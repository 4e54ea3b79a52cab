// The transaction of a load.
#include "transfer/load.h"

#include <fmt/format.h>

#include "adapter/cell.h"
#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

constexpr const char* kHits = "temp.main._stir_hits";

class Writer {
 public:
  Writer(adapter::Connection& connection, const LoadSpec& spec, Checkpoint& checkpoint)
      : connection_(connection), spec_(spec), checkpoint_(checkpoint), target_(TableName(spec.target)) {
    for (const PlannedColumn& column : spec.columns) {
      if (column.in_table) names_.push_back(column.name);
    }
    for (const auto& key : spec.ingestion.key) keys_.push_back(*key);
  }

  Status Write() {
    if (spec_.replaces) return Replace();
    STIR_TRY(spec_.table_exists ? Alter() : Create());
    STIR_TRY(RemoveEarlier());
    if (keys_.empty() || !spec_.table_exists) return Insert("");
    return Upsert();
  }

 private:
  std::string StampList() const {
    const std::string run = spec_.run_id_sql.empty() ? Lit(checkpoint_.run_id) : spec_.run_id_sql;
    return fmt::format("{} AS _stir_run_id, {} AS _stir_loaded_at", run, TimestampLit(checkpoint_.loaded_at));
  }

  Result<int64_t> Run(const std::string& sql) {
    STIR_ASSIGN(const adapter::Outcome outcome, connection_.Execute(sql));
    return outcome.rows_affected;
  }

  Status Replace() {
    STIR_ASSIGN(checkpoint_.inserted,
                Run(fmt::format("CREATE OR REPLACE TABLE {} AS SELECT {}, {} FROM {} WHERE _stir_state = 0", target_,
                                Idents(names_), StampList(), spec_.rows)));
    return {};
  }

  Status Create() {
    std::string columns;
    for (const PlannedColumn& column : spec_.columns) {
      if (column.in_table) columns += fmt::format("{} {}, ", Ident(column.name), column.type.name);
    }
    STIR_TRY(Run(fmt::format("CREATE TABLE {} ({}_stir_run_id VARCHAR, _stir_loaded_at TIMESTAMP)", target_, columns)));
    return {};
  }

  Status Alter() {
    for (const PlannedColumn& column : spec_.columns) {
      if (column.added) {
        STIR_TRY(Run(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", target_, Ident(column.name), column.type.name)));
      } else if (!column.widened_from.empty()) {
        STIR_TRY(CheckWidening(column));
        STIR_TRY(
            Run(fmt::format("ALTER TABLE {} ALTER COLUMN {} TYPE {}", target_, Ident(column.name), column.type.name)));
      }
    }
    if (!spec_.lacks_stir_columns) return {};
    STIR_TRY(Run(fmt::format("ALTER TABLE {} ADD COLUMN IF NOT EXISTS _stir_run_id VARCHAR", target_)));
    STIR_TRY(Run(fmt::format("ALTER TABLE {} ADD COLUMN IF NOT EXISTS _stir_loaded_at TIMESTAMP", target_)));
    return {};
  }

  // Whole numbers become floating ones only where every stored value survives it.
  Status CheckWidening(const PlannedColumn& column) {
    if (Fits(ParseType(column.widened_from), column.type)) return {};
    const std::string name = Ident(column.name);
    STIR_ASSIGN(
        const int64_t lossy,
        QueryCount(connection_,
                   fmt::format("SELECT count(*) FROM {0} WHERE TRY_CAST(CAST({1} AS {2}) AS {3}) IS DISTINCT FROM {1}",
                               target_, name, column.type.name, column.widened_from)));
    if (lossy == 0) return {};
    return Diagnostic(kColumnRetyped,
                      fmt::format("column `{}` cannot be widened from {} to {}: {} stored value(s) would change",
                                  column.name, column.widened_from, column.type.name, lossy),
                      spec_.ingestion.to.span)
        .Hint("declare the column's `data_type` in sources.yml");
  }

  // With a key, what the earlier load brought and this one still has stays to be updated.
  Status RemoveEarlier() {
    if (spec_.earlier_runs.empty() || !spec_.table_exists || spec_.lacks_stir_columns) return {};
    std::vector<std::string> runs;
    for (const std::string& run : spec_.earlier_runs) runs.push_back(Lit(run));
    std::string sql = fmt::format("DELETE FROM {} t WHERE t._stir_run_id IN ({})", target_, JoinText(runs, ", "));
    if (!keys_.empty())
      sql += fmt::format(" AND NOT EXISTS (SELECT 1 FROM {} s WHERE s._stir_state = 0 AND {})", kStage, KeysEqual());
    STIR_ASSIGN(checkpoint_.removed, Run(sql));
    return {};
  }

  std::string KeysEqual() const {
    std::vector<std::string> parts;
    for (const std::string& key : keys_) parts.push_back(fmt::format("t.{0} = s.{0}", Ident(key)));
    return JoinText(parts, " AND ");
  }

  Status Insert(const std::string& condition) {
    STIR_ASSIGN(
        checkpoint_.inserted,
        Run(fmt::format(
            "INSERT INTO {} ({}, _stir_run_id, _stir_loaded_at) SELECT {}, {} FROM {} s WHERE s._stir_state = 0{}",
            target_, Idents(names_), Idents(names_, "s."), StampList(), spec_.rows, condition)));
    return {};
  }

  // The keys that are there already decide: an older row gives way, a newer one stays.
  Status Upsert() {
    const std::string& cursor = *spec_.ingestion.cursor;
    const std::string newer = cursor.empty() ? "true" : fmt::format("coalesce(s.{0} >= t.{0}, true)", Ident(cursor));
    STIR_TRY(Run(fmt::format(
        "CREATE OR REPLACE TEMP TABLE _stir_hits AS SELECT t.rowid AS target_row, s.rowid AS stage_row, {} AS newer "
        "FROM {} s JOIN {} t ON {} WHERE s._stir_state = 0",
        newer, kStage, target_, KeysEqual())));
    STIR_ASSIGN(const auto hits,
                QueryAll(connection_, fmt::format("SELECT count(DISTINCT stage_row) FILTER (newer), "
                                                  "count(DISTINCT stage_row) FILTER (NOT newer) FROM {}",
                                                  kHits)));
    checkpoint_.updated = std::get<int64_t>(hits[0][0]);
    checkpoint_.stale = std::get<int64_t>(hits[0][1]);
    if (checkpoint_.updated > 0) {
      STIR_TRY(
          Run(fmt::format("DELETE FROM {} WHERE rowid IN (SELECT target_row FROM {} WHERE newer)", target_, kHits)));
    }
    STIR_TRY(Insert(checkpoint_.stale == 0
                        ? ""
                        : fmt::format(" AND s.rowid NOT IN (SELECT stage_row FROM {} WHERE NOT newer)", kHits)));
    checkpoint_.inserted -= checkpoint_.updated;
    return {};
  }

  adapter::Connection& connection_;
  const LoadSpec& spec_;
  Checkpoint& checkpoint_;
  std::string target_;
  std::vector<std::string> names_;
  std::vector<std::string> keys_;
};

}  // namespace

Status WriteLoad(adapter::Connection& connection, const LoadSpec& spec, Checkpoint& checkpoint) {
  return Writer(connection, spec, checkpoint).Write();
}

Status InTransaction(adapter::Connection& connection, const Failpoints& failpoints,
                     const std::function<Status()>& body) {
  STIR_TRY(connection.Begin());
  Status written = body();
  if (written.ok()) {
    failpoints.Reach("load.commit");
    written = connection.Commit();
  }
  // A failure to roll back adds nothing to the failure that made it necessary.
  if (!written.ok() && connection.InTransaction()) static_cast<void>(connection.Rollback());
  return written;
}

}  // namespace stir::transfer
