// The adapter contract suite.
#include "adapter/testing/contract.h"

#include <fmt/format.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "adapter/cell.h"
#include "adapter/kinds.h"

namespace stir::adapter {

std::string ContractName(const testing::TestParamInfo<ContractSubject>& subject) { return subject.param.name; }

void AdapterContract::SetUp() {
  std::string pattern = (std::filesystem::temp_directory_path() / "stir-contract-XXXXXX").string();
  ASSERT_NE(mkdtemp(pattern.data()), nullptr);
  folder_ = pattern;
  auto opened = GetParam().open(folder_);
  ASSERT_TRUE(opened.ok()) << opened.error().front().message;
  adapter_ = *std::move(opened);
}

void AdapterContract::TearDown() {
  adapter_.reset();
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

std::unique_ptr<Connection> AdapterContract::Connect() {
  auto connection = adapter_->Connect();
  EXPECT_TRUE(connection.ok());
  return connection.ok() ? *std::move(connection) : nullptr;
}

void AdapterContract::Run(Connection& connection, const std::string& sql) {
  const auto outcome = connection.Execute(sql);
  ASSERT_TRUE(outcome.ok()) << sql << ": " << outcome.error().front().message;
}

std::vector<std::string> AdapterContract::Texts(Connection& connection, const std::string& sql) {
  auto rows = QueryAll(connection, sql);
  if (!rows.ok()) {
    ADD_FAILURE() << sql << ": " << rows.error().front().message;
    return {};
  }
  std::vector<std::string> out;
  for (const auto& row : *rows) {
    std::vector<std::string> cells;
    for (const Cell& cell : row) cells.push_back(CellText(cell));
    out.push_back(fmt::format("{}", fmt::join(cells, "|")));
  }
  return out;
}

Relation AdapterContract::Named(const std::string& schema, const std::string& identifier) const {
  const Dialect& dialect = adapter_->dialect();
  return {.database = adapter_->profile().database,
          .schema = schema,
          .identifier = identifier,
          .quote = dialect.default_quote,
          .include = dialect.default_include};
}

namespace {

// Tests of other rooms link this library without naming an engine.
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(AdapterContract);

using Lines = std::vector<std::string>;

TEST_P(AdapterContract, ExecuteSaysHowManyRowsItWrote) {
  auto connection = Connect();
  Run(*connection, "create table t (i integer, s varchar(20))");
  const auto outcome = connection->Execute("insert into t values (1, 'a'), (2, 'b'), (3, null)");
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->rows_affected, 3);
}

TEST_P(AdapterContract, ExecuteTakesSeveralStatements) {
  auto connection = Connect();
  const auto outcome =
      connection->Execute("create table t (i integer); insert into t values (1), (2); update t set i = 3;");
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->rows_affected, 2);
  EXPECT_EQ(Texts(*connection, "select count(*), sum(i) from t"), Lines{"2|6"});
}

TEST_P(AdapterContract, ExecuteOfNothingIsFine) {
  auto connection = Connect();
  EXPECT_TRUE(connection->Execute("-- only a comment").ok());
  EXPECT_TRUE(connection->Execute("").ok());
}

TEST_P(AdapterContract, QueryGivesNamesTypesAndExactCells) {
  auto connection = Connect();
  Run(*connection, "create table t (i integer, b bigint, d decimal(20,4), s varchar(20), k boolean, day date)");
  Run(*connection,
      "insert into t values (1, 9223372036854775807, -1234567890123456.7, 'it''s é', true, date '2026-02-28'), "
      "(null, null, null, null, null, null)");
  auto rows = connection->Query("select i, b, d, s, k, day from t order by i nulls last");
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ((*rows)->columns().size(), 6u);
  EXPECT_EQ((*rows)->columns()[3].name, "s");
  std::vector<Cell> row;
  ASSERT_TRUE(*(*rows)->Next(row));
  EXPECT_EQ(std::get<int64_t>(row[0]), 1);
  EXPECT_EQ(std::get<int64_t>(row[1]), INT64_MAX);
  EXPECT_EQ(std::get<Decimal>(row[2]).digits, "-1234567890123456.7000");
  EXPECT_EQ(std::get<Text>(row[3]).value, "it's é");
  EXPECT_TRUE(std::get<bool>(row[4]));
  EXPECT_EQ(std::get<Date>(row[5]).days, 20512);
  ASSERT_TRUE(*(*rows)->Next(row));
  for (const Cell& cell : row) EXPECT_TRUE(std::holds_alternative<std::monostate>(cell));
  EXPECT_FALSE(*(*rows)->Next(row));
  EXPECT_FALSE(*(*rows)->Next(row)) << "the end stays the end";
}

TEST_P(AdapterContract, QueryWithoutRowsKeepsItsColumns) {
  auto connection = Connect();
  auto rows = connection->Query("select 1 as one, 'x' as two where 1 = 0");
  ASSERT_TRUE(rows.ok());
  ASSERT_EQ((*rows)->columns().size(), 2u);
  EXPECT_EQ((*rows)->columns()[1].name, "two");
  std::vector<Cell> row;
  EXPECT_FALSE(*(*rows)->Next(row));
}

TEST_P(AdapterContract, RowsLeftUnreadDoNotBlockTheConnection) {
  auto connection = Connect();
  Run(*connection, "create table t (i integer)");
  Run(*connection, "insert into t values (1), (2), (3)");
  auto rows = connection->Query("select a.i from t a, t b, t c, t d, t e, t f, t g, t h");
  ASSERT_TRUE(rows.ok());
  std::vector<Cell> row;
  ASSERT_TRUE(*(*rows)->Next(row));
  Run(*connection, "insert into t values (4)");
  EXPECT_EQ(Texts(*connection, "select count(*) from t"), Lines{"4"});
}

TEST_P(AdapterContract, ErrorsCarryTheEnginesWordsAndTheirPlace) {
  auto connection = Connect();
  Run(*connection, "create table t (i integer)");
  const std::string sql = "select i,\n       nonsense\nfrom t";
  const auto failed = connection->Query(sql);
  ASSERT_FALSE(failed.ok());
  const Diagnostic& error = failed.error().front();
  EXPECT_EQ(error.kind, kDatabaseError);
  EXPECT_NE(error.message.find("nonsense"), std::string::npos);
  EXPECT_EQ(error.message.find('^'), std::string::npos) << "no picture of the statement: " << error.message;
  EXPECT_EQ(error.engine_offset, static_cast<int64_t>(sql.find("nonsense")));
}

TEST_P(AdapterContract, ErrorsOfLaterStatementsPointIntoTheWholeText) {
  auto connection = Connect();
  const std::string sql = "select 1;\nselect 'é';\nselect wrong_column from (select 1 as i) t";
  const auto failed = connection->Execute(sql);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().front().engine_offset, static_cast<int64_t>(sql.find("wrong_column")));
}

TEST_P(AdapterContract, AConnectionSurvivesAnError) {
  auto connection = Connect();
  EXPECT_FALSE(connection->Execute("selec 1").ok());
  EXPECT_EQ(Texts(*connection, "select 1"), Lines{"1"});
}

TEST_P(AdapterContract, CommitKeepsAndRollbackForgets) {
  auto connection = Connect();
  Run(*connection, "create table t (i integer)");
  ASSERT_TRUE(connection->Begin().ok());
  EXPECT_TRUE(connection->InTransaction());
  Run(*connection, "insert into t values (1)");
  ASSERT_TRUE(connection->Commit().ok());
  EXPECT_FALSE(connection->InTransaction());
  ASSERT_TRUE(connection->Begin().ok());
  Run(*connection, "insert into t values (2)");
  ASSERT_TRUE(connection->Rollback().ok());
  EXPECT_FALSE(connection->InTransaction());
  EXPECT_EQ(Texts(*connection, "select i from t"), Lines{"1"});
  EXPECT_TRUE(connection->Rollback().ok()) << "harmless outside a transaction";
}

TEST_P(AdapterContract, TransactionsOfTheUsersOwnSqlAreNoticed) {
  auto connection = Connect();
  Run(*connection, "begin");
  EXPECT_TRUE(connection->InTransaction());
  Run(*connection, "commit");
  EXPECT_FALSE(connection->InTransaction());
  Run(*connection, "create table t (i integer)");
  Run(*connection, "begin; insert into t values (1)");
  EXPECT_TRUE(connection->InTransaction());
  ASSERT_TRUE(connection->Rollback().ok());
  EXPECT_EQ(Texts(*connection, "select count(*) from t"), Lines{"0"});
}

TEST_P(AdapterContract, AFailedTransactionCanBeRolledBack) {
  auto connection = Connect();
  Run(*connection, "create table t (i integer)");
  ASSERT_TRUE(connection->Begin().ok());
  Run(*connection, "insert into t values (1)");
  EXPECT_FALSE(connection->Execute("insert into t select cast(s as integer) from (select 'x' as s) q").ok());
  EXPECT_TRUE(connection->InTransaction());
  ASSERT_TRUE(connection->Rollback().ok());
  EXPECT_EQ(Texts(*connection, "select count(*) from t"), Lines{"0"});
}

TEST_P(AdapterContract, TwoConnectionsDoNotSeeEachOthersOpenWork) {
  auto one = Connect();
  auto two = Connect();
  Run(*one, "create table t (i integer)");
  ASSERT_TRUE(one->Begin().ok());
  Run(*one, "insert into t values (1)");
  EXPECT_EQ(Texts(*two, "select count(*) from t"), Lines{"0"});
  ASSERT_TRUE(one->Commit().ok());
  EXPECT_EQ(Texts(*two, "select count(*) from t"), Lines{"1"});
}

TEST_P(AdapterContract, CancelStopsTheRunningStatement) {
  auto connection = Connect();
  std::thread canceler([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    connection->Cancel();
  });
  const auto failed = connection->Execute(GetParam().endless_query);
  canceler.join();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().front().kind, kCanceled);
  EXPECT_EQ(Texts(*connection, "select 1"), Lines{"1"}) << "the session goes on";
}

TEST_P(AdapterContract, CancelStopsRowsBeingRead) {
  auto connection = Connect();
  std::thread canceler([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    connection->Cancel();
  });
  auto rows = QueryAll(*connection, GetParam().endless_query);
  canceler.join();
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().front().kind, kCanceled);
  EXPECT_EQ(Texts(*connection, "select 1"), Lines{"1"});
}

TEST_P(AdapterContract, CancelOfNothingIsHarmless) {
  auto connection = Connect();
  connection->Cancel();
  EXPECT_EQ(Texts(*connection, "select 1"), Lines{"1"});
}

TEST_P(AdapterContract, ResetForgetsWhatStatementsLeftInTheSession) {
  auto connection = Connect();
  ASSERT_TRUE(connection->Execute("create temporary table kept as select 1 as id").ok());
  ASSERT_TRUE(connection->Query("select id from kept").ok());
  ASSERT_TRUE(connection->Reset().ok());
  EXPECT_FALSE(connection->Query("select id from kept").ok());
  EXPECT_TRUE(connection->Execute("create temporary table kept as select 2 as id").ok());
}

TEST_P(AdapterContract, TheCatalogueListsSchemasRelationsAndColumns) {
  auto connection = Connect();
  const std::string& database = adapter_->profile().database;
  ASSERT_TRUE(connection->CreateSchema(database, "shop").ok());
  ASSERT_TRUE(connection->CreateSchema(database, "shop").ok()) << "fine when it exists";
  const Dialect& dialect = adapter_->dialect();
  Run(*connection,
      fmt::format("create table {} (a integer, \"B c\" varchar(20))", dialect.Render(Named("shop", "Odd \"name"))));
  Run(*connection, fmt::format("create view {} as select 1 as one", dialect.Render(Named("shop", "v"))));

  const auto schemas = connection->ListSchemas(database);
  ASSERT_TRUE(schemas.ok());
  EXPECT_NE(std::ranges::find(*schemas, "shop"), schemas->end());

  const auto relations = connection->ListRelations(database, "shop");
  ASSERT_TRUE(relations.ok());
  ASSERT_EQ(relations->size(), 2u);
  EXPECT_EQ((*relations)[0].identifier, "Odd \"name");
  EXPECT_EQ((*relations)[0].type, RelationType::kTable);
  EXPECT_EQ((*relations)[0].database, database);
  EXPECT_EQ((*relations)[1].type, RelationType::kView);

  const auto columns = connection->ListColumns((*relations)[0]);
  ASSERT_TRUE(columns.ok());
  ASSERT_EQ(columns->size(), 2u);
  EXPECT_EQ((*columns)[1].name, "B c");
}

TEST_P(AdapterContract, WhatIsNotThereIsEmptyInTheCatalogue) {
  auto connection = Connect();
  const std::string& database = adapter_->profile().database;
  const auto relations = connection->ListRelations(database, "no_such_schema");
  ASSERT_TRUE(relations.ok());
  EXPECT_TRUE(relations->empty());
  const auto columns = connection->ListColumns(Named(adapter_->profile().schema, "no_such_table"));
  ASSERT_TRUE(columns.ok());
  EXPECT_TRUE(columns->empty());
}

TEST_P(AdapterContract, DescribeTellsColumnsWithoutRunning) {
  auto connection = Connect();
  const auto columns = connection->Describe("select 1 as i, cast(2.5 as decimal(9,2)) as d, 1 / 0 as never");
  ASSERT_TRUE(columns.ok());
  ASSERT_EQ(columns->size(), 3u);
  EXPECT_EQ((*columns)[1].name, "d");
  EXPECT_NE((*columns)[1].type.find('9'), std::string::npos);
  EXPECT_FALSE(connection->Describe("select nope from nowhere").ok());
}

TEST_P(AdapterContract, ManyMayCreateOneSchemaAtOnce) {
  const std::string database = adapter_->profile().database;
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      auto connection = adapter_->Connect();
      for (int n = 0; n < 10; ++n) {
        if (!(*connection)->CreateSchema(database, fmt::format("s{}", n)).ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
}

TEST_P(AdapterContract, ASecondOpenInTheProcessSeesTheSameDatabase) {
  auto connection = Connect();
  Run(*connection, "create table t (i integer)");
  {
    auto second = GetParam().open(folder_);
    ASSERT_TRUE(second.ok());
    auto other = (*second)->Connect();
    ASSERT_TRUE(other.ok());
    Run(**other, "insert into t values (1)");
  }
  EXPECT_EQ(Texts(*connection, "select count(*) from t"), Lines{"1"});
  Run(*connection, "insert into t values (2)");
  connection.reset();
  adapter_.reset();
  auto again = GetParam().open(folder_);
  ASSERT_TRUE(again.ok());
  adapter_ = *std::move(again);
  EXPECT_EQ(Texts(*Connect(), "select count(*) from t"), Lines{"2"});
}

TEST_P(AdapterContract, TheEngineNamesItsVersion) { EXPECT_FALSE(adapter_->EngineVersion().empty()); }

}  // namespace

}  // namespace stir::adapter
