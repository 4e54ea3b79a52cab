// A session with the server that a publication goes to: statements, small results as texts, what stops it.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "pg/session.h"
#include "platform/definitions.h"

namespace stir::transfer {

using PgTexts = std::vector<std::optional<std::string>>;  // a row

// Used by one thread at a time. In UTC, with an empty search_path: every name is qualified, also in what the server
// says of its catalogue. Errors stand at `span`, and those of missing rights say what to grant.
class Server {
 public:
  static Result<std::unique_ptr<Server>> Open(const platform::Connection& connection, Span span, CancelToken cancel);

  // A lock that was not got in time, or that two sessions wanted crosswise, is kTableHeld; a right that is not there is
  // kRightMissing.
  // One or more statements; without BEGIN in it a text is one transaction. Rows affected by the last, or -1.
  Result<int64_t> Execute(std::string_view sql);
  Result<std::vector<PgTexts>> Query(std::string_view sql);
  // The first value, empty for NULL and no rows.
  Result<std::string> Ask(std::string_view sql);
  Result<int64_t> Count(std::string_view sql);
  Result<std::vector<pg::Column>> Describe(std::string_view sql);  // of a query, without running it
  Result<std::unique_ptr<pg::CopyIn>> BeginCopyIn(std::string_view sql);
  void Rollback();  // also after a cancel; harmless outside a transaction
  void Cancel() { session_->Cancel(); }

  const std::string& user() const { return user_; }  // quoted
  bool IsLost() const { return session_->IsLost(); }
  const std::string& sqlstate() const { return session_->sqlstate(); }  // of the last error
  Diagnostics Placed(Diagnostics errors) const;

 private:
  using Callback = OnCancel<std::function<void()>>;
  Server(std::unique_ptr<pg::Session> session, std::string user, Span span, CancelToken cancel);

  std::unique_ptr<pg::Session> session_;
  std::string user_;
  Span span_;
  CancelToken cancel_;
  std::unique_ptr<Callback> callback_;  // before the session goes
};

// The text of a cell that is not NULL, or nothing.
std::string TextOf(const std::optional<std::string>& cell);
int64_t WholeOf(const std::optional<std::string>& cell);  // 0 for NULL
bool IsTrue(const std::optional<std::string>& cell);

// A name of at most 63 bytes that ends in `suffix`; one that had to be cut holds a hash of the whole, so that two long
// names do not become one.
std::string FitName(std::string_view name, std::string_view suffix);

}  // namespace stir::transfer
