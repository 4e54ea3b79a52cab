// The life of a statement: extracted from the text, prepared, pending, executed.
#include "adapter/duckdb/statement.h"

#include <string>

#include "adapter/duckdb/errors.h"
#include "adapter/kinds.h"

namespace stir::adapter::duckdb {
namespace {

struct Statements {
  StatementsHandle handle;
  idx_t count = 0;
};

Result<Statements> Extract(const Api& api, duckdb_connection connection, std::string_view sql) {
  Statements statements{StatementsHandle(api)};
  const std::string text(sql);
  statements.count = api.extract_statements(connection, text.c_str(), statements.handle.out());
  if (statements.count == 0) {
    // An error, or a text of comments only: the engine tells them apart by whether it has a message.
    if (const char* error = api.extract_statements_error(statements.handle.get())) return ErrorFrom(error);
  }
  return statements;
}

Result<PreparedHandle> PrepareAt(const Api& api, duckdb_connection connection, const Statements& statements,
                                 idx_t index) {
  PreparedHandle prepared(api);
  if (api.prepare_extracted_statement(connection, statements.handle.get(), index, prepared.out()) != DuckDBSuccess) {
    return ErrorFrom(api.prepare_error(prepared.get()));
  }
  return prepared;
}

Diagnostic Canceled() { return ErrorFrom("", true); }

Result<Executed> Execute(const Api& api, const PreparedHandle& prepared, Fetch fetch, const RunState& state) {
  Executed executed{ResultHandle(api), api.prepared_statement_type(prepared.get())};
  const bool stream = fetch == Fetch::kStream && executed.type == DUCKDB_STATEMENT_TYPE_SELECT;
  PendingHandle pending(api);
  const auto start = stream ? api.pending_prepared_streaming : api.pending_prepared;
  if (start(prepared.get(), pending.out()) != DuckDBSuccess) return ErrorFrom(api.pending_error(pending.get()));
  // From here on the engine notices an interrupt; one that came before is noticed by its flag.
  if (state.canceled) return Canceled();
  if (api.execute_pending(pending.get(), executed.result.out()) != DuckDBSuccess) {
    const bool interrupted = api.result_error_type(executed.result.get()) == DUCKDB_ERROR_INTERRUPT;
    return ErrorFrom(api.result_error(executed.result.get()), interrupted);
  }
  return executed;
}

}  // namespace

Result<std::optional<Executed>> Run(const Api& api, duckdb_connection connection, std::string_view sql, Fetch fetch,
                                    RunState& state) {
  STIR_ASSIGN(const Statements statements, Extract(api, connection, sql));
  for (idx_t i = 0; i < statements.count; ++i) {
    if (state.canceled) return Canceled();
    STIR_ASSIGN(const PreparedHandle prepared, PrepareAt(api, connection, statements, i));
    const bool last = i + 1 == statements.count;
    if (api.prepared_statement_type(prepared.get()) == DUCKDB_STATEMENT_TYPE_TRANSACTION) state.saw_transaction = true;
    // The caller of a text with a BEGIN or COMMIT asks the engine where it stands before it reads: a stream would end
    // there.
    const Fetch how = last && !state.saw_transaction ? fetch : Fetch::kAll;
    STIR_ASSIGN(Executed executed, Execute(api, prepared, how, state));
    if (last) return std::optional<Executed>(std::move(executed));
  }
  return std::optional<Executed>();
}

Result<PreparedHandle> Prepare(const Api& api, duckdb_connection connection, std::string_view sql) {
  STIR_ASSIGN(const Statements statements, Extract(api, connection, sql));
  if (statements.count != 1) return Diagnostic(kDatabaseError, "one statement is needed to describe its columns");
  return PrepareAt(api, connection, statements, 0);
}

}  // namespace stir::adapter::duckdb
