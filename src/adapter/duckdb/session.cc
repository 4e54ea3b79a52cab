// Statements, results, transactions and the catalogue of one DuckDB session.
#include "adapter/duckdb/session.h"

#include <fmt/format.h>
#include <algorithm>

#include "adapter/cell.h"
#include "adapter/duckdb/drains.h"
#include "adapter/duckdb/duckdb_adapter.h"
#include "adapter/duckdb/errors.h"
#include "adapter/duckdb/setup.h"
#include "adapter/duckdb/values.h"
#include "adapter/kinds.h"
#include "base/strings.h"

namespace stir::adapter::duckdb {
namespace {

std::vector<duckdb_logical_type> Borrow(const std::vector<TypeHandle>& types) {
  std::vector<duckdb_logical_type> out;
  for (const TypeHandle& type : types) out.push_back(type.get());
  return out;
}

Outcome OutcomeOf(const Api& api, Executed& executed) {
  Outcome outcome{.message = "OK", .code = {}};
  duckdb_result* result = executed.result.get();
  if (api.result_return_type(*result) == DUCKDB_RESULT_TYPE_CHANGED_ROWS) {
    outcome.rows_affected = static_cast<int64_t>(api.rows_changed(result));
  } else if (executed.type == DUCKDB_STATEMENT_TYPE_CREATE) {
    // CREATE TABLE AS answers with one row: how many it wrote.
    const ChunkHandle chunk(api, api.fetch_chunk(*result));
    if (chunk && api.data_chunk_get_size(chunk.get()) == 1) {
      outcome.rows_affected =
          *static_cast<const int64_t*>(api.vector_get_data(api.data_chunk_get_vector(chunk.get(), 0)));
    }
  }
  return outcome;
}

class ResultRows final : public Rows {
 public:
  ResultRows(std::shared_ptr<SessionState> state, uint64_t run, Executed executed, std::vector<ColumnInfo> columns,
             ChunkReader reader)
      : state_(std::move(state)),
        run_(run),
        executed_(std::move(executed)),
        columns_(std::move(columns)),
        reader_(std::move(reader)),
        chunk_(state_->api()) {
    const duckdb_result_type type = state_->api().result_return_type(*executed_.result.get());
    if (type == DUCKDB_RESULT_TYPE_CHANGED_ROWS) {
      outcome_.rows_affected = static_cast<int64_t>(state_->api().rows_changed(executed_.result.get()));
    }
    if (type == DUCKDB_RESULT_TYPE_NOTHING) columns_.clear();  // the engine still names a column, without rows
  }
  ~ResultRows() override { state_->End(run_); }

  const std::vector<ColumnInfo>& columns() const override { return columns_; }
  Outcome outcome() const override { return outcome_; }

  Result<bool> Next(std::vector<Cell>& row) override {
    while (next_ == reader_.rows()) {
      STIR_ASSIGN(const bool more, NextChunk());
      if (!more) return false;
    }
    reader_.Read(next_++, row);
    return true;
  }

 private:
  Result<bool> NextChunk() {
    if (done_) return false;
    if (state_->canceled && state_->newest == run_) return ErrorFrom("", true);
    const Api& api = state_->api();
    chunk_ = ChunkHandle(api, api.fetch_chunk(*executed_.result.get()));
    next_ = 0;
    if (chunk_) {
      STIR_TRY(reader_.Show(chunk_.get()));
      return true;
    }
    done_ = true;
    reader_.Clear();
    state_->End(run_);
    if (const char* error = api.result_error(executed_.result.get())) {
      return ErrorFrom(error, api.result_error_type(executed_.result.get()) == DUCKDB_ERROR_INTERRUPT);
    }
    return false;
  }

  std::shared_ptr<SessionState> state_;
  uint64_t run_;
  Executed executed_;
  std::vector<ColumnInfo> columns_;
  ChunkReader reader_;
  ChunkHandle chunk_;
  idx_t next_ = 0;
  bool done_ = false;
  Outcome outcome_{.message = "OK", .code = {}};
};

// A text without statements has no columns and no rows.
class NoRows final : public Rows {
 public:
  const std::vector<ColumnInfo>& columns() const override { return columns_; }
  Result<bool> Next(std::vector<Cell>&) override { return false; }
  Outcome outcome() const override { return {.message = "OK", .code = {}}; }

 private:
  std::vector<ColumnInfo> columns_;
};

// `SET name = ...` of a profile that the engine refuses; its words may repeat the value, but the statement is not
// shown.
Diagnostics SettingError(Diagnostics errors, std::string_view sql) {
  const std::string_view name = sql.substr(4, sql.find(' ', 4) - 4);
  for (Diagnostic& error : errors) {
    error.message = fmt::format("the setting `{}` was refused: {}", name, error.message);
    error.hint = "see `settings` in profiles.yml";
    error.kind = kConnectionFailed;
    error.engine_offset = -1;
  }
  return errors;
}

// Whether an error is one of those that DuckDB's Python calls by these names: "IO Error: ..." is an IOException.
bool IsOneOf(const Diagnostic& error, const std::vector<std::string>& exceptions) {
  const size_t end = error.message.find(" Error:");
  if (end == std::string::npos) return false;
  const std::string name = ReplaceAll(error.message.substr(0, end), " ", "") + "Exception";
  return std::ranges::find(exceptions, name) != exceptions.end();
}

std::string Quoted(std::string_view text) { return DuckDbDialect().QuoteLiteral(text); }

}  // namespace

uint64_t SessionState::Start() {
  const std::lock_guard lock(mutex);
  running = true;
  canceled = false;
  return ++newest;
}

void SessionState::End(uint64_t run) {
  const std::lock_guard lock(mutex);
  if (run == newest) running = false;
}

void SessionState::Cancel() {
  const std::lock_guard lock(mutex);
  if (!running) return;
  canceled = true;
  api().interrupt(connection.get());
  canceled_now.notify_all();
}

void SessionState::Replace(ConnectionHandle with) {
  const std::lock_guard lock(mutex);
  connection = std::move(with);
}

bool SessionState::Sleep(std::chrono::seconds time) {
  const uint64_t run = Start();
  bool stopped = false;
  {
    std::unique_lock lock(mutex);
    stopped = canceled_now.wait_for(lock, time, [&] { return canceled.load(); });
  }
  End(run);
  return !stopped;
}

Result<std::unique_ptr<Connection>> Session::Open(std::shared_ptr<Database> database, const Options& options) {
  STIR_ASSIGN(ConnectionHandle connection, database->Connect());
  std::unique_ptr<Session> session(
      new Session(std::make_shared<SessionState>(std::move(database), std::move(connection)), options));
  STIR_TRY(session->ApplySettings());
  return std::unique_ptr<Connection>(std::move(session));
}

Session::~Session() = default;

Status Session::ApplySettings() {
  for (const std::string& sql : settings_) {
    if (auto set = Execute(sql); !set.ok()) return WithoutSecrets(SettingError(std::move(set).error(), sql), secrets_);
  }
  return {};
}

// What a session made for itself lives as long as its connection: a temporary table is held in memory as it is, not
// compressed. A new connection costs microseconds.
Status Session::Reset() {
  STIR_ASSIGN(ConnectionHandle connection, state_->database->Connect());
  state_->Replace(std::move(connection));
  return ApplySettings();
}

ScribeSource Session::scribe() const {
  return [database = state_->database] { return database->scribe(); };
}

Result<std::optional<Executed>> Session::RunText(std::string_view sql, Fetch fetch) {
  RunState run{state_->canceled};
  auto executed = Run(state_->api(), state_->connection.get(), sql, fetch, run);
  if (run.saw_transaction) ProbeTransaction();
  return executed;
}

// Asks the engine whether a transaction is open, where only it knows: outside one, each statement has a transaction,
// and so a number, of its own.
void Session::ProbeTransaction() {
  const auto number = [&]() -> std::optional<int64_t> {
    auto value = QueryCount(*this, "SELECT txid_current()");
    return value.ok() ? std::optional<int64_t>(*value) : std::nullopt;
  };
  const auto first = number();
  // Only a transaction that failed refuses the question.
  in_transaction_ = !first || first == number();
}

template <typename T, typename F>
Result<T> Session::Retrying(F run) {
  for (int attempt = 1;; ++attempt) {
    Result<T> result = run();
    if (result.ok() || attempt >= attempts_ || !IsOneOf(result.error().front(), retryable_)) return result;
    if (!state_->Sleep(std::chrono::seconds(1LL << (attempt - 1)))) return ErrorFrom("", true);
  }
}

Result<Outcome> Session::Execute(std::string_view sql) {
  return Retrying<Outcome>([&] { return ExecuteOnce(sql); });
}

Result<std::unique_ptr<Rows>> Session::Query(std::string_view sql) {
  return Retrying<std::unique_ptr<Rows>>([&] { return QueryOnce(sql); });
}

Result<Outcome> Session::ExecuteOnce(std::string_view sql) {
  const uint64_t run = state_->Start();
  auto executed = RunText(sql, Fetch::kAll);
  state_->End(run);
  if (!executed.ok()) return std::move(executed).error();
  if (!executed->has_value()) return Outcome{.message = "OK", .code = {}};
  return OutcomeOf(state_->api(), **executed);
}

Result<std::unique_ptr<Rows>> Session::QueryOnce(std::string_view sql) {
  const Api& api = state_->api();
  const uint64_t run = state_->Start();
  auto ran = RunText(sql, Fetch::kStream);
  if (!ran.ok() || !ran->has_value()) state_->End(run);
  if (!ran.ok()) return std::move(ran).error();
  if (!ran->has_value()) return std::unique_ptr<Rows>(std::make_unique<NoRows>());
  Executed executed = *std::move(*ran);

  duckdb_result* result = executed.result.get();
  std::vector<TypeHandle> types;
  for (idx_t i = 0; i < api.column_count(result); ++i) types.emplace_back(api, api.column_logical_type(result, i));
  STIR_ASSIGN(auto names, TypeNames(api, Borrow(types), scribe()));
  std::vector<ColumnInfo> columns;
  for (idx_t i = 0; i < types.size(); ++i) columns.push_back({api.column_name(result, i), names[i]});
  ChunkReader reader(api, std::move(types), std::move(names), scribe());
  return std::unique_ptr<Rows>(
      std::make_unique<ResultRows>(state_, run, std::move(executed), std::move(columns), std::move(reader)));
}

Status Session::Begin() { return Transact("BEGIN TRANSACTION", true); }

Status Session::Commit() { return Transact("COMMIT", false); }

Status Session::Rollback() {
  if (!in_transaction_) return {};
  return Transact("ROLLBACK", false);
}

Status Session::Transact(std::string_view sql, bool open_after) {
  const uint64_t run = state_->Start();
  RunState ran{state_->canceled};
  auto executed = Run(state_->api(), state_->connection.get(), sql, Fetch::kAll, ran);
  state_->End(run);
  if (executed.ok()) {
    in_transaction_ = open_after;
    return {};
  }
  ProbeTransaction();
  return std::move(executed).error();
}

Result<std::vector<std::string>> Session::ListSchemas(std::string_view database) {
  STIR_ASSIGN(auto rows, QueryAll(*this, fmt::format("SELECT schema_name FROM duckdb_schemas() "
                                                     "WHERE lower(database_name) = lower({}) ORDER BY schema_name",
                                                     Quoted(database))));
  std::vector<std::string> names;
  for (const auto& row : rows) names.push_back(CellText(row[0]));
  return names;
}

Result<std::vector<Relation>> Session::ListRelations(std::string_view database, std::string_view schema) {
  const std::string where =
      fmt::format("lower(database_name) = lower({}) AND lower(schema_name) = lower({}) AND NOT internal",
                  Quoted(database), Quoted(schema));
  STIR_ASSIGN(auto rows,
              QueryAll(*this, fmt::format("SELECT database_name, schema_name, table_name, false FROM duckdb_tables() "
                                          "WHERE {0} UNION ALL SELECT database_name, schema_name, view_name, true "
                                          "FROM duckdb_views() WHERE {0} ORDER BY 3",
                                          where)));
  std::vector<Relation> relations;
  for (const auto& row : rows) {
    relations.push_back({.database = CellText(row[0]),
                         .schema = CellText(row[1]),
                         .identifier = CellText(row[2]),
                         .type = std::get<bool>(row[3]) ? RelationType::kView : RelationType::kTable,
                         .quote = DuckDbDialect().default_quote,
                         .include = DuckDbDialect().default_include});
  }
  return relations;
}

Result<std::vector<Column>> Session::ListColumns(const Relation& relation) {
  auto rows = QueryAll(
      *this, fmt::format("SELECT column_name, column_type FROM (DESCRIBE {})", DuckDbDialect().Render(relation)));
  if (!rows.ok()) {
    // A relation that is not there has no columns; whoever asks this asks it to find out.
    const Diagnostic& error = rows.error().front();
    const bool missing =
        error.message.starts_with("Catalog Error") && error.message.find("does not exist") != std::string::npos;
    if (missing) return std::vector<Column>();
    return std::move(rows).error();
  }
  std::vector<Column> columns;
  for (const auto& row : *rows) {
    Column column;
    column.name = CellText(row[0]);
    column.dtype = CellText(row[1]);
    columns.push_back(std::move(column));
  }
  return columns;
}

Result<std::vector<ColumnInfo>> Session::Describe(std::string_view query) {
  const Api& api = state_->api();
  STIR_ASSIGN(const PreparedHandle prepared, Prepare(api, state_->connection.get(), query));
  std::vector<TypeHandle> types;
  const idx_t count = api.prepared_statement_column_count(prepared.get());
  for (idx_t i = 0; i < count; ++i)
    types.emplace_back(api, api.prepared_statement_column_logical_type(prepared.get(), i));
  STIR_ASSIGN(const auto names, TypeNames(api, Borrow(types), scribe()));
  std::vector<ColumnInfo> columns;
  for (idx_t i = 0; i < count; ++i) {
    columns.push_back(
        {TakeString(api, const_cast<char*>(api.prepared_statement_column_name(prepared.get(), i))), names[i]});
  }
  return columns;
}

Status Session::CreateSchema(std::string_view database, std::string_view schema) {
  const std::lock_guard lock(state_->database->schema_mutex());
  std::string name = DuckDbDialect().Quote(schema);
  if (!database.empty()) name = DuckDbDialect().Quote(database) + "." + name;
  STIR_TRY(Execute("CREATE SCHEMA IF NOT EXISTS " + name));
  return {};
}

Result<std::unique_ptr<Drain>> Session::OpenDrain(std::string_view sql, const std::vector<FeedType>& types) {
  const uint64_t run = state_->Start();
  auto ran = RunText(sql, Fetch::kStream);
  if (ran.ok() && ran->has_value()) return OpenDrainOf(state_, run, *std::move(*ran), types);
  state_->End(run);
  if (!ran.ok()) return std::move(ran).error();
  return Diagnostic(kDatabaseError, "there is no statement to drain");
}

Result<std::unique_ptr<Feed>> Session::OpenFeed(std::vector<FeedColumn> columns, FeedSource source) {
  STIR_ASSIGN(Feeds * feeds, state_->database->feeds());
  return feeds->Add(std::move(columns), std::move(source));
}

}  // namespace stir::adapter::duckdb
