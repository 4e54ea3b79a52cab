// A node's conversation with the engine: one connection, its transaction as dbt's macros expect it, the comment in
// front of every statement, the log of what was sent.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/connection.h"
#include "base/clock.h"
#include "base/event.h"
#include "base/result.h"
#include "jinja/value.h"

namespace stir::runtime {

// A result as templates use it: rows of values and the table made from them.
struct QueryResult {
  adapter::Outcome outcome;
  std::vector<std::string> columns;
  std::vector<std::vector<jinja::Value>> rows;
};

// When a statement opens a transaction.
enum class Transactions : uint8_t {
  kNone,      // never
  kOnDemand,  // one that asks for it
  kImplicit,  // that one, and whichever comes first; without a word of it in the log
};

// Used by one thread; borrows the connection, which outlives it.
class Session {
 public:
  // `comment` is asked once, before the first statement; its text goes before (or behind) every statement that is not
  // about the transaction. Empty: none.
  using CommentSource = std::function<Result<std::string>()>;
  // `name` is what the log calls the connection; `data`: what every event of it carries beside its own, as JSON members
  // (`"node_info": {...}`), or empty.
  Session(adapter::Connection& connection, EventSink& events, const Clock& clock, std::string engine, std::string name,
          std::string data, CommentSource comment, bool append_comment, Transactions transactions)
      : connection_(connection),
        events_(events),
        clock_(clock),
        engine_(std::move(engine)),
        name_(std::move(name)),
        data_(std::move(data)),
        comment_source_(std::move(comment)),
        append_(append_comment),
        transactions_(transactions) {}

  // `auto_begin` opens a transaction first unless one is open. An error's `engine_offset` counts in `sql`.
  // `shown` is what the log has in its place, where that is given.
  Result<adapter::Outcome> Execute(std::string_view sql, bool auto_begin, std::string_view shown = {});
  // At most `limit` rows are kept.
  Result<QueryResult> Query(std::string_view sql, bool auto_begin, std::optional<size_t> limit = {});
  // Rows as the engine gives them, for a preview.
  Result<std::unique_ptr<adapter::Rows>> Open(std::string_view sql);
  Status Commit();    // fine when nothing is open
  Status Rollback();  // fine when nothing is open
  // Rolls back, and gives the connection back without what statements left in it.
  Status Release();
  adapter::Connection& connection() { return connection_; }
  // The statement of the last error, without its comment.
  const std::string& failed_sql() const { return failed_sql_; }

 private:
  Status BeginIfNeeded(bool auto_begin);
  Result<std::string> WithComment(std::string_view sql);
  void Log(std::string_view sql);
  void LogStatus(std::string_view status, Duration began);
  void Say(std::string_view code, std::string_view name, std::string message, std::string members);
  Status Transact(std::string_view word, Status (adapter::Connection::*act)());
  Diagnostics Explain(Diagnostics errors, std::string_view sql);

  adapter::Connection& connection_;
  EventSink& events_;
  const Clock& clock_;
  std::string engine_, name_, data_;
  CommentSource comment_source_;  // empty once asked
  std::string comment_;
  bool append_;
  Transactions transactions_;
  bool sent_ = false;
  bool fresh_ = true;  // nothing was sent, or all of it was rolled back
  std::string failed_sql_;
};

// A cell as a template's value: what dbt's agate tables hold (whole numbers, Decimals, dates, texts, booleans, none).
jinja::Value CellValue(const adapter::Cell& cell);

}  // namespace stir::runtime
