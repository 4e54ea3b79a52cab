// `sql` tasks: statements on the target or on a connection, all in one transaction where there are several. A last
// statement that gives exactly one row makes its columns the task's outputs.
#include <fmt/format.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "adapter/cell.h"
#include "base/json.h"
#include "engine/sql.h"
#include "engine/task_job.h"
#include "platform/bind.h"

namespace stir::engine {
namespace {

// Numbers and booleans keep their type; everything else is a text.
Json CellToJson(const adapter::Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return nullptr;
  if (const auto* boolean = std::get_if<bool>(&cell)) return *boolean;
  if (const auto* integer = std::get_if<int64_t>(&cell)) return *integer;
  if (const auto* real = std::get_if<double>(&cell)) return *real;
  if (const auto* decimal = std::get_if<adapter::Decimal>(&cell)) {
    double value = 0;
    std::from_chars(decimal->digits.data(), decimal->digits.data() + decimal->digits.size(), value);
    return value;
  }
  return adapter::CellText(cell);
}

struct Gathered {
  Json outputs = Json::object();
  int64_t rows = -1;
};

Result<Gathered> QueryLast(adapter::Connection& connection, std::string_view sql) {
  STIR_ASSIGN(auto rows, connection.Query(sql));
  Gathered gathered;
  std::vector<adapter::Cell> row;
  int64_t count = 0;
  Json first = Json::object();
  while (true) {
    STIR_ASSIGN(const bool more, rows->Next(row));
    if (!more) break;
    if (++count == 1)
      for (size_t i = 0; i < row.size(); ++i) first[rows->columns()[i].name] = CellToJson(row[i]);
  }
  const bool changed = rows->columns().empty() || rows->outcome().rows_affected >= 0;
  gathered.rows = changed ? rows->outcome().rows_affected : count;
  if (!changed && count == 1) gathered.outputs = std::move(first);
  return gathered;
}

Result<Gathered> RunStatements(adapter::Connection& connection, std::string_view text) {
  const auto ranges = SplitStatements(text);
  const auto sql = [&](const StatementRange& range) { return text.substr(range.begin, range.end - range.begin); };
  if (ranges.empty()) return Gathered{};
  if (ranges.size() == 1) return QueryLast(connection, sql(ranges[0]));
  STIR_TRY(connection.Begin());
  for (size_t i = 0; i + 1 < ranges.size(); ++i) STIR_TRY(connection.Execute(sql(ranges[i])));
  STIR_ASSIGN(Gathered last, QueryLast(connection, sql(ranges.back())));
  STIR_TRY(connection.Commit());
  return last;
}

// The engine's complaint stands at the statement that the user wrote.
TaskResult Explained(Diagnostics errors, const platform::Task& bound) {
  for (Diagnostic& error : errors) {
    if (!error.span) error.span = bound.text.span;
    if (error.subject.empty()) error.subject = fmt::format("task `{}`", bound.name);
  }
  return FailedTask(std::move(errors));
}

Result<std::unique_ptr<adapter::Connection>> Connect(TaskJob& job, const std::string& name) {
  Workspace& workspace = job.workspace;
  STIR_ASSIGN(const platform::Connection* defined, workspace.definitions().FindConnection(name));
  platform::RunScope scope(workspace.values(), workspace.definitions(), workspace.secrets(), job.facts);
  STIR_ASSIGN(const platform::Connection connection,
              platform::BindConnection(workspace.definitions(), *defined, scope));
  STIR_ASSIGN(adapter::Adapter * database, workspace.Database(connection));
  return database->Connect();
}

}  // namespace

Result<adapter::Cell> FirstCell(TaskJob& job, const std::string& connection, std::string_view sql) {
  STIR_ASSIGN(const auto session, Connect(job, connection));
  const Interruption::Watch watch(job.interruption, session.get());
  STIR_ASSIGN(auto rows, session->Query(sql));
  std::vector<adapter::Cell> row;
  STIR_ASSIGN(const bool any, rows->Next(row));
  return any && !row.empty() ? std::move(row.front()) : adapter::Cell();
}

TaskResult RunSqlTask(TaskJob& job, const platform::Task& bound) {
  auto connection = Connect(job, *bound.subject);
  if (!connection.ok()) return Explained(std::move(connection).error(), bound);
  const Interruption::Watch watch(job.interruption, connection->get());
  job.log.Write(*bound.text);
  auto gathered = RunStatements(**connection, *bound.text);
  if (!gathered.ok()) {
    static_cast<void>((*connection)->Rollback().ok());
    return Explained(std::move(gathered).error(), bound);
  }
  TaskResult result;
  if (gathered->rows >= 0) {
    result.message = fmt::format("{} row{}", gathered->rows, gathered->rows == 1 ? "" : "s");
    if (!gathered->outputs.contains("rows")) gathered->outputs["rows"] = gathered->rows;
  }
  result.outputs = WriteJson(gathered->outputs);
  job.log.Write("outputs: " + result.outputs);
  return result;
}

}  // namespace stir::engine
