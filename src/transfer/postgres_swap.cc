// The moment in which readers see the next rows, and the locks that it needs.
#include <fmt/format.h>
#include <algorithm>
#include <random>
#include <thread>

#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/postgres_place.h"
#include "transfer/postgres_write.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// What the ledger says of rows that are in the table.
std::string_view StateOf(platform::Strategy strategy) {
  if (strategy == platform::Strategy::kMerge) return "merged";
  return strategy == platform::Strategy::kAppend ? kAppended : "replaced";
}

std::string Rename(std::string_view what, const PgName& from, std::string_view to) {
  return fmt::format("ALTER {} {} RENAME TO {}", what, from.Sql(), Ident(to));
}

}  // namespace

// As often as it takes while others hold what `attempt` wants, until the patience ends.
Status PostgresPlace::Patiently(const std::function<Status()>& attempt) {
  const auto begin = steady_clock::now();
  std::minstd_rand random(std::random_device{}());
  for (milliseconds pause(20);; pause = std::min(pause * 2, milliseconds(2000))) {
    STIR_TRY(server_->Execute(fmt::format("SET lock_timeout = '{}ms'", kLockTimeout.count())));
    Status tried = attempt();
    if (tried.ok()) {
      STIR_TRY(server_->Execute("SET lock_timeout = 0"));
      return {};
    }
    if (!IsHeld(tried.error()) || context_.cancel.stop_requested()) return tried;
    if (steady_clock::now() - begin > request_.patience) return Held(tried.error());
    std::this_thread::sleep_for(pause / 2 + milliseconds(random() % static_cast<unsigned>(pause.count())));
  }
}

// Who holds the table, since when, and what to do.
Diagnostics PostgresPlace::Held(const Diagnostics& last) {
  auto holders = server_->Query(fmt::format(
      "SELECT DISTINCT a.pid, a.usename, coalesce(nullif(a.application_name, ''), 'unnamed'), a.state, "
      "to_char(a.xact_start, 'YYYY-MM-DD HH24:MI:SS'), extract(epoch FROM now() - a.xact_start)::bigint, "
      "left(regexp_replace(a.query, '\\s+', ' ', 'g'), 80) FROM pg_catalog.pg_locks l JOIN "
      "pg_catalog.pg_stat_activity a USING (pid) WHERE l.relation = {} AND l.granted AND l.pid <> pg_backend_pid() "
      "ORDER BY 6 DESC NULLS LAST LIMIT 3",
      table_.oid));
  if (!holders.ok() || holders->empty()) {
    Diagnostic error = last.front();
    error.kind = kTableHeld;
    return {std::move(error).Hint("nothing was published; a lock that it needs was held for too long: run it again")};
  }
  std::string who;
  for (const PgTexts& row : *holders) {
    who += fmt::format("{}session {} of {} ({}, {}) since {} UTC, {} s: {}", who.empty() ? "" : "; ", TextOf(row[0]),
                       TextOf(row[1]), TextOf(row[2]), TextOf(row[3]), TextOf(row[4]), TextOf(row[5]), TextOf(row[6]));
  }
  const std::string first = TextOf(holders->front()[0]);
  return {Diagnostic(kTableHeld, fmt::format("{} is held by {}", live_.Sql(), who), publication_.to.table.span)
              .Hint(fmt::format("nothing was published; wait until it ends, or end it: select pg_terminate_backend({})",
                                first))};
}

Status PostgresPlace::Switch(int64_t generation) {
  Status switched = SwitchTo(generation);
  return switched.ok() ? Status() : Status(Explained(std::move(switched).error()));
}

Status PostgresPlace::SwitchTo(int64_t generation) {
  if (in_place()) {
    return Patiently([&]() -> Status {
      Status tried = TryWrite(generation);
      if (!tried.ok() && server_->IsLost()) return Confirm(generation, std::move(tried).error());
      server_->Rollback();
      return tried;
    });
  }
  if (!dressed_) STIR_TRY(Inspect());
  if (!dressed_) STIR_TRY(Dress(generation));
  STIR_ASSIGN(const State state, ReadState());
  if (state.live == generation && state.adopted) return {};
  STIR_TRY(Patiently([&]() -> Status {
    Status tried = TrySwap(generation, state);
    if (tried.ok()) return tried;
    if (server_->IsLost()) return Confirm(generation, std::move(tried).error());
    server_->Rollback();
    return tried;
  }));
  DropForeignKeys(Of(state.live));
  return {};
}

// The connection went, perhaps while the answer was on its way: what the ledger says was written in the same
// transaction.
Status PostgresPlace::Confirm(int64_t generation, Diagnostics errors) {
  auto opened = Server::Open(request_.to, publication_.to.connection.span, context_.cancel);
  if (!opened.ok()) {
    if (committing_) errors.front().hint = "whether it was published is not known; run it again, and it will be";
    return errors;
  }
  server_ = *std::move(opened);
  STIR_ASSIGN(const std::string state,
              server_->Ask(fmt::format("SELECT state FROM {} WHERE table_name = {} AND generation = {}", Ledger(),
                                       Lit(live_.table), generation)));
  const bool took_place = state == (in_place() ? StateOf(*publication_.strategy) : std::string_view("live"));
  return took_place ? Status() : Status(std::move(errors));
}

Status PostgresPlace::TrySwap(int64_t generation, const State& state) {
  committing_ = false;
  STIR_TRY(server_->Execute("BEGIN"));
  STIR_TRY(LockLive());
  STIR_ASSIGN(const std::string statements, SwapStatements(generation, state));
  STIR_TRY(server_->Execute(statements));
  context_.failpoints.Reach("publish.switching");
  committing_ = true;
  STIR_TRY(server_->Execute("COMMIT"));
  return {};
}

// Views first, as a reader of a view does. All waiting together stays below the timeout.
Status PostgresPlace::LockLive() {
  const auto begin = steady_clock::now();
  const auto rest = [&] {
    const auto spent = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
    return std::max(kLockTimeout - spent, milliseconds(1));
  };
  std::vector<std::string> locks = table_.views;
  if (table_.oid != 0) locks.push_back(fmt::format("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", live_.Sql()));
  for (const std::string& lock : locks) {
    STIR_TRY(server_->Execute(fmt::format("SET LOCAL lock_timeout = '{}ms'", rest().count())));
    if (auto locked = server_->Execute(lock); !locked.ok()) return Gone(std::move(locked).error());
  }
  STIR_TRY(server_->Execute(fmt::format("SET LOCAL lock_timeout = '{}ms'", rest().count())));
  return CheckUntouched();
}

Diagnostic PostgresPlace::Changed(std::string_view how, std::string hint) const {
  const std::string_view made = in_place() ? "its new rows were gathered" : "its next generation was made";
  return Diagnostic(kTableChanged, fmt::format("{} {} while {}", live_.Sql(), how, made), publication_.to.table.span)
      .Hint(std::move(hint));
}

Diagnostics PostgresPlace::Gone(Diagnostics errors) const {
  constexpr std::string_view kUndefinedTable = "42P01";
  if (server_->sqlstate() == kUndefinedTable) return {Changed("or a view of it was dropped or renamed")};
  return errors;
}

// What hangs on the table, and what is in it, is still what was looked at.
Status PostgresPlace::CheckUntouched() {
  STIR_ASSIGN(const PgTable now, Look());
  if (now.oid != table_.oid && table_.oid == 0) return Changed("was made by somebody else");
  if (now.oid != table_.oid) return Changed("was replaced by another table");
  if (!now.refusals.empty()) return now.refusals;
  if (now.Signature() != table_.Signature()) return Changed("was altered");
  if (in_place()) return {};
  STIR_ASSIGN(const int64_t writes, Writes());
  if (writes <= writes_) return {};
  return Diagnostic(
             kTableChanged,
             fmt::format("somebody else wrote {} rows into {} while its next generation was made; they would be lost",
                         writes - writes_, live_.Sql()),
             publication_.to.table.span)
      .Hint("nothing was published; a swapped table has one writer: use `strategy: merge` where there are others");
}

Result<std::string> PostgresPlace::SwapStatements(int64_t generation, const State& state) {
  const PgName candidate = Of(generation);
  const PgName gone = Of(state.live);
  std::vector<std::string> all;
  const auto in_schema = [&](const std::string& name) { return PgName{live_.schema, name}; };
  if (table_.oid != 0) {
    const std::string suffix = Suffix(state.live);
    STIR_ASSIGN(const auto revokes, RevokeAll(*server_, table_.oid, false));
    for (const std::string& statement : revokes) all.push_back(For(statement, live_));
    for (const std::string& statement : table_.leave) all.push_back(For(statement, live_));
    for (const PgIndex& index : table_.indexes)
      all.push_back(Rename("INDEX", in_schema(index.name), FitName(index.name, suffix)));
    for (const auto& [name, text] : table_.statistics)
      all.push_back(Rename("STATISTICS", in_schema(name), FitName(name, suffix)));
    for (const auto& [column, sequence] : table_.identities)
      all.push_back(Rename("SEQUENCE", in_schema(sequence), FitName(sequence, suffix)));
    all.push_back(Rename("TABLE", live_, gone.table));
  }
  all.push_back(Rename("TABLE", candidate, live_.table));
  for (const auto& [own, wanted] : index_names_) all.push_back(Rename("INDEX", in_schema(own), wanted));
  for (const auto& [name, text] : table_.statistics)
    all.push_back(Rename("STATISTICS", in_schema(FitName(name, Suffix(generation))), name));
  for (const Identity& identity : identities_) {
    all.push_back(Rename("SEQUENCE", in_schema(identity.sequence), identity.wanted));
    const std::string now = in_schema(identity.wanted).Sql();
    all.push_back(
        fmt::format("SELECT setval({}, greatest((SELECT last_value FROM {}), (SELECT last_value FROM {}), {}))",
                    Lit(now), now, in_schema(FitName(identity.wanted, Suffix(state.live))).Sql(), identity.most));
  }
  for (const std::string& statement : table_.follow) all.push_back(statement);
  const auto record = [&](std::string_view set, int64_t number) {
    all.push_back(fmt::format("UPDATE {} SET {} WHERE table_name = {} AND generation = {}", Ledger(), set,
                              Lit(live_.table), number));
  };
  if (table_.oid != 0) record("state = 'kept'", state.live);
  record("state = 'live', live_at = now()", generation);
  return Join(all, ";\n");
}

// Readers go on reading; other writers wait.
Status PostgresPlace::TryWrite(int64_t generation) {
  const PgName from = Of(generation);
  committing_ = false;
  STIR_TRY(server_->Execute("BEGIN"));
  STIR_TRY(server_->Execute(fmt::format("SET LOCAL lock_timeout = '{}ms'", kLockTimeout.count())));
  auto locked = server_->Execute(fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", live_.Sql()));
  if (!locked.ok()) return Gone(std::move(locked).error());
  STIR_TRY(CheckUntouched());
  STIR_ASSIGN(written_, WriteInPlace({.server = *server_,
                                      .publication = publication_,
                                      .run_id = request_.run_id,
                                      .live = live_,
                                      .from = from,
                                      .ledger = Ledger(),
                                      .rows = rows_}));
  STIR_TRY(server_->Execute(fmt::format(
      "DROP TABLE {}; UPDATE {} SET state = {}, row_sums = {}, live_at = now() WHERE table_name = {} AND "
      "generation = {}",
      from.Sql(), Ledger(), Lit(StateOf(*publication_.strategy)), Lit(rows_.signature), Lit(live_.table), generation)));
  context_.failpoints.Reach("publish.switching");
  committing_ = true;
  STIR_TRY(server_->Execute("COMMIT"));
  return {};
}

// They would keep the tables that they refer to from losing rows.
void PostgresPlace::DropForeignKeys(const PgName& name) {
  for (const std::string& key : table_.foreign) {
    static_cast<void>(
        server_->Execute(fmt::format("SET lock_timeout = '{}ms'; ALTER TABLE {} DROP CONSTRAINT {}; SET "
                                     "lock_timeout = 0",
                                     kLockTimeout.count(), name.Sql(), key)));
  }
}

}  // namespace stir::transfer
