#include "store/sqlite.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>

#include "base/io_error.h"
#include "base/kinds.h"
#include "store/kinds.h"

namespace stir::store {

Statement::~Statement() {
  if (raw_ == nullptr) return;
  sqlite3_reset(raw_);
  sqlite3_clear_bindings(raw_);
}

void Statement::Bind(int index, std::nullptr_t) {
  if (raw_ != nullptr) sqlite3_bind_null(raw_, index);
}

void Statement::Bind(int index, int64_t value) {
  if (raw_ != nullptr) sqlite3_bind_int64(raw_, index, value);
}

void Statement::Bind(int index, std::string_view value) {
  if (raw_ != nullptr)
    sqlite3_bind_text64(raw_, index, value.data() == nullptr ? "" : value.data(), value.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
}

bool Statement::Step() {
  if (error_ != 0) return false;
  const int code = raw_ == nullptr ? SQLITE_ERROR : sqlite3_step(raw_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) error_ = code;
  return false;
}

Status Statement::Finish() {
  while (Step()) {
  }
  if (error_ != 0) return connection_.Explain(error_);
  return {};
}

bool Statement::IsNull(int column) const { return sqlite3_column_type(raw_, column) == SQLITE_NULL; }
int64_t Statement::Int(int column) const { return sqlite3_column_int64(raw_, column); }

std::string Statement::Text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(raw_, column));
  return text == nullptr ? std::string() : std::string(text, static_cast<size_t>(sqlite3_column_bytes(raw_, column)));
}

Timestamp Statement::Time(int column) const { return ParseTimestamp(Text(column)).value_or(Timestamp()); }

std::optional<int64_t> Statement::OptionalInt(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Int(column);
}

std::optional<Timestamp> Statement::OptionalTime(int column) const {
  if (IsNull(column)) return std::nullopt;
  return Time(column);
}

Result<std::unique_ptr<Connection>> Connection::Open(const std::string& path, bool writable, Duration busy_timeout) {
  sqlite3* raw = nullptr;
  const int flags = (writable ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE) |
                    SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  const int code = sqlite3_open_v2(path.c_str(), &raw, flags, nullptr);
  std::unique_ptr<Connection> connection(new Connection(raw, path));
  if (code != SQLITE_OK) return connection->Explain(code);
  sqlite3_busy_timeout(raw,
                       static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(busy_timeout).count()));
  STIR_TRY(connection->Execute("PRAGMA foreign_keys = ON"));
  if (!writable) STIR_TRY(connection->Execute("PRAGMA query_only = ON"));
  return connection;
}

Connection::~Connection() {
  for (auto& [sql, statement] : cache_) sqlite3_finalize(statement);
  sqlite3_close_v2(raw_);
}

Status Connection::Execute(std::string_view sql) {
  const int code = sqlite3_exec(raw_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Explain(code);
  return {};
}

sqlite3_stmt* Connection::Prepare(std::string_view sql) {
  sqlite3_stmt*& statement = cache_[sql.data()];
  if (statement == nullptr)
    sqlite3_prepare_v3(raw_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
  return statement;
}

int64_t Connection::Changes() const { return sqlite3_changes64(raw_); }
int64_t Connection::LastInsertId() const { return sqlite3_last_insert_rowid(raw_); }
bool Connection::InTransaction() const { return sqlite3_get_autocommit(raw_) == 0; }

Diagnostic Connection::Explain(int code) const {
  const int system = raw_ == nullptr ? 0 : sqlite3_system_errno(raw_);
  switch (code & 0xFF) {
    case SQLITE_FULL:
      return IoError("write", path_, ENOSPC);
    case SQLITE_READONLY:
      return IoError("write", path_, system == 0 ? EROFS : system);
    case SQLITE_PERM:
      return IoError("write", path_, EACCES);
    case SQLITE_CANTOPEN:
      return IoError("write", path_, system == 0 ? EACCES : system);
    case SQLITE_IOERR:
      return IoError("write", path_, system == 0 ? EIO : system);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Diagnostic(kStoreBusy, fmt::format("`{}` is being written by another process for too long", path_))
          .Hint("end the process that holds it, then run the same command again");
    case SQLITE_NOTADB:
    case SQLITE_CORRUPT:
      return Diagnostic(kStoreDamaged, fmt::format("`{}` is not a store of stir, or it is damaged", path_))
          .Hint("put back a copy of it, or move it away to begin without history; nothing was changed");
    default:
      return Diagnostic(kStoreFailed,
                        fmt::format("`{}`: {} ({})", path_, raw_ == nullptr ? "" : sqlite3_errmsg(raw_), code));
  }
}

}  // namespace stir::store
