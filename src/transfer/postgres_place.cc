#include "transfer/postgres_place.h"

#include <fmt/format.h>
#include <algorithm>
#include <random>
#include <thread>

#include "adapter/kinds.h"
#include "base/kinds.h"
#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/postgres_jobs.h"
#include "transfer/postgres_write.h"
#include "transfer/sql.h"

namespace stir::transfer {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

// For as long a reader may have to wait behind us, who wait for somebody else.
constexpr milliseconds kLockTimeout(100);

std::string Suffix(int64_t generation) { return fmt::format("__stir_g{}", generation); }

// Somebody holds what we want: to be tried again.
bool IsHeld(const Diagnostics& errors) { return errors.front().kind == kTableHeld; }

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

// What the ledger says of rows that are in the table.
std::string_view StateOf(platform::Strategy strategy) {
  if (strategy == platform::Strategy::kMerge) return "merged";
  return strategy == platform::Strategy::kAppend ? kAppended : "replaced";
}

std::string Rename(std::string_view what, const PgName& from, std::string_view to) {
  return fmt::format("ALTER {} {} RENAME TO {}", what, from.Sql(), Ident(to));
}

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
  const bool swap = *publication_.strategy == platform::Strategy::kSwap;
  STIR_ASSIGN(table_, swap ? ReadPgTable(*server_, live_, publication_.to.table.span)
                           : ReadPgTarget(*server_, live_, publication_.to.table.span));
  if (!table_.refusals.empty()) return table_.refusals;
  STIR_ASSIGN(writes_, Writes());
  return {};
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
  STIR_TRY(server_->Execute(sql));
  return {};
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

// The live table's, and beside them those that the publication asks for.
std::vector<PgIndex> PostgresPlace::Wanted() const {
  std::vector<PgIndex> all = table_.indexes;
  const auto add = [&](const std::vector<std::string>& columns, bool primary) {
    std::string key;
    for (const std::string& column : columns) key += column + "\x02";
    const bool there = std::ranges::any_of(all, [&](const PgIndex& index) {
      return primary ? index.constraint == 'p' : index.columns == key && index.tail.starts_with(" USING btree");
    });
    if (there || columns.empty()) return;
    PgIndex index;
    index.name = primary ? FitName(live_.table, "_pkey")
                         : FitName(fmt::format("{}_{}", live_.table, Join(columns, "_")), "_idx");
    index.unique = primary;
    index.columns = key;
    index.tail = fmt::format(" USING btree ({})", Idents(columns));
    if (primary) {
      index.constraint = 'p';
      index.definition = fmt::format("PRIMARY KEY ({})", Idents(columns));
    }
    all.push_back(std::move(index));
  };
  std::vector<std::string> key;
  for (const auto& column : publication_.key) key.push_back(*column);
  add(key, true);
  for (const auto& columns : publication_.indexes) add(columns, false);
  return all;
}

// Those that the candidate does not have yet are built, several at a time.
Status PostgresPlace::MakeIndexes(const PgName& candidate, const std::string& suffix) {
  index_names_.clear();
  STIR_ASSIGN(PgTable has, ReadPgTable(*server_, candidate, publication_.to.table.span));
  std::vector<Job> jobs;
  std::vector<std::string> after;
  for (const PgIndex& wanted : Wanted()) {
    const auto found = std::ranges::find_if(has.indexes, [&](const PgIndex& index) {
      return index.unique == wanted.unique && index.tail == wanted.tail && index.constraint == wanted.constraint;
    });
    if (found != has.indexes.end()) {
      index_names_.emplace_back(found->name, wanted.name);
      has.indexes.erase(found);
      continue;
    }
    const std::string name = FitName(wanted.name, suffix);
    index_names_.emplace_back(name, wanted.name);
    const std::string constraint = fmt::format("ALTER TABLE {} ADD CONSTRAINT {} ", candidate.Sql(), Ident(name));
    if (wanted.constraint == 'x') {
      jobs.push_back({wanted.name, constraint + wanted.definition});
    } else {
      jobs.push_back({wanted.name, fmt::format("CREATE {}INDEX {} ON {}{}", wanted.unique ? "UNIQUE " : "", Ident(name),
                                               candidate.Sql(), wanted.tail)});
      if (wanted.constraint != ' ') {
        const size_t deferrable = wanted.definition.find(" DEFERRABLE");
        after.push_back(fmt::format("{}{} USING INDEX {}{}", constraint,
                                    wanted.constraint == 'p' ? "PRIMARY KEY" : "UNIQUE", Ident(name),
                                    deferrable == std::string::npos ? "" : wanted.definition.substr(deferrable)));
      }
    }
    if (!wanted.comment.empty()) {
      after.push_back(
          wanted.constraint == ' '
              ? fmt::format("COMMENT ON INDEX {} IS {}", PgName{live_.schema, name}.Sql(), Lit(wanted.comment))
              : fmt::format("COMMENT ON CONSTRAINT {} ON {} IS {}", Ident(name), candidate.Sql(), Lit(wanted.comment)));
    }
  }
  STIR_TRY(RunJobs(request_.to, publication_.to.connection.span, context_.cancel, jobs));
  return Apply(after, candidate);
}

std::vector<std::string> PostgresPlace::MarkStatements(const PgName& candidate) const {
  std::vector<std::string> all;
  for (const std::string_view mark : Split(table_.marks, '\x02')) {
    if (mark.empty()) continue;
    for (const auto& [own, wanted] : index_names_) {
      if (wanted != mark.substr(1)) continue;
      all.push_back(fmt::format("ALTER TABLE {} {} {}", candidate.Sql(),
                                mark.front() == 'i' ? "REPLICA IDENTITY USING INDEX" : "CLUSTER ON", Ident(own)));
    }
  }
  return all;
}

Status PostgresPlace::Apply(const std::vector<std::string>& statements, const PgName& name) {
  for (const std::string& statement : statements) STIR_TRY(server_->Execute(For(statement, name)));
  return {};
}

Status PostgresPlace::Dress(int64_t generation) {
  const PgName candidate = Of(generation);
  const std::string suffix = Suffix(generation);
  STIR_ASSIGN(const int64_t oid, OidOf(candidate));
  STIR_ASSIGN(auto off, Undress(*server_, oid));
  off.push_back(fmt::format("ALTER TABLE {} RESET (autovacuum_enabled)", kItsName));
  STIR_TRY(Patiently([&] { return Apply(off, candidate); }));
  STIR_TRY(MakeIndexes(candidate, suffix));
  STIR_TRY(Apply(MarkStatements(candidate), candidate));
  for (const auto& [name, definition] : table_.statistics) {
    const size_t at = definition.find('\x02');
    STIR_TRY(server_->Execute(fmt::format("{}{}{}FROM {}", definition.substr(0, at),
                                          PgName{live_.schema, FitName(name, suffix)}.Sql(), definition.substr(at + 1),
                                          candidate.Sql())));
  }
  std::vector<std::string> form;
  std::vector<std::string> grants;
  for (const std::string& statement : table_.dress)
    (statement.starts_with("GRANT ") ? grants : form).push_back(statement);
  for (const std::string& statement : form) STIR_TRY(Patiently([&] { return Apply({statement}, candidate); }));
  if (table_.oid != 0) {
    const bool explicit_rights =
        std::ranges::any_of(grants, [](const std::string& g) { return g.find(" ON TABLE ") != g.npos; });
    STIR_ASSIGN(const auto revokes, RevokeAll(*server_, oid, explicit_rights));
    STIR_TRY(Apply(revokes, candidate));
    STIR_TRY(Apply(grants, candidate));
  }
  STIR_TRY(ReadIdentities(candidate));
  dressed_ = table_.Signature();
  return {};
}

// A new table counts from one: it goes on where the old one is.
Status PostgresPlace::ReadIdentities(const PgName& candidate) {
  identities_.clear();
  if (table_.identities.empty()) return {};
  STIR_ASSIGN(const PgTable has, ReadPgTable(*server_, candidate, publication_.to.table.span));
  for (const auto& [column, wanted] : table_.identities) {
    for (const auto& [own_column, sequence] : has.identities) {
      if (own_column != column) continue;
      STIR_ASSIGN(const int64_t most,
                  server_->Count(fmt::format("SELECT max({}) FROM {}", Ident(column), candidate.Sql())));
      identities_.push_back({sequence, wanted, std::max<int64_t>(most, 1)});
    }
  }
  return {};
}

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
  if (in_place()) {
    return Patiently([&]() -> Status {
      Status tried = TryWrite(generation);
      server_->Rollback();
      return tried;
    });
  }
  if (dressed_.empty()) STIR_TRY(Inspect());
  if (dressed_.empty()) STIR_TRY(Dress(generation));
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

// The connection went while the answer was on its way: the table's oid says whether it took place.
Status PostgresPlace::Confirm(int64_t generation, Diagnostics errors) {
  auto opened = Server::Open(request_.to, publication_.to.connection.span, context_.cancel);
  if (!opened.ok()) return errors;
  server_ = *std::move(opened);
  STIR_ASSIGN(const int64_t live, Live());
  return live == generation ? Status() : Status(std::move(errors));
}

Status PostgresPlace::TrySwap(int64_t generation, const State& state) {
  STIR_TRY(server_->Execute("BEGIN"));
  STIR_TRY(LockLive());
  STIR_ASSIGN(const std::string statements, SwapStatements(generation, state));
  STIR_TRY(server_->Execute(statements));
  context_.failpoints.Reach("publish.switching");
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
    STIR_TRY(server_->Execute(lock));
  }
  STIR_TRY(server_->Execute(fmt::format("SET LOCAL lock_timeout = '{}ms'", rest().count())));
  return CheckUntouched();
}

// What hangs on the table, and what is in it, is still what was looked at.
Status PostgresPlace::CheckUntouched() {
  STIR_ASSIGN(const PgTable now, ReadPgTable(*server_, live_, publication_.to.table.span));
  const auto changed = [&](std::string message, std::string hint) {
    return Diagnostic(kTableChanged, std::move(message), publication_.to.table.span).Hint(std::move(hint));
  };
  if (!now.refusals.empty()) return now.refusals;
  if (now.Signature() != dressed_) {
    return changed(fmt::format("{} was altered while its next generation was made", live_.Sql()),
                   "nothing was published; run it again");
  }
  STIR_ASSIGN(const int64_t writes, Writes());
  if (writes <= writes_) return {};
  return changed(
      fmt::format("somebody else wrote {} rows into {} while its next generation was made; they would be lost",
                  writes - writes_, live_.Sql()),
      "nothing was published; a swapped table has one writer: use `strategy: merge` where there are others");
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
  STIR_TRY(server_->Execute("BEGIN"));
  STIR_TRY(server_->Execute(fmt::format("SET LOCAL lock_timeout = '{}ms'", kLockTimeout.count())));
  STIR_TRY(server_->Execute(fmt::format("LOCK TABLE {} IN SHARE ROW EXCLUSIVE MODE", live_.Sql())));
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
    std::this_thread::sleep_for(milliseconds(25 * attempt));
  }
  STIR_TRY(server_->Execute("SET lock_timeout = 0"));  // what follows waits for its own locks as long as it needs
  return {};
}

}  // namespace stir::transfer
