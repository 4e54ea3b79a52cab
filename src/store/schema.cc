#include "store/schema.h"

#include <fmt/format.h>

#include <charconv>

#include "base/files.h"
#include "store/kinds.h"

namespace stir::store {
namespace {

int64_t VersionOf(const Migration& migration) {
  int64_t version = 0;
  std::from_chars(migration.name.data(), migration.name.data() + migration.name.size(), version);
  return version;
}

Result<int64_t> CurrentVersion(Connection& connection) {
  Statement statement = connection.Query("PRAGMA user_version");
  const int64_t version = statement.Step() ? statement.Int(0) : 0;
  STIR_TRY(statement.Finish());
  return version;
}

Status Apply(Connection& connection, const Migration& migration) {
  STIR_TRY(connection.Execute("BEGIN IMMEDIATE"));
  Status done = [&]() -> Status {
    STIR_ASSIGN(const int64_t version, CurrentVersion(connection));
    if (version >= VersionOf(migration)) return {};  // another process was faster
    STIR_TRY(connection.Execute(migration.sql));
    return connection.Execute(fmt::format("PRAGMA user_version = {}", VersionOf(migration)));
  }();
  if (done.ok()) done = connection.Execute("COMMIT");
  if (!done.ok() && connection.InTransaction()) (void)connection.Execute("ROLLBACK").ok();
  return done;
}

Status KeepCopy(Connection& connection, const std::string& path, int64_t version) {
  const std::string copy = fmt::format("{}.v{}", path, version);
  if (SystemFiles().Exists(copy)) return {};
  return connection.Run("VACUUM INTO ?1", copy);
}

}  // namespace

Status Migrate(Connection& connection, const std::string& path, std::span<const Migration> migrations) {
  STIR_ASSIGN(const int64_t version, CurrentVersion(connection));
  const int64_t newest = migrations.empty() ? 0 : VersionOf(migrations.back());
  if (version > newest) {
    return Diagnostic(kStoreNewer, fmt::format("`{}` was written by a newer stir (its schema is {}, this one knows {})",
                                               path, version, newest))
        .Hint("use the newer stir; nothing was changed");
  }
  if (version == newest) return {};
  if (version > 0) STIR_TRY(KeepCopy(connection, path, version));
  for (const Migration& migration : migrations) {
    if (VersionOf(migration) > version) STIR_TRY(Apply(connection, migration));
  }
  return {};
}

}  // namespace stir::store
