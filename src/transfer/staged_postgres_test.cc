// Rows on their way to a real server: through a file, and through a query of the server.
#include <gtest/gtest.h>

#include <filesystem>
#include <string>

#include "transfer/testing/publish_postgres.h"

namespace stir::transfer {
namespace {

namespace stdfs = std::filesystem;
using platform::Strategy;

// What `enrich` joins with, and the rows that it is for.
class EnrichTest : public PublishPostgresTest {
 protected:
  void SetUp() override {
    PublishPostgresTest::SetUp();
    Sql("create table accounts (profile_id bigint primary key, profile_pic text); insert into accounts values (0, "
        "'zero.png'), (1, 'one.png')");
    publication_.enrich =
        At<std::string>("select s.*, a.profile_pic from {{ staged }} s left join public.accounts a using (profile_id)");
    publication_.key = {At<std::string>("profile_id")};
    Model("select range profile_id, (range * 1.5)::decimal(12,2) score from range(3)");
  }
};

TEST_F(EnrichTest, RowsAreJoinedWithTablesOfTheServer) {
  publication_.indexes = {{"profile_pic"}};
  for (int run = 1; run <= 2; ++run) {
    EXPECT_EQ(Publishes(std::to_string(run)).rows, 3);
    EXPECT_EQ(Sql("select * from orders order by 1"), "0|0.00|zero.png;1|1.50|one.png;2|3.00|NULL");
    Sql("update accounts set profile_pic = 'zero.png' where profile_id = 0");
  }
  EXPECT_EQ(Sql("select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum) from "
                "pg_attribute where attrelid = 'orders'::regclass and attnum > 0"),
            "profile_id bigint, score numeric(12,2), profile_pic text");
  EXPECT_EQ(Sql("select string_agg(indexname, ' ' order by indexname) from pg_indexes where tablename = 'orders'"),
            "orders_pkey orders_profile_pic_idx");
  EXPECT_EQ(Tables(), "_stir_publications accounts orders orders__stir_g1");
}

TEST_F(EnrichTest, OtherStrategiesTakeEnrichedRows) {
  Publishes();
  Sql("update accounts set profile_pic = 'new.png' where profile_id = 1");
  publication_.strategy = At(Strategy::kMerge);
  Model("select range profile_id, (range * 2)::decimal(12,2) score from range(1, 4)");
  const PublishOutcome outcome = Publishes("r2");
  EXPECT_EQ(outcome.inserted, 1);
  EXPECT_EQ(outcome.updated, 2);
  EXPECT_EQ(Sql("select * from orders order by 1"), "0|0.00|zero.png;1|2.00|new.png;2|4.00|NULL;3|6.00|NULL");
  EXPECT_EQ(Tables(), "_stir_publications accounts orders");
}

TEST_F(EnrichTest, AJoinThatLosesOrMultipliesRowsIsRefused) {
  publication_.key.clear();
  publication_.enrich = At<std::string>("select s.* from {{ staged }} s join public.accounts a using (profile_id);\n");
  EXPECT_EQ(
      Fails(),
      "verify-failed: `enrich` made 2 rows of the 3 that are published | nothing was published; a left join keeps "
      "all rows; rows to leave out are the model's");
  publication_.enrich = At<std::string>("select s.* from {{ staged }} s left join public.accounts a on true");
  EXPECT_EQ(Fails(),
            "verify-failed: `enrich` made 6 rows of the 3 that are published | nothing was published; a row meets "
            "several of a joined table: join by its key");
  EXPECT_EQ(Tables(), "_stir_publications accounts");
}

TEST_F(EnrichTest, AWrongQueryIsSaidAndNothingIsLeft) {
  publication_.enrich = At<std::string>("select 1");
  EXPECT_EQ(Fails(),
            "bad-publication: `enrich` does not read the rows that are published | select from {{ staged }}, which is "
            "where they are");
  publication_.enrich = At<std::string>(
      "select s.*, a.* from {{ staged }} s left join public.accounts a using "
      "(profile_id)");
  EXPECT_EQ(Fails(),
            "bad-publication: `enrich` gives column `profile_id` twice | nothing was published; select single columns "
            "of the joined tables");
  publication_.enrich = At<std::string>("select s.* from {{ staged }} s left join accounts a using (profile_id)");
  EXPECT_EQ(Fails(),
            "postgres-statement-failed: relation \"accounts\" does not exist | nothing was published; tables are named "
            "with their "
            "schema: public.accounts");
  publication_.enrich = At<std::string>("select * from {{ staged }}; drop table public.accounts");
  EXPECT_EQ(
      Fails(),
      "postgres-statement-failed: cannot insert multiple commands into a prepared statement | nothing was published; "
      "`enrich` is one query");
  EXPECT_EQ(Tables(), "_stir_publications accounts");
}

TEST_F(EnrichTest, WhatAColumnThereWouldRoundIsNotFilled) {
  Publishes();
  publication_.enrich =
      At<std::string>("select profile_id, score / 7 as score, null::text as profile_pic from {{ staged }}");
  EXPECT_EQ(Fails(),
            "column-retyped: column `score` is numeric(12,2) in \"public\".\"orders\", and `enrich` makes it numeric | "
            "nothing was published; cast it to numeric(12,2)");
  EXPECT_EQ(Sql("select sum(score) from orders"), "4.50");
}

TEST_F(EnrichTest, DeathAtAnyStepIsFollowedByTheSameEnd) {
  Publishes();
  for (const char* step : {"publish.created", "publish.copied", "publish.enriched", "publish.dressed",
                           "publish.verified", "publish.switching", "publish.switched"}) {
    DieAt(step);
    EXPECT_EQ(Sql("select count(*), count(profile_pic) from orders"), "3|2") << step;
    EXPECT_EQ(Publishes().rows, 3) << step;
    EXPECT_EQ(Sql("select count(*), count(profile_pic) from orders"), "3|2") << step;
    EXPECT_EQ(Sql("select count(*) from pg_class where relname like 'orders\\_\\_stir\\_g%' and relkind = 'r'"), "1")
        << step;
  }
  EXPECT_TRUE(RollBack(Request(), SystemFiles(), journal_).ok());
}

// Rows that go through a file.
class StagedTest : public PublishPostgresTest {
 protected:
  void SetUp() override {
    PublishPostgresTest::SetUp();
    publication_.stage = {At<std::string>("lake"), At<std::string>("tmp/orders.jsonl"), At(platform::Format::kJsonl)};
  }
};

TEST_F(StagedTest, TheFileHoldsWhatIsPublished) {
  Model(
      R"(select 7 id, 12345678901234567890.1234567890::decimal(38,10) total, 'a"b\n' || chr(10) || '{}' note, null::date on_day,
        timestamptz '2026-11-21 10:00:00.123456+02' at_time, 0.1::double ratio, ['x', null] tags, '{"a":  1}'::json doc)");
  EXPECT_EQ(Publishes().rows, 1);
  EXPECT_EQ(Sql("select id, total, note, on_day, at_time at time zone 'UTC', ratio, tags, doc from orders"),
            "7|12345678901234567890.1234567890|a\"b\\n\n{}|NULL|2026-11-21 08:00:00.123456|0.1|{x,NULL}|{\"a\":  1}");
  const std::string file = *SystemFiles().Read(folder_ / "lake/tmp/orders.jsonl");
  EXPECT_EQ(file, R"({"id":7,"total":"12345678901234567890.1234567890","note":"a\"b\\n\n{}","on_day":null,)"
                  R"("at_time":"2026-11-21 08:00:00.123456+00","ratio":"0.1","tags":["x",null],"doc":"{\"a\":  1}"})"
                  "\n");
  EXPECT_FALSE(stdfs::exists(folder_ / "lake/tmp/orders.jsonl.part"));
}

TEST_F(StagedTest, ParquetKeepsEveryTypeAndEnrichFollows) {
  publication_.stage->path = At<std::string>("tmp/orders.parquet");
  publication_.stage->format = At(platform::Format::kParquet);
  publication_.enrich = At<std::string>("select s.*, 'x' as label from {{ staged }} s");
  Model("select range id, [(range / 3)::decimal(10,4)] parts from range(60000)");
  EXPECT_EQ(Publishes().rows, 60000);
  EXPECT_EQ(Sql("select count(*), sum(parts[1]), min(label) from orders"), "60000|599990000.0000|x");
}

TEST_F(StagedTest, WhatTheFormatWouldRoundIsRefused) {
  Model("select {'a': 12345678901234567890.12::decimal(38,2)} id");
  EXPECT_EQ(Fails(),
            "verify-failed: the file holds 1 rows where 1 were written, and some values did not come back the same | "
            "nothing was "
            "published; `format: parquet` keeps every type");
  publication_.stage->format = At(platform::Format::kCsv);
  EXPECT_EQ(
      Fails(),
      "bad-publication: a CSV does not tell an empty text from none | `format` of `stage` can be jsonl or parquet");
  EXPECT_EQ(Tables(), "NULL");
}

}  // namespace
}  // namespace stir::transfer
