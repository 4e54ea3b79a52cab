// What is there, what the ledger says of it, and what is left over.
#include "transfer/postgres_place.h"

#include <fmt/format.h>
#include <algorithm>
#include <thread>

#include "adapter/kinds.h"
#include "base/kinds.h"
#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

class AdvisoryHold final : public Hold {
 public:
  // The place may take another session while it holds: the lock went with the first.
  AdvisoryHold(const std::unique_ptr<Server>& server, std::string key) : server_(server), key_(std::move(key)) {}
  ~AdvisoryHold() override { static_cast<void>(server_->Execute(fmt::format("SELECT pg_advisory_unlock({})", key_))); }
  AdvisoryHold(const AdvisoryHold&) = delete;
  AdvisoryHold& operator=(const AdvisoryHold&) = delete;

 private:
  const std::unique_ptr<Server>& server_;
  std::string key_;
};

}  // namespace

PostgresPlace::PostgresPlace(const PublishRequest& request, const BuildContext& context, std::unique_ptr<Server> server,
                             PgName live)
    : request_(request),
      publication_(request.publication),
      context_(context),
      server_(std::move(server)),
      live_(std::move(live)) {}

std::string PostgresPlace::location() const {
  return fmt::format("{}.{} of {}", live_.schema, live_.table, request_.to.name);
}

std::string PostgresPlace::Suffix(int64_t generation) { return fmt::format("__stir_g{}", generation); }

bool PostgresPlace::IsHeld(const Diagnostics& errors) { return errors.front().kind == kTableHeld; }

PgName PostgresPlace::Of(int64_t generation) const { return {live_.schema, FitName(live_.table, Suffix(generation))}; }

std::string PostgresPlace::Ledger() const { return PgName{live_.schema, "_stir_publications"}.Sql(); }

Result<std::unique_ptr<Hold>> PostgresPlace::Lock() {
  const std::string key = fmt::format("hashtextextended({}, 20261)", Lit("stir publication " + live_.Sql()));
  STIR_ASSIGN(const std::string got, server_->Ask(fmt::format("SELECT pg_try_advisory_lock({})", key)));
  if (got == "t") return std::unique_ptr<Hold>(std::make_unique<AdvisoryHold>(server_, key));
  return Diagnostic(kLocked, fmt::format("another publication to {} is running", location()), publication_.span)
      .Hint("wait until it has ended");
}

Result<int64_t> PostgresPlace::OidOf(const PgName& name) {
  return server_->Count(
      fmt::format("SELECT c.oid FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = "
                  "c.relnamespace WHERE n.nspname = {} AND c.relname = {}",
                  Lit(name.schema), Lit(name.table)));
}

Result<PostgresPlace::State> PostgresPlace::ReadState() {
  State state;
  STIR_ASSIGN(state.live_oid, OidOf(live_));
  STIR_ASSIGN(const int64_t ledger, OidOf({live_.schema, "_stir_publications"}));
  state.adopted = state.live_oid == 0;
  if (ledger != 0) {
    STIR_ASSIGN(const auto rows,
                server_->Query(fmt::format(
                    "SELECT l.generation, l.table_oid, c.relname FROM {} l LEFT JOIN pg_catalog.pg_class c ON c.oid = "
                    "l.table_oid AND c.relnamespace = (SELECT oid FROM pg_catalog.pg_namespace WHERE nspname = {}) "
                    "WHERE l.table_name = {} ORDER BY 1",
                    Ledger(), Lit(live_.schema), Lit(live_.table))));
    for (const PgTexts& row : rows) {
      Entry entry{WholeOf(row[0]), WholeOf(row[1]), TextOf(row[2])};
      state.newest = std::max(state.newest, entry.generation);
      const bool is_live = entry.oid == state.live_oid && state.live_oid != 0;
      if (is_live) {
        state.live = entry.generation;
        state.adopted = true;
      }
      // Somebody else's table may have got the oid of one that is gone.
      if (is_live || entry.name == Of(entry.generation).table) state.entries.push_back(std::move(entry));
    }
  }
  if (!state.adopted) state.live = ++state.newest;
  return state;
}

Result<std::vector<int64_t>> PostgresPlace::Generations() {
  STIR_ASSIGN(const State state, ReadState());
  std::vector<int64_t> all;
  for (const Entry& entry : state.entries) all.push_back(entry.generation);
  if (!state.adopted) all.push_back(state.live);
  std::ranges::sort(all);
  return all;
}

Result<int64_t> PostgresPlace::Live() {
  STIR_ASSIGN(const State state, ReadState());
  return state.live;
}

Result<int64_t> PostgresPlace::Next() {
  STIR_ASSIGN(const State state, ReadState());
  for (int64_t next = state.newest + 1;; ++next) {
    STIR_ASSIGN(const int64_t taken, OidOf(Of(next)));
    if (taken == 0) return next;
  }
}

Status PostgresPlace::CheckRights() {
  STIR_ASSIGN(const auto rows,
              server_->Query(fmt::format(
                  "SELECT has_schema_privilege(n.oid, 'CREATE'), coalesce(has_table_privilege(l.oid, 'SELECT') AND "
                  "has_table_privilege(l.oid, 'INSERT') AND has_table_privilege(l.oid, 'UPDATE'), true) FROM "
                  "pg_catalog.pg_namespace n LEFT JOIN pg_catalog.pg_class l ON l.relnamespace = n.oid AND l.relname = "
                  "'_stir_publications' WHERE n.nspname = {}",
                  Lit(live_.schema))));
  const auto missing = [&](std::string message, std::string grant) {
    return Diagnostic(kRightMissing, std::move(message), publication_.to.table.span)
        .Hint(fmt::format("an owner or a superuser can say: {}", grant));
  };
  const std::string& user = server_->user();
  if (rows.empty()) {
    STIR_ASSIGN(const std::string may, server_->Ask("SELECT has_database_privilege(current_database(), 'CREATE')"));
    STIR_ASSIGN(const std::string database, server_->Ask("SELECT quote_ident(current_database())"));
    if (may == "t") {
      STIR_TRY(server_->Execute(fmt::format("CREATE SCHEMA IF NOT EXISTS {}", Ident(live_.schema))));
      return {};
    }
    return missing(
        fmt::format("there is no schema {}, and {} may not make one in {}", Ident(live_.schema), user, database),
        fmt::format("GRANT CREATE ON DATABASE {} TO {}", database, user));
  }
  if (!IsTrue(rows[0][0])) {
    return missing(fmt::format("{} may not create tables in schema {}", user, Ident(live_.schema)),
                   fmt::format("GRANT USAGE, CREATE ON SCHEMA {} TO {}", Ident(live_.schema), user));
  }
  if (!IsTrue(rows[0][1])) {
    return missing(fmt::format("{} may not write into {}, where publications are recorded", user, Ledger()),
                   fmt::format("GRANT SELECT, INSERT, UPDATE ON {} TO {}", Ledger(), user));
  }
  return {};
}

Status PostgresPlace::Inspect() {
  STIR_TRY(CheckRights());
  STIR_ASSIGN(table_, Look());
  if (!table_.refusals.empty()) return table_.refusals;
  STIR_ASSIGN(writes_, Writes());
  return {};
}

Result<PgTable> PostgresPlace::Look() {
  const bool swap = *publication_.strategy == platform::Strategy::kSwap;
  return swap ? ReadPgTable(*server_, live_, publication_.to.table.span)
              : ReadPgTarget(*server_, live_, publication_.to.table.span);
}

// A right that went in the meantime is named as it would have been in the beginning.
Diagnostics PostgresPlace::Explained(Diagnostics errors) {
  if (errors.front().kind != kRightMissing) return errors;
  server_->Rollback();
  if (Status rights = CheckRights(); !rights.ok()) return std::move(rights).error();
  auto now = Look();
  return now.ok() && !now->refusals.empty() ? now->refusals : errors;
}

// Rows that were inserted, updated or deleted, as far as the sessions that did it have told; sometimes late.
Result<int64_t> PostgresPlace::Writes() {
  if (table_.oid == 0) return 0;
  return server_->Count(
      fmt::format("SELECT pg_stat_get_tuples_inserted({0}) + pg_stat_get_tuples_updated({0}) + "
                  "pg_stat_get_tuples_deleted({0}) FROM pg_stat_clear_snapshot()",
                  table_.oid));
}

Status PostgresPlace::Create(int64_t generation, const std::string& columns, const std::vector<std::string>& then) {
  const PgName name = Of(generation);
  std::string sql = fmt::format("CREATE {}TABLE {} ({}){};", table_.unlogged || in_place() ? "UNLOGGED " : "",
                                name.Sql(), columns, in_place() ? "" : table_.storage);
  for (const std::string& statement : then) sql += For(statement, name) + ";";
  return Make(generation, sql);
}

Status PostgresPlace::CreateStaging(int64_t generation, const std::string& columns) {
  return Make(generation, fmt::format("CREATE UNLOGGED TABLE {} ({});", Of(generation).Sql(), columns));
}

// The table and what the ledger says of it, in one transaction.
Status PostgresPlace::Make(int64_t generation, const std::string& statements) {
  const PgName name = Of(generation);
  std::string sql = fmt::format(
      "CREATE TABLE IF NOT EXISTS {} (table_name text NOT NULL, generation bigint NOT NULL, publication text NOT "
      "NULL, run_id text NOT NULL, state text NOT NULL, table_oid oid NOT NULL, row_count bigint, row_sums text, "
      "started_at timestamptz NOT NULL DEFAULT now(), live_at timestamptz, PRIMARY KEY (table_name, generation));",
      Ledger());
  const auto record = [&](int64_t number, std::string_view state, const PgName& table) {
    return fmt::format(
        "INSERT INTO {} (table_name, generation, publication, run_id, state, table_oid) SELECT {}, {}, {}, "
        "{}, {}, {}::regclass;",
        Ledger(), Lit(live_.table), number, Lit(publication_.name), Lit(request_.run_id), Lit(state), Lit(table.Sql()));
  };
  STIR_ASSIGN(const State state, ReadState());
  if (!state.adopted) sql += record(state.live, "adopted", live_);
  sql += statements;
  // Until it is whole nobody else needs to look at it.
  sql += fmt::format("ALTER TABLE {} SET (autovacuum_enabled = false);", name.Sql());
  sql += record(generation, "building", name);
  auto made = server_->Execute(sql);
  return made.ok() ? Status() : Status(Explained(std::move(made).error()));
}

std::string PostgresPlace::DropStatements(int64_t generation) const {
  return fmt::format("DROP TABLE {}; UPDATE {} SET state = 'dropped' WHERE table_name = {} AND generation = {}",
                     Of(generation).Sql(), Ledger(), Lit(live_.table), generation);
}

Status PostgresPlace::SetRows(int64_t generation, int64_t rows) {
  STIR_TRY(
      server_->Execute(fmt::format("UPDATE {} SET row_count = {}, state = 'ready' WHERE table_name = {} AND "
                                   "generation = {}",
                                   Ledger(), rows, Lit(live_.table), generation)));
  return {};
}

// What somebody still holds, or hangs something on, stays for the next publication to remove.
Status PostgresPlace::Remove(int64_t generation) {
  STIR_ASSIGN(const State state, ReadState());
  const auto entry = std::ranges::find(state.entries, generation, &Entry::generation);
  if (entry == state.entries.end() || entry->oid == state.live_oid) return {};
  const std::string drop = DropStatements(generation);
  STIR_TRY(server_->Execute(fmt::format("SET lock_timeout = '{}ms'", kLockTimeout.count())));
  constexpr int kAttempts = 8;
  for (int attempt = 1; attempt <= kAttempts; ++attempt) {
    auto dropped = server_->Execute(drop);
    if (dropped.ok() || !IsHeld(dropped.error())) break;
    std::this_thread::sleep_for(std::chrono::milliseconds(25 * attempt));
  }
  STIR_TRY(server_->Execute("SET lock_timeout = 0"));  // what follows waits for its own locks as long as it needs
  return {};
}

}  // namespace stir::transfer
