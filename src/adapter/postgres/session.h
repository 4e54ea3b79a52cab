// A Connection to a PostgreSQL server.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "adapter/connection.h"
#include "adapter/postgres/options.h"
#include "adapter/postgres/types.h"
#include "pg/session.h"

namespace stir::adapter::postgres {

// A session's or a statement's error in the adapters' kinds.
Diagnostics Translated(Diagnostics errors);

class PostgresSession final : public Connection {
 public:
  static Result<std::unique_ptr<PostgresSession>> Open(const Options& options, std::shared_ptr<TypeNames> types);

  Result<Outcome> Execute(std::string_view sql) override;
  Result<std::unique_ptr<Rows>> Query(std::string_view sql) override;
  void Cancel() override { session_->Cancel(); }

  Status Begin() override;
  Status Commit() override;
  Status Rollback() override;
  bool InTransaction() const override { return session_->InTransaction(); }

  // A database is a name and nothing more here: a session sees its own, asking for another is an error.
  Result<std::vector<std::string>> ListSchemas(std::string_view database) override;
  Result<std::vector<Relation>> ListRelations(std::string_view database, std::string_view schema) override;
  Result<std::vector<Column>> ListColumns(const Relation& relation) override;
  Result<std::vector<ColumnInfo>> Describe(std::string_view query) override;
  Status CreateSchema(std::string_view database, std::string_view schema) override;
  Result<std::vector<Relation>> ListDependents(const Relation& relation) override;
  Status Reset() override;

  std::string server_version() const { return session_->Parameter("server_version"); }

 private:
  PostgresSession(std::unique_ptr<pg::Session> session, const Options& options, std::shared_ptr<TypeNames> types)
      : session_(std::move(session)), database_(options.database), role_(options.role), types_(std::move(types)) {}

  Status SetRole();
  Status CheckDatabase(std::string_view database) const;
  bool KnowsAll(std::span<const pg::Column> columns) const;
  Result<std::vector<ColumnInfo>> NameColumns(std::span<const pg::Column> columns);

  std::unique_ptr<pg::Session> session_;
  std::string database_, role_;
  std::shared_ptr<TypeNames> types_;
};

}  // namespace stir::adapter::postgres
