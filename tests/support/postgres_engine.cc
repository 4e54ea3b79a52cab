// PostgreSQL: one database of the tests' cluster, made anew for each case.
#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <regex>

#include "adapter/postgres/postgres_adapter.h"
#include "base/strings.h"
#include "pg/testing/cluster.h"
#include "tests/support/artifact_facts.h"
#include "tests/support/engine.h"
#include "tests/support/relation_facts.h"

namespace stir::testing_support {
namespace {

constexpr const char* kDatabase = "case";

// What the tables, views and materialized views of the projects are; r.oid and the names.
constexpr const char* kRelations =
    "select n.nspname, c.relname, case c.relkind when 'v' then 'view' when 'm' then 'materialized view' else 'table' "
    "end, coalesce(obj_description(c.oid, 'pg_class'), ''), case c.relpersistence when 'u' then 'unlogged' else '' "
    "end, c.oid::text from pg_class c join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p', "
    "'v', 'm') and c.relpersistence <> 't' and n.nspname not like 'pg\\_%' and n.nspname <> 'information_schema' "
    "order by 1, 2";

std::string WithoutHash(const std::string& text) {
  static const std::regex kHash(R"("?\b[0-9a-f]{32}\b"?)");
  return std::regex_replace(text, kHash, "<hash>");
}

void AddList(adapter::Connection& session, const std::string& sql, std::string_view prefix, Entries& entries) {
  auto rows = Ask(session, sql);
  for (const auto& row : rows.ok() ? *rows : Table{})
    entries[fmt::format("{}{}", prefix, WithoutHash(row[0]))] = "true";
}

// The relation's columns as entries; their names, each as text, for a query of its rows.
std::string AddColumns(adapter::Connection& session, const std::string& oid, Entries& entries) {
  auto columns = Ask(session, fmt::format("select attname, format_type(atttypid, atttypmod) || case when attnotnull "
                                          "then ' not null' else '' end || coalesce(' -- ' || "
                                          "col_description(attrelid, attnum), ''), quote_ident(attname) from "
                                          "pg_attribute where attrelid = {} and attnum > 0 and not attisdropped "
                                          "order by attnum",
                                          oid));
  std::vector<std::string> texts;
  for (const auto& row : columns.ok() ? *columns : Table{}) {
    texts.push_back(fmt::format("{}::text", row[2]));
    entries[fmt::format("column {:02} {}", texts.size(), row[0])] = JsonText(row[1]);
  }
  return Join(texts, ", ");
}

void AddRelation(adapter::Connection& session, const std::vector<std::string>& row, Entries& entries) {
  const std::string& oid = row[5];
  entries["type"] = JsonText(row[2]);
  if (!row[3].empty()) entries["comment"] = JsonText(row[3]);
  if (!row[4].empty()) entries["persistence"] = JsonText(row[4]);
  AddList(session, fmt::format("select pg_get_indexdef(indexrelid) from pg_index where indrelid = {}", oid), "index ",
          entries);
  AddList(session, fmt::format("select pg_get_constraintdef(oid) from pg_constraint where conrelid = {}", oid),
          "constraint ", entries);
  AddList(session,
          fmt::format("select grantee::regrole || ' ' || privilege_type from pg_class, aclexplode(relacl) where oid = "
                      "{} and grantee not in (relowner, 0)",
                      oid),
          "grant ", entries);
  const std::string columns = AddColumns(session, oid, entries);
  const auto quoted = [](const std::string& name) { return adapter::postgres::PostgresDialect().Quote(name); };
  AddRows(session, fmt::format("select {} from {}.{}", columns, quoted(row[0]), quoted(row[1])), entries);
}

class Postgres final : public Engine {
 public:
  std::string Profiles() const override {
    return fmt::format(
        "case:\n  target: dev\n  outputs:\n    dev: {{type: postgres, host: {}, port: {}, user: {}, password: secret, "
        "dbname: {}, schema: main, threads: 1}}\n",
        cluster_.host(), cluster_.port(), cluster_.user(), kDatabase);
  }

  void Clear() const override { cluster_.MakeDatabase(kDatabase); }

  std::string WithoutPlace(std::string text) const override {
    return ReplaceAll(std::move(text), cluster_.host(), "PGHOST");
  }

  bool ShowsRunSql() const override { return true; }

  void Look(const std::filesystem::path&, Facts& facts) const override {
    adapter::Profile profile;
    profile.type = "postgres";
    profile.settings = std::make_shared<const Json>(
        Json{{"host", cluster_.host()}, {"port", cluster_.port()}, {"user", cluster_.user()}, {"dbname", kDatabase}});
    auto engine = adapter::postgres::OpenPostgres(profile);
    auto session = engine.ok() ? (*engine)->Connect() : Result<std::unique_ptr<adapter::Connection>>(engine.error());
    auto relations = session.ok() ? Ask(**session, kRelations) : Result<Table>(session.error());
    if (!relations.ok()) {
      facts["relation error"][kDatabase] = JsonText(relations.error().front().message);
      return;
    }
    for (const auto& row : *relations)
      AddRelation(**session, row, facts[fmt::format("relation {}.{}.{}", kDatabase, row[0], row[1])]);
    auto schemas = Ask(**session,
                       "select nspname from pg_namespace where nspname not like 'pg\\_%' and nspname not in "
                       "('information_schema', 'public')");
    for (const auto& row : schemas.ok() ? *schemas : Table{})
      facts["schemas"][fmt::format("{}.{}", kDatabase, row[0])] = "true";
  }

 private:
  pg::testing::Cluster& cluster_ = pg::testing::Cluster::Get();
};

}  // namespace

std::unique_ptr<Engine> PostgresEngine() { return std::make_unique<Postgres>(); }

}  // namespace stir::testing_support
