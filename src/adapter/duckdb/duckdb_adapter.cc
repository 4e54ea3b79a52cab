// DuckDB as an Adapter: a profile, the database it names, and sessions on it.
#include "adapter/duckdb/duckdb_adapter.h"

#include <fmt/format.h>

#include "adapter/duckdb/database.h"
#include "adapter/duckdb/options.h"
#include "adapter/duckdb/session.h"
#include "adapter/duckdb/setup.h"

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
  STIR_TRY(SetUp(*connection, options, LibraryFolder(database->api())));
  return std::unique_ptr<Adapter>(
      std::make_unique<DuckDbAdapter>(std::move(completed), std::move(options), std::move(database)));
}

}  // namespace stir::adapter::duckdb
