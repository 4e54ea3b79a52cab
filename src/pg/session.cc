// Statements over libpq, one after the other. What rows and copies need outlives the Session object in a shared State.
#include "pg/session.h"

#include <fmt/format.h>
#include <charconv>
#include <chrono>
#include <deque>
#include <mutex>
#include <thread>

#include "base/strings.h"
#include "pg/api.h"
#include "pg/errors.h"
#include "pg/kinds.h"
#include "pg/wire.h"

namespace stir::pg {
namespace {

// "host:port/database" of what was asked for. A database's name may be a whole connection string, with a password.
std::string TargetOf(const ConnectSpec& spec) {
  const auto find = [&](std::string_view keyword) {
    for (const auto& [name, value] : spec.parameters)
      if (name == keyword) return value;
    return std::string();
  };
  if (find("dbname").find_first_of("=:") != std::string::npos) return "the server that its dsn names";
  const std::string host = find("host").empty() ? "the default host" : find("host");
  const std::string port = find("port").empty() ? "" : ":" + find("port");
  const std::string database = find("dbname").empty() ? "" : "/" + find("dbname");
  return host + port + database;
}

void TakeNotice(void* receiver, const PGresult* result) {
  const auto& [api, notify] = *static_cast<std::pair<const Api*, std::function<void(std::string_view)>>*>(receiver);
  if (notify) notify(Strip(api->resultErrorMessage(result)));
}

int64_t CountOf(const char* text) {
  const std::string_view digits = text;
  int64_t count = -1;
  std::from_chars(digits.data(), digits.data() + digits.size(), count);
  return count;
}

bool IsRows(ExecStatusType status) { return status == PGRES_TUPLES_OK || status == PGRES_SINGLE_TUPLE; }

// Whether another statement may follow the first. A semicolon in a text or a comment counts, too.
bool MayBeSeveral(std::string_view sql) {
  const std::string_view text = Strip(sql);
  const size_t semicolon = text.find(';');
  return semicolon != std::string_view::npos && semicolon + 1 < text.size();
}

bool IsError(ExecStatusType status) { return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE; }

}  // namespace

struct Session::State {
  State(const Api& functions, PGconn* handle, const ConnectSpec& spec)
      : api(functions),
        wire(std::make_shared<Wire>(functions, handle, spec.parameters)),
        connection(handle),
        notices(&functions, spec.on_notice) {
    api.setNoticeReceiver(connection, TakeNotice, &notices);
  }
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  // A cancel that nobody waits for any more may keep the connection.
  ~State() {
    api.setNoticeReceiver(connection, [](void*, const PGresult*) {}, nullptr);
  }

  // Everything before a statement: what is left of the one before is taken off the wire.
  void Start() {
    Drain();
    in_transaction = InTransactionNow();
    sqlstate.clear();
    const std::lock_guard lock(mutex);
    running = true;
  }

  void End() {
    const std::lock_guard lock(mutex);
    running = false;
  }

  ResultHandle Take() { return wire->TakeResult(); }

  // Unread rows are not worth the server's time. Inside a transaction a cancel would cost all that was done in it, so
  // there they are read to their end.
  void Drain() {
    if (!open_rows) return;
    open_rows = false;
    if (!in_transaction) wire->Cancel();
    while (const ResultHandle rest = Take()) EndCopy(rest.get());
    End();
  }

  // A COPY that nobody asked for would keep the session waiting.
  void EndCopy(const PGresult* result) {
    const ExecStatusType status = api.resultStatus(result);
    if (status == PGRES_COPY_IN) wire->PutCopyEnd("no data is given to this COPY");
    if (status != PGRES_COPY_OUT) return;
    char* bytes = nullptr;
    while (wire->TakeCopyData(&bytes) > 0) api.freemem(bytes);
  }

  bool InTransactionNow() const {
    const PGTransactionStatusType status = api.transactionStatus(connection);
    if (status == PQTRANS_ACTIVE) return in_transaction;
    return status == PQTRANS_INTRANS || status == PQTRANS_INERROR;
  }

  Diagnostic Failed(const PGresult* result, std::string_view sql) {
    ServerError error = ErrorOf(api, result, sql);
    sqlstate = error.sqlstate;
    if (error.diagnostic.kind == kConnectionLost && !wire->cut().empty()) return Lost();
    return std::move(error.diagnostic);
  }

  // The statement did not even leave.
  Diagnostic NotSent() const {
    return wire->cut().empty() ? Diagnostic(kConnectionLost, std::string(Strip(api.errorMessage(connection)))) : Lost();
  }

  Diagnostic Lost() const {
    return Diagnostic(kConnectionLost, wire->cut())
        .Hint("see whether the server runs and the network leads to it; `connect_timeout` says how long is too long");
  }

  Result<ResultHandle> Finish(std::string_view sql) { return Finish(sql, Take()); }

  // All results from `result` on; the last one, or the first error.
  Result<ResultHandle> Finish(std::string_view sql, ResultHandle result) {
    ResultHandle last(nullptr, ClearResult{&api});
    std::optional<Diagnostic> error;
    for (; result != nullptr; result = Take()) {
      EndCopy(result.get());
      if (IsError(api.resultStatus(result.get())) && !error) error = Failed(result.get(), sql);
      last = std::move(result);
    }
    End();
    if (error) return *std::move(error);
    if (last == nullptr) return NotSent();
    return last;
  }

  Status Send(std::string_view sql) {
    Start();
    return Sent(api.sendQuery(connection, std::string(sql).c_str()) == 1);
  }

  Status Sent(bool sent) {
    if (sent && wire->Flush()) return {};
    End();
    return NotSent();
  }

  // The answer to a COPY when it is not the one that was expected.
  Diagnostics NotACopy(std::string_view sql, ResultHandle first, std::string_view form) {
    auto finished = Finish(sql, std::move(first));
    if (!finished.ok()) return std::move(finished).error();
    return {Diagnostic(kStatementFailed, fmt::format("the statement is no COPY ... {}", form))};
  }

  Outcome OutcomeOf(const PGresult* result) const {
    auto* writable = const_cast<PGresult*>(result);  // libpq's own signature; it only reads
    return {api.cmdStatus(writable), CountOf(api.cmdTuples(writable))};
  }

  std::vector<Column> ColumnsOf(const PGresult* result) const {
    std::vector<Column> columns;
    for (int i = 0; i < api.nfields(result); ++i)
      columns.push_back({api.fname(result, i), api.ftype(result, i), api.fmod(result, i)});
    return columns;
  }

  const Api& api;
  const std::shared_ptr<Wire> wire;
  PGconn* const connection;
  std::pair<const Api*, std::function<void(std::string_view)>> notices;  // TakeNotice's argument
  bool open_rows = false;                                                // a result is still on the wire
  bool in_transaction = false;                                           // before the running statement
  std::string sqlstate;
  std::mutex mutex;
  bool running = false;  // guarded by mutex
};

class Session::StreamedRows final : public Rows {
 public:
  // `first`: a row, or the whole of a buffered result.
  StreamedRows(std::shared_ptr<State> state, std::string sql, ResultHandle first, bool on_the_wire)
      : state_(std::move(state)), sql_(std::move(sql)), on_the_wire_(on_the_wire) {
    state_->open_rows = on_the_wire_;
    columns_ = state_->ColumnsOf(first.get());
    Show(std::move(first));
  }
  StreamedRows(const StreamedRows&) = delete;
  StreamedRows& operator=(const StreamedRows&) = delete;
  ~StreamedRows() override {
    if (OnTheWire()) state_->Drain();
  }

  const std::vector<Column>& columns() const override { return columns_; }
  Outcome outcome() const override { return outcome_; }

  Result<bool> Next(Row& row) override {
    while (current_ == nullptr || next_ == state_->api.ntuples(current_.get())) {
      STIR_ASSIGN(const bool more, Advance());
      if (!more) return false;
    }
    const int at = next_++;
    row.resize(columns_.size());
    for (int i = 0; i < static_cast<int>(columns_.size()); ++i) row[static_cast<size_t>(i)] = ValueAt(at, i);
    return true;
  }

  Status Buffer() override {
    while (OnTheWire()) {
      ResultHandle result = state_->Take();
      if (result == nullptr) {
        Leave();
        return {};
      }
      if (IsError(state_->api.resultStatus(result.get()))) return Abort(result.get());
      buffered_.push_back(std::move(result));
    }
    return {};
  }

 private:
  // Another statement on the session takes the rest away.
  bool OnTheWire() const { return on_the_wire_ && state_->open_rows; }

  void Leave() {
    on_the_wire_ = false;
    state_->open_rows = false;
    state_->End();
  }

  std::optional<std::string_view> ValueAt(int row, int column) const {
    const Api& api = state_->api;
    if (api.getisnull(current_.get(), row, column) != 0) return std::nullopt;
    return std::string_view(api.getvalue(current_.get(), row, column),
                            static_cast<size_t>(api.getlength(current_.get(), row, column)));
  }

  void Show(ResultHandle result) {
    if (state_->api.resultStatus(result.get()) != PGRES_SINGLE_TUPLE) outcome_ = state_->OutcomeOf(result.get());
    current_ = std::move(result);
    next_ = 0;
  }

  Result<bool> Advance() {
    if (!buffered_.empty()) {
      Show(std::move(buffered_.front()));
      buffered_.pop_front();
      return true;
    }
    current_.reset();
    if (!OnTheWire()) return false;
    ResultHandle result = state_->Take();
    if (result == nullptr) {
      Leave();
      return false;
    }
    if (IsError(state_->api.resultStatus(result.get()))) return Abort(result.get()).error();
    Show(std::move(result));
    return true;
  }

  Status Abort(const PGresult* failed) {
    Diagnostic error = state_->Failed(failed, sql_);
    while (const ResultHandle rest = state_->Take()) {
    }
    Leave();
    return error;
  }

  std::shared_ptr<State> state_;
  std::string sql_;
  std::vector<Column> columns_;
  std::deque<ResultHandle> buffered_;
  ResultHandle current_;
  int next_ = 0;
  bool on_the_wire_;
  Outcome outcome_;
};

class Session::Copy final : public CopyIn {
 public:
  Copy(std::shared_ptr<State> state, std::string sql) : state_(std::move(state)), sql_(std::move(sql)) {}
  Copy(const Copy&) = delete;
  Copy& operator=(const Copy&) = delete;
  ~Copy() override {
    if (done_) return;
    state_->wire->PutCopyEnd("abandoned");
    static_cast<void>(state_->Finish(sql_).ok());
  }

  Status Write(std::string_view bytes) override {
    constexpr size_t kMost = 1 << 30;  // libpq counts with an int
    while (!bytes.empty()) {
      const std::string_view part = bytes.substr(0, kMost);
      if (!state_->wire->PutCopyData(part)) return Refused();
      bytes.remove_prefix(part.size());
    }
    return {};
  }

  Result<int64_t> Finish() override {
    if (!state_->wire->PutCopyEnd(nullptr)) return Refused();
    done_ = true;
    STIR_ASSIGN(const ResultHandle result, state_->Finish(sql_));
    return state_->OutcomeOf(result.get()).rows;
  }

 private:
  // The server's reason, where it gave one.
  Diagnostics Refused() {
    const Diagnostic lost = state_->NotSent();
    done_ = true;
    auto result = state_->Finish(sql_);
    return result.ok() ? Diagnostics{lost} : std::move(result).error();
  }

  std::shared_ptr<State> state_;
  std::string sql_;
  bool done_ = false;
};

Session::Session(std::shared_ptr<State> state) : state_(std::move(state)) {}
Session::~Session() { state_->Drain(); }

Result<std::unique_ptr<Session>> Session::Open(const ConnectSpec& spec) {
  STIR_ASSIGN(const Api* api, LoadApi());
  std::vector<const char*> keywords, values;
  for (const auto& [keyword, value] : spec.parameters) {
    keywords.push_back(keyword.c_str());
    values.push_back(value.c_str());
  }
  for (const auto& [keyword, value] : {std::pair{"client_encoding", "UTF8"}, std::pair<const char*, const char*>{}}) {
    keywords.push_back(keyword);
    values.push_back(value);
  }
  for (int attempt = 1;; ++attempt) {
    PGconn* connection = api->connectdbParams(keywords.data(), values.data(), 1);
    if (connection == nullptr) return Diagnostic(kNoConnection, "out of memory");
    if (api->status(connection) == CONNECTION_OK)
      return std::unique_ptr<Session>(new Session(std::make_shared<State>(*api, connection, spec)));
    const Diagnostic error = NoConnection(api->errorMessage(connection), TargetOf(spec));
    api->finish(connection);
    if (attempt >= spec.attempts) return error;
    std::this_thread::sleep_for(std::chrono::seconds(attempt * attempt));
  }
}

Result<Outcome> Session::Execute(std::string_view sql) {
  STIR_TRY(state_->Send(sql));
  STIR_ASSIGN(const ResultHandle result, state_->Finish(sql));
  return state_->OutcomeOf(result.get());
}

Result<std::unique_ptr<Rows>> Session::Query(std::string_view sql) {
  State& state = *state_;
  STIR_TRY(state.Send(sql));
  // Only after its end is it known which of several statements is the last.
  const bool streams = !MayBeSeveral(sql);
  if (streams) state.api.setSingleRowMode(state.connection);
  ResultHandle first = state.Take();
  const bool rows = first != nullptr && IsRows(state.api.resultStatus(first.get()));
  if (!rows || !streams) {
    STIR_ASSIGN(first, state.Finish(sql, std::move(first)));
  }
  return std::unique_ptr<Rows>(
      std::make_unique<StreamedRows>(state_, std::string(sql), std::move(first), rows && streams));
}

Result<std::vector<Column>> Session::Describe(std::string_view sql) {
  State& state = *state_;
  state.Start();
  STIR_TRY(state.Sent(state.api.sendPrepare(state.connection, "", std::string(sql).c_str(), 0, nullptr) == 1));
  STIR_TRY(state.Finish(sql));
  state.Start();
  STIR_TRY(state.Sent(state.api.sendDescribePrepared(state.connection, "") == 1));
  STIR_ASSIGN(const ResultHandle described, state.Finish(sql));
  return state.ColumnsOf(described.get());
}

Result<int64_t> Session::CopyOut(std::string_view sql, const std::function<Status(std::string_view)>& sink) {
  State& state = *state_;
  STIR_TRY(state.Send(sql));
  ResultHandle first = state.Take();
  if (first == nullptr || state.api.resultStatus(first.get()) != PGRES_COPY_OUT)
    return state.NotACopy(sql, std::move(first), "TO STDOUT");
  Status taken;
  char* bytes = nullptr;
  for (int size = 0; (size = state.wire->TakeCopyData(&bytes)) > 0;) {
    if (taken.ok()) {
      taken = sink(std::string_view(bytes, static_cast<size_t>(size)));
      if (!taken.ok()) Cancel();  // what is on its way is read and dropped
    }
    state.api.freemem(bytes);
  }
  auto result = state.Finish(sql);
  if (!taken.ok()) return std::move(taken).error();
  if (!result.ok()) return std::move(result).error();
  return state.OutcomeOf(result->get()).rows;
}

Result<std::unique_ptr<CopyIn>> Session::BeginCopyIn(std::string_view sql) {
  State& state = *state_;
  STIR_TRY(state.Send(sql));
  ResultHandle first = state.Take();
  if (first == nullptr || state.api.resultStatus(first.get()) != PGRES_COPY_IN)
    return state.NotACopy(sql, std::move(first), "FROM STDIN");
  return std::unique_ptr<CopyIn>(std::make_unique<Copy>(state_, std::string(sql)));
}

void Session::Cancel() {
  const std::lock_guard lock(state_->mutex);
  if (!state_->running) return;
  state_->wire->Cancel();
}

bool Session::InTransaction() const { return state_->InTransactionNow(); }
bool Session::IsLost() const { return state_->api.status(state_->connection) != CONNECTION_OK; }
int Session::server_version() const { return state_->api.serverVersion(state_->connection); }
const std::string& Session::sqlstate() const { return state_->sqlstate; }

std::string Session::Parameter(const char* name) const {
  const char* value = state_->api.parameterStatus(state_->connection, name);
  return value == nullptr ? std::string() : std::string(value);
}

}  // namespace stir::pg
