// What PostgreSQL offers beyond the contract of all engines.
#include "adapter/postgres/session.h"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "adapter/cell.h"
#include "adapter/postgres/postgres_adapter.h"
#include "pg/testing/cluster.h"

namespace stir::adapter::postgres {
namespace {

class PostgresSessionTest : public testing::Test {
 protected:
  PostgresSessionTest() {
    pg::testing::Cluster& cluster = pg::testing::Cluster::Get();
    Profile profile;
    profile.type = "postgres";
    profile.settings = std::make_shared<Json>(Json{{"host", cluster.host()},
                                                   {"port", cluster.port()},
                                                   {"user", cluster.user()},
                                                   {"dbname", cluster.MakeDatabase()},
                                                   {"search_path", "public"}});
    adapter_ = *OpenPostgres(profile);
    session_ = *adapter_->Connect();
  }

  Outcome Run(std::string_view sql) {
    auto outcome = session_->Execute(sql);
    EXPECT_TRUE(outcome.ok()) << sql;
    return outcome.ok() ? *outcome : Outcome();
  }

  std::string Ask(std::string_view sql) { return CellText((*QueryAll(*session_, sql)).at(0).at(0)); }

  std::unique_ptr<Adapter> adapter_;
  std::unique_ptr<Connection> session_;
};

TEST_F(PostgresSessionTest, SaysWhatAStatementDidAsDbtDoes) {
  EXPECT_EQ(Run("create table t (id int)").code, "CREATE TABLE");
  const Outcome inserted = Run("insert into t values (1), (2)");
  EXPECT_EQ(inserted.message, "INSERT 0 2");
  EXPECT_EQ(inserted.code, "INSERT");
  EXPECT_EQ(inserted.rows_affected, 2);
  EXPECT_EQ(Run("create table u as select * from t").code, "SELECT");
}

TEST_F(PostgresSessionTest, KnowsWhatACascadeTakesAlong) {
  Run("create table t (id int); create view a as select * from t; create materialized view b as select * from a; "
      "create schema s; create view s.\"C d\" as select id from b; create view other as select 1 as id");
  Relation table;
  table.schema = "public";
  table.identifier = "t";
  const auto taken = session_->ListDependents(table);
  ASSERT_TRUE(taken.ok());
  std::vector<std::string> names;
  for (const Relation& each : *taken)
    names.push_back(each.schema + "." + each.identifier + " " + std::string(RelationTypeName(each.type)));
  EXPECT_EQ(names, (std::vector<std::string>{"public.a view", "public.b materialized_view", "s.C d view"}));
}

TEST_F(PostgresSessionTest, ForgetsWhatWasLeftInTheSession) {
  Run("set search_path to pg_catalog; create temporary table kept as select 1 as id");
  ASSERT_TRUE(session_->Reset().ok());
  EXPECT_EQ(Ask("select current_setting('search_path')"), "public");
  EXPECT_EQ(Ask("select count(*) from pg_class where relname = 'kept'"), "0");
}

TEST_F(PostgresSessionTest, DescribesTypesInTheDriversWordsToo) {
  const auto columns = session_->Describe("select 1 as a, 'x'::varchar(3) as b, 1.5::numeric(4, 2) as c, now() as d");
  ASSERT_TRUE(columns.ok());
  std::vector<std::string> types;
  for (const ColumnInfo& column : *columns) types.push_back(column.type + " " + column.driver_type);
  EXPECT_EQ(types, (std::vector<std::string>{"integer INTEGER", "character varying(3) TEXT", "numeric(4,2) DECIMAL",
                                             "timestamp with time zone DATETIMETZ"}));
}

}  // namespace
}  // namespace stir::adapter::postgres
