#include "runtime/session.h"

#include <utility>

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"
#include "pylib/modules.h"

namespace stir::runtime {

namespace {

using adapter::Cell;
using jinja::Value;

template <typename... F>
struct Overloaded : F... {
  using F::operator()...;
};

// Digits without a point are a whole number where they fit one.
Value DecimalValue(const std::string& digits) {
  if (digits.size() <= 18 && digits.find_first_not_of("-0123456789") == std::string::npos)
    return Value::Int(std::stoll(digits));
  return pylib::MakeDecimal(digits);
}

// Floating point numbers become Decimals of their shortest form, as in agate.
Value FloatValue(double number) {
  const Value value = Value::Float(number);
  Result<std::string> text = value.Repr();
  return text.ok() ? pylib::MakeDecimal(*std::move(text)) : value;
}

Value DateValue(int32_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days{std::chrono::days{days}}};
  return pylib::MakeDate(static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
                         static_cast<int>(static_cast<unsigned>(date.day())));
}

}  // namespace

Value CellValue(const Cell& cell) {
  return std::visit(Overloaded{
                        [](std::monostate) { return Value::None(); },
                        [](bool value) { return Value::Bool(value); },
                        [](int64_t value) { return Value::Int(value); },
                        [](double value) { return FloatValue(value); },
                        [](const adapter::Decimal& value) { return DecimalValue(value.digits); },
                        [](const adapter::Date& value) { return DateValue(value.days); },
                        [](const adapter::TimestampCell& value) {
                          const Timestamp time{std::chrono::microseconds(value.micros)};
                          return value.with_zone ? pylib::MakeDatetimeUtc(time) : pylib::MakeDatetime(time);
                        },
                        [](const adapter::Text& value) { return Value::String(value.value); },
                        [](const adapter::Other& value) { return Value::String(value.text); },
                    },
                    cell);
}

Result<std::string> Session::WithComment(std::string_view sql) {
  if (const CommentSource source =
          std::exchange(comment_source_, nullptr)) {  // emptied first: the comment may send statements
    STIR_ASSIGN(const std::string comment, source());
    comment_ = Strip(comment);
  }
  if (comment_.empty()) return std::string(sql);
  if (!append_) return fmt::format("/* {} */\n{}", comment_, sql);
  std::string_view bare = sql;
  while (!bare.empty() && std::string_view(" \t\r\n").find(bare.back()) != std::string_view::npos)
    bare.remove_suffix(1);
  const bool ended = bare.ends_with(';');
  if (ended) bare.remove_suffix(1);
  return fmt::format("{}\n/* {} */{}", bare, comment_, ended ? ";" : "");
}

// An event of dbt's adapters: its own members, then those of the node.
void Session::Say(std::string_view code, std::string_view name, std::string message, std::string members) {
  if (!data_.empty()) members += (members.empty() ? "" : ", ") + data_;
  events_.Emit(Event{code, name, Level::kDebug, std::move(message), "{" + members + "}"});
}

void Session::Log(std::string_view sql) {
  sent_ = true;
  std::string connection = "\"conn_name\": ";
  AppendJsonString(connection, name_);
  Say("E015", "ConnectionUsed", fmt::format("Using {} connection \"{}\"", engine_, name_),
      fmt::format("{}, \"conn_type\": \"{}\"", connection, engine_));
  std::string members = connection + ", \"sql\": ";
  AppendJsonString(members, sql);
  Say("E016", "SQLQuery", fmt::format("On {}: {}", name_, sql), std::move(members));
}

void Session::LogStatus(std::string_view status, Duration began) {
  const double elapsed = std::chrono::duration<double>(clock_.Monotonic() - began).count();
  std::string members = fmt::format("\"elapsed\": {}, \"query_id\": \"\", \"status\": ", elapsed);
  AppendJsonString(members, status);
  Say("E017", "SQLQueryStatus", fmt::format("SQL status: {} in {:.3f} seconds", status, elapsed), std::move(members));
}

Status Session::Transact(std::string_view word, Status (adapter::Connection::*act)()) {
  Log(word);
  const Duration began = clock_.Monotonic();
  Status done = (connection_.*act)();
  if (done.ok()) LogStatus("OK", began);
  return done;
}

Status Session::BeginIfNeeded(bool auto_begin) {
  const bool first = std::exchange(fresh_, false) && transactions_ == Transactions::kImplicit;
  if (transactions_ == Transactions::kNone || connection_.InTransaction() || !(auto_begin || first)) return {};
  return transactions_ == Transactions::kImplicit ? connection_.Begin()
                                                  : Transact("BEGIN", &adapter::Connection::Begin);
}

Diagnostics Session::Explain(Diagnostics errors, std::string_view sql) {
  failed_sql_ = sql;
  const int64_t shift = comment_.empty() || append_ ? 0 : static_cast<int64_t>(comment_.size()) + 7;  // "/* " " */\n"
  for (Diagnostic& error : errors)
    if (error.engine_offset >= shift) error.engine_offset -= shift;
  return errors;
}

Result<adapter::Outcome> Session::Execute(std::string_view sql, bool auto_begin, std::string_view shown) {
  STIR_TRY(BeginIfNeeded(auto_begin));
  STIR_ASSIGN(const std::string statement, WithComment(sql));
  Log(shown.empty() ? statement : shown);
  const Duration began = clock_.Monotonic();
  Result<adapter::Outcome> outcome = connection_.Execute(statement);
  if (!outcome.ok()) return Explain(std::move(outcome).error(), sql);
  LogStatus(outcome->message, began);
  return outcome;
}

Result<std::unique_ptr<adapter::Rows>> Session::Open(std::string_view sql) {
  STIR_ASSIGN(const std::string statement, WithComment(sql));
  Log(statement);
  const Duration began = clock_.Monotonic();
  Result<std::unique_ptr<adapter::Rows>> rows = connection_.Query(statement);
  if (!rows.ok()) return Explain(std::move(rows).error(), sql);
  LogStatus((*rows)->outcome().message, began);
  return rows;
}

Result<QueryResult> Session::Query(std::string_view sql, bool auto_begin, std::optional<size_t> limit) {
  STIR_TRY(BeginIfNeeded(auto_begin));
  STIR_ASSIGN(const std::unique_ptr<adapter::Rows> rows, Open(sql));
  QueryResult result;
  for (const adapter::ColumnInfo& column : rows->columns()) result.columns.push_back(column.name);
  std::vector<Cell> cells;
  while (!limit || result.rows.size() < *limit) {
    Result<bool> more = rows->Next(cells);
    if (!more.ok()) return Explain(std::move(more).error(), sql);
    if (!*more) break;
    std::vector<Value>& row = result.rows.emplace_back();
    for (const Cell& cell : cells) row.push_back(CellValue(cell));
  }
  result.outcome = rows->outcome();
  return result;
}

Status Session::Commit() {
  if (!connection_.InTransaction()) return {};
  std::string members = "\"conn_name\": ";
  AppendJsonString(members, name_);
  Say("E018", "SQLCommit", fmt::format("On {}: COMMIT", name_), std::move(members));
  return Transact("COMMIT", &adapter::Connection::Commit);
}

Status Session::Rollback() {
  fresh_ = true;
  if (!connection_.InTransaction()) return {};
  std::string members = "\"conn_name\": ";
  AppendJsonString(members, name_);
  Say("E012", "Rollback", fmt::format("On {}: ROLLBACK", name_), std::move(members));
  return connection_.Rollback();
}

Status Session::Release() {
  STIR_TRY(Rollback());
  return sent_ ? connection_.Reset() : Status();
}

}  // namespace stir::runtime
