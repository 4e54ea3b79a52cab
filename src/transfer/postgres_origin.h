// What a table, view or query of PostgreSQL is before its rows are read: its columns, what the server promises of them,
// and a session that keeps them as they are.
#pragma once

#include <charconv>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "pg/session.h"
#include "platform/definitions.h"
#include "transfer/postgres_columns.h"

namespace stir::transfer {

using PgConnect = std::function<Result<std::unique_ptr<pg::Session>>()>;

// A session for reading that a cancel reaches.
class PgLink {
 public:
  static Result<std::unique_ptr<PgLink>> Open(const PgConnect& connect, const CancelToken& cancel);
  pg::Session& session() { return *session_; }
  // A small result; NULL is "".
  Result<std::vector<std::vector<std::string>>> All(const std::string& sql);

 private:
  PgLink(std::unique_ptr<pg::Session> session, const CancelToken& cancel)
      : session_(std::move(session)), on_cancel_(cancel, [target = session_.get()] { target->Cancel(); }) {}
  std::unique_ptr<pg::Session> session_;
  OnCancel<std::function<void()>> on_cancel_;
};

// 0 for what is no number.
template <typename T>
T NumberIn(std::string_view text) {
  T value{};
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

class PgOrigin {
 public:
  // Connects and looks. As long as it lives, a session of it holds the lock of a reader on everything that is read.
  static Result<std::unique_ptr<PgOrigin>> Open(const PgConnect& connect, const platform::Ingestion& ingestion,
                                                const CancelToken& cancel);

  bool is_table() const { return ingestion_.from.query->empty(); }
  bool has_pages() const { return kind_ == 'r' || kind_ == 'p' || kind_ == 'm'; }
  Span span() const { return is_table() ? ingestion_.from.table.span : ingestion_.from.query.span; }
  const std::string& name() const { return name_; }  // "public.sales", "query"
  const std::string& from() const { return from_; }  // SQL
  uint32_t oid() const { return oid_; }
  const std::vector<PgColumn>& columns() const { return columns_; }
  const std::vector<PgField>& fields() const { return fields_; }  // of the columns
  bool check_utf8() const { return check_utf8_; }                 // the server does not vouch for its texts
  PgLink& keeper() { return *keeper_; }
  void Release() { keeper_.reset(); }  // all is read

  bool AreNotNull(const std::vector<std::string>& names) const;
  bool AreUnique(const std::vector<std::string>& names) const;
  Result<std::string> SafeMoment(size_t column);
  // A moment, number or text as a literal of the column's type.
  std::string Bound(size_t column, const std::string& text) const;

  // What a session was `told`, at the place that it is about; a right that is missing with the words that give it. Ends
  // the session's transaction.
  Diagnostics Denied(Diagnostics errors, Span place, PgLink& told) const;
  // The server's words, at the place in the YAML that they are about.
  static Diagnostics At(Diagnostics errors, Span place);

 private:
  struct TypeRow {
    char kind = 'b';
    uint32_t element = 0;
    uint32_t base = 0;
    int32_t modifier = -1;
  };

  explicit PgOrigin(const platform::Ingestion& ingestion) : ingestion_(ingestion) {}
  Status Look();
  Status FindTable();
  Diagnostics NoSuchTable();
  Status CheckNames() const;
  Status ReadDimensions();
  Status ReadKeys();
  Result<std::map<uint32_t, TypeRow>> ReadTypes();
  Status MakeFields();

  const platform::Ingestion& ingestion_;
  std::unique_ptr<PgLink> keeper_;
  std::string name_, from_;
  uint32_t oid_ = 0;
  char kind_ = ' ';  // relkind; ' ' for a query
  bool check_utf8_ = false;
  std::vector<PgColumn> columns_;
  std::vector<PgField> fields_;
  std::set<std::string> not_null_;                       // in lower case, as those below
  std::map<std::string, std::set<std::string>> unique_;  // by index
};

}  // namespace stir::transfer
