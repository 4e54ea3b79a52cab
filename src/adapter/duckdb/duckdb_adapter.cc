// DuckDB as an Adapter: a profile, the database it names, and sessions on it.
#include "adapter/duckdb/duckdb_adapter.h"

#include <fmt/format.h>

#include "adapter/cell.h"
#include "adapter/duckdb/database.h"
#include "adapter/duckdb/options.h"
#include "adapter/duckdb/session.h"

namespace stir::adapter::duckdb {
namespace {

class DuckDbAdapter final : public Adapter {
 public:
  DuckDbAdapter(Profile profile, Options options, std::shared_ptr<Database> database)
      : profile_(std::move(profile)), options_(std::move(options)), database_(std::move(database)) {}

  const Dialect& dialect() const override { return DuckDbDialect(); }
  const Profile& profile() const override { return profile_; }

  std::string EngineVersion() override {
    const std::string_view version = database_->api().library_version();
    return std::string(version.starts_with('v') ? version.substr(1) : version);
  }

  Result<std::unique_ptr<Connection>> Connect() override { return Session::Open(database_, options_); }

 private:
  Profile profile_;
  Options options_;
  std::shared_ptr<Database> database_;
};

// Installing asks the network, so only what is not there yet is installed.
Status LoadExtension(Connection& connection, const std::string& name) {
  const std::string literal = DuckDbDialect().QuoteLiteral(name);
  STIR_ASSIGN(auto found, QueryAll(connection, fmt::format("SELECT loaded, installed FROM duckdb_extensions() "
                                                           "WHERE extension_name = {0} OR list_contains(aliases, {0})",
                                                           literal)));
  const auto is = [&](size_t column) { return !found.empty() && std::get<bool>(found[0][column]); };
  if (is(0)) return {};
  if (!is(1)) STIR_TRY(connection.Execute("INSTALL " + literal));
  STIR_TRY(connection.Execute("LOAD " + literal));
  return {};
}

Status SetUp(Connection& connection, const Options& options) {
  for (const std::string& extension : options.extensions) STIR_TRY(LoadExtension(connection, extension));
  for (const std::string& sql : options.setup) STIR_TRY(connection.Execute(sql));
  return {};
}

}  // namespace

Result<std::unique_ptr<Adapter>> OpenDuckDb(const Profile& profile) {
  STIR_ASSIGN(Options options, ReadOptions(profile));
  STIR_ASSIGN(auto database, Database::Open(options));
  Profile completed = profile;
  completed.database = options.database;
  if (completed.schema.empty()) completed.schema = "main";
  // Extensions and attached databases belong to the database, not to the session that brought them.
  Options bare = options;
  bare.session.clear();
  STIR_ASSIGN(auto connection, Session::Open(database, bare));
  STIR_TRY(SetUp(*connection, options));
  return std::unique_ptr<Adapter>(
      std::make_unique<DuckDbAdapter>(std::move(completed), std::move(options), std::move(database)));
}

}  // namespace stir::adapter::duckdb
