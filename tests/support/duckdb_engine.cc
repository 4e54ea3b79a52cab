// DuckDB: files in the project's folder.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "adapter/duckdb/duckdb_adapter.h"
#include "base/strings.h"
#include "tests/support/artifact_facts.h"
#include "tests/support/engine.h"
#include "tests/support/relation_facts.h"

namespace stir::testing_support {
namespace {

namespace fs = std::filesystem;

std::string Quoted(std::string_view name) { return '"' + ReplaceAll(std::string(name), "\"", "\"\"") + '"'; }

void AddColumns(adapter::Connection& session, std::string_view filter, Entries& entries) {
  auto columns =
      Ask(session, fmt::format("select column_name, data_type || case when is_nullable then '' else ' not null' "
                               "end || coalesce(' -- ' || comment, '') from duckdb_columns() where {} "
                               "order by column_index",
                               filter));
  int number = 0;
  for (const auto& row : columns.ok() ? *columns : Table{}) {
    entries[fmt::format("column {:02} {}", ++number, row[0])] = JsonText(row[1]);
  }
  auto constraints = Ask(session, fmt::format("select constraint_text from duckdb_constraints() where {} and "
                                              "constraint_type <> 'NOT NULL' order by all",
                                              filter));
  for (const auto& row : constraints.ok() ? *constraints : Table{}) entries["constraint " + row[0]] = "true";
}

void AddRelations(adapter::Connection& session, Facts& facts) {
  auto relations =
      Ask(session,
          "select database_name, schema_name, table_name as name, 'table' as type, coalesce(comment, ''), "
          "(select coalesce(string_agg(shown, ' ' order by shown), '') from (select *, regexp_replace(sql, "
          "'\"?[0-9a-f]{32}\"?', '<hash>') as shown from duckdb_indexes()) i where i.table_oid = "
          "t.table_oid and i.database_name = t.database_name) from duckdb_tables() t where not temporary union "
          "all select database_name, schema_name, view_name, 'view', coalesce(comment, ''), '' from "
          "duckdb_views() where not internal and not temporary order by all");
  if (!relations.ok()) {
    facts["relation error"]["error"] = JsonText(relations.error().front().message);
    return;
  }
  for (const auto& row : *relations) {
    Entries& entries = facts[fmt::format("relation {}.{}.{}", row[0], row[1], row[2])];
    entries["type"] = JsonText(row[3]);
    if (!row[4].empty()) entries["comment"] = JsonText(row[4]);
    if (!row[5].empty()) entries["indexes"] = JsonText(row[5]);
    AddRows(session,
            fmt::format("select columns(*)::varchar from {}.{}.{} order by all", Quoted(row[0]), Quoted(row[1]),
                        Quoted(row[2])),
            entries);
    AddColumns(session,
               fmt::format("database_name = '{}' and schema_name = '{}' and table_name = '{}'", row[0], row[1], row[2]),
               entries);
  }
  auto schemas = Ask(session, "select database_name || '.' || schema_name from duckdb_schemas() where not internal");
  for (const auto& row : schemas.ok() ? *schemas : Table{}) facts["schemas"][row[0]] = "true";
}

void AddDatabase(const fs::path& file, Facts& facts) {
  adapter::Profile profile;
  profile.type = "duckdb";
  profile.settings = std::make_shared<const Json>(Json{{"type", "duckdb"}, {"path", file.string()}});
  auto engine = adapter::duckdb::OpenDuckDb(profile);
  auto session = engine.ok() ? (*engine)->Connect() : Result<std::unique_ptr<adapter::Connection>>(engine.error());
  if (session.ok()) {
    AddRelations(**session, facts);
  } else {
    facts["relation error"][file.filename().string()] = JsonText(session.error().front().message);
  }
}

class DuckDb final : public Engine {
 public:
  std::string Profiles() const override {
    return "case:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: case.duckdb, threads: 1}\n";
  }

  void Look(const fs::path& project, Facts& facts) const override {
    const fs::path here = fs::current_path();
    fs::current_path(project);  // views over files name them from there
    std::vector<fs::path> databases;
    for (const fs::directory_entry& entry : fs::directory_iterator(project)) {
      if (entry.path().extension() == ".duckdb") databases.push_back(entry.path());
    }
    std::ranges::sort(databases);
    for (const fs::path& database : databases) AddDatabase(database, facts);
    fs::current_path(here);
  }
};

}  // namespace

std::unique_ptr<Engine> DuckDbEngine() { return std::make_unique<DuckDb>(); }

std::unique_ptr<Engine> EngineFor(std::string_view case_name) {
  return case_name.starts_with("postgres/") ? PostgresEngine() : DuckDbEngine();
}

}  // namespace stir::testing_support
