// PostgreSQL as an Adapter: a profile and the sessions it makes.
#include "adapter/postgres/postgres_adapter.h"

#include "adapter/postgres/options.h"
#include "adapter/postgres/session.h"
#include "adapter/postgres/types.h"
#include "base/strings.h"

namespace stir::adapter::postgres {
namespace {

// dbt calls a connection that fails an error of the database.
Result<std::unique_ptr<PostgresSession>> OpenSession(const Options& options, const std::shared_ptr<TypeNames>& types) {
  auto session = PostgresSession::Open(options, types);
  if (session.ok()) return session;
  Diagnostics errors = std::move(session).error();
  for (Diagnostic& error : errors) error.dbt.message = "Database Error\n  " + ReplaceAll(error.message, "\n", "\n  ");
  return errors;
}

class PostgresAdapter final : public Adapter {
 public:
  PostgresAdapter(Profile profile, Options options, std::shared_ptr<TypeNames> types, std::string version)
      : profile_(std::move(profile)),
        options_(std::move(options)),
        types_(std::move(types)),
        version_(std::move(version)) {}

  const Dialect& dialect() const override { return PostgresDialect(); }
  const Profile& profile() const override { return profile_; }
  std::string EngineVersion() override { return version_; }

  Result<std::unique_ptr<Connection>> Connect() override {
    STIR_ASSIGN(std::unique_ptr<PostgresSession> session, OpenSession(options_, types_));
    return std::unique_ptr<Connection>(std::move(session));
  }

 private:
  Profile profile_;
  Options options_;
  std::shared_ptr<TypeNames> types_;
  std::string version_;
};

}  // namespace

const Dialect& PostgresDialect() {
  static const Dialect kDialect = [] {
    Dialect dialect;
    dialect.name = "postgres";
    dialect.macro_prefixes = {"postgres"};
    dialect.max_identifier = 63;
    dialect.dbt_release = "1.11.0";
    dialect.implicit_transactions = true;
    dialect.transactions_off = "autocommit";
    dialect.title = "Postgres";
    dialect.renames_relations = true;
    dialect.plain_text_unsized = true;
    return dialect;
  }();
  return kDialect;
}

Result<std::unique_ptr<Adapter>> OpenPostgres(const Profile& profile) {
  STIR_ASSIGN(Options options, ReadOptions(profile));
  auto types = std::make_shared<TypeNames>();
  STIR_ASSIGN(const std::unique_ptr<PostgresSession> first, OpenSession(options, types));
  Profile completed = profile;
  completed.database = options.database;
  completed.schema = options.schema;
  return std::unique_ptr<Adapter>(std::make_unique<PostgresAdapter>(std::move(completed), std::move(options),
                                                                    std::move(types), first->server_version()));
}

}  // namespace stir::adapter::postgres
