// Publication to a real server: what readers see at every step, what survives, what is refused, and what is left after
// a death at every step.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <atomic>
#include <thread>

#include "base/strings.h"
#include "pg/settings.h"
#include "pg/testing/cluster.h"
#include "transfer/kinds.h"
#include "transfer/postgres_server.h"
#include "transfer/testing/publish_postgres.h"

namespace stir::transfer {
namespace {

using platform::Strategy;
using Lines = std::vector<std::string>;

TEST_F(PublishPostgresTest, ANewTableHasItsKeyAndItsIndexes) {
  publication_.key = {At<std::string>("id")};
  publication_.indexes = {{"region", "id"}};
  Model("select range id, 'r' || range % 3 region, (range * 1.5)::decimal(12,2) total from range(120000)");
  const PublishOutcome outcome = Publishes();
  EXPECT_EQ(outcome.rows, 120000);
  EXPECT_EQ(outcome.rows_before, -1);
  EXPECT_EQ(outcome.location, "public.orders of app");
  EXPECT_EQ(Sql("select count(*), sum(total), min(region) from orders"), "120000|10799910000.00|r0");
  EXPECT_EQ(
      Sql("select indexdef from pg_indexes where tablename = 'orders' order by 1"),
      "CREATE INDEX orders_region_id_idx ON public.orders USING btree (region, id);CREATE UNIQUE INDEX orders_pkey "
      "ON public.orders USING btree (id)");
  EXPECT_EQ(Sql("select publication, generation, run_id, state, row_count, table_oid = 'orders'::regclass from "
                "_stir_publications"),
            "orders|1|r1|live|120000|t");
  EXPECT_EQ(Sql("select relallvisible > 0, reltuples from pg_class where relname = 'orders'"), "t|120000");
}

TEST_F(PublishPostgresTest, EveryTypeArrivesExactly) {
  Model(R"(
select * from (values
  (1, true, (-128)::tinyint, 32767::smallint, 255::utinyint, 65535::usmallint, 4294967295::uinteger, (-9223372036854775808)::bigint,
   18446744073709551615::ubigint, 170141183460469231731687303715884105727::hugeint, 12.50::decimal(12,2),
   (-0.0000000000000000001)::decimal(38,19), 'nan'::double, 3.4e38::float, E'a\tb\nc\\N,"q" é 🤦', date '0044-03-15 (BC)', time '23:59:59.999999',
   '10:00:00.5+05:30'::timetz, timestamp '12026-01-01 00:00:00.000001', 'infinity'::timestamptz, interval '1 year -2 days' - interval '3 seconds',
   '123e4567-e89b-12d3-a456-426614174000'::uuid, '\xAA\x00'::blob, '{"a": 12345678901234567890, "b": null}'::json, [1, null, 3],
   ['a"\', null, ''], {'x': 1.20::decimal(5,2), 'y': ['z']}, '0101'::bit, 'hot'::enum('cold', 'hot'), timestamp_ns '2026-01-01 00:00:00.123456'),
  (2, null, null, null, null, null, null, null, null, null, null, null, '-inf'::double, null, '', 'infinity'::date, null, null,
   timestamp '0044-03-15 (BC) 12:00:00', timestamptz '2026-03-29 01:30:00+02', null, null, ''::blob, 'null'::json, [], null, null, null, null, null),
  (3, false, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1e-320::double, -1.5, '\.', '-infinity'::date, time '24:00:00', '00:00:00-15:59'::timetz, '-infinity'::timestamp,
   null, interval '-1 month', null, null, null, null, [], null, '1'::bit, 'cold', null)
) t (id, b, i1, i2, u1, u2, u4, i8, u8, i16, d, dd, f8, f4, s, day, t, ttz, ts, tstz, iv, u, bytes, j, li, ls, st, bi, en, ns))");
  Publishes();
  EXPECT_EQ(Sql("select b, i1, i2, u1, u2, u4, i8, u8, i16, d, dd, f8, f4 from orders order by id"),
            "t|-128|32767|255|65535|4294967295|-9223372036854775808|18446744073709551615|"
            "170141183460469231731687303715884105727|12.50|-0.0000000000000000001|NaN|3.4e+38;"
            "NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|NULL|-Infinity|NULL;"
            "f|0|0|0|0|0|0|0|0|0.00|0.0000000000000000000|1e-320|-1.5");
  EXPECT_EQ(
      Sql("select s, day, t, ttz, ts, tstz, iv, u from orders order by id"),
      "a\tb\nc\\N,\"q\" é 🤦|0044-03-15 BC|23:59:59.999999|10:00:00.5+05:30|12026-01-01 00:00:00.000001|infinity|1 "
      "year -2 days -00:00:03|123e4567-e89b-12d3-a456-426614174000;"
      "|infinity|NULL|NULL|0044-03-15 12:00:00 BC|2026-03-28 23:30:00+00|NULL|NULL;"
      "\\.|-infinity|24:00:00|00:00:00-15:59|-infinity|NULL|-1 mons|NULL");
  EXPECT_EQ(Sql("select bytes, j, li, ls, st, bi, en, ns from orders order by id"),
            "\\xaa00|{\"a\": 12345678901234567890, \"b\": null}|{1,NULL,3}|{\"a\\\"\\\\\",NULL,\"\"}|"
            "{\"x\":1.2,\"y\":[\"z\"]}|0101|hot|2026-01-01 00:00:00.123456;"
            "\\x|null|{}|NULL|NULL|NULL|NULL|NULL;NULL|NULL|NULL|{}|NULL|1|cold|NULL");
  EXPECT_EQ(
      Sql("select string_agg(format_type(atttypid, atttypmod), ' ' order by attnum) from pg_attribute where attrelid "
          "= 'orders'::regclass and attnum > 0"),
      "integer boolean smallint smallint smallint integer bigint bigint numeric(20,0) numeric(39,0) numeric(12,2) "
      "numeric(38,19) double precision real text date time without time zone time with time zone timestamp without "
      "time zone timestamp with time zone interval uuid bytea json integer[] text[] json bit varying text timestamp "
      "without time zone");
  // With types that only go as text all columns did; without them they go in binary form.
  Model("select * exclude (i16, bi) from mart_orders");
  publication_.to.table = At<std::string>("public.binary_orders");
  Publishes();
  Sql("alter table orders drop column i16, drop column bi");
  EXPECT_EQ(Sql("select string_agg(t::text, ';' order by id) from binary_orders t"),
            Sql("select string_agg(t::text, ';' order by id) from orders t"));
}

TEST_F(PublishPostgresTest, NumbersOfAnySizeAndScaleArrive) {
  Model(R"(
select id, a::decimal(4,0) a, b::decimal(4,2) b, c::decimal(18,4) c, d::decimal(38,0) d, e::decimal(38,38) e from (values
  (1, '0', '0.01', '-10000.0000', '99999999999999999999999999999999999999', '0.00000000000000000000000000000000000001'),
  (2, '9999', '-99.99', '0.0001', '-99999999999999999999999999999999999999', '-0.99999999999999999999999999999999999999'),
  (3, '-1', '10', '99999999999999.9999', '10000000000000000000000000000000000000', '0.1'),
  (4, '1000', '1.1', '100010001.0001', '-9223372036854775808', '0')
) t (id, a, b, c, d, e))");
  Publishes();
  EXPECT_EQ(
      Sql("select a, b, c, d, e from orders order by id"),
      "0|0.01|-10000.0000|99999999999999999999999999999999999999|0.00000000000000000000000000000000000001;"
      "9999|-99.99|0.0001|-99999999999999999999999999999999999999|-0.99999999999999999999999999999999999999;"
      "-1|10.00|99999999999999.9999|10000000000000000000000000000000000000|0.10000000000000000000000000000000000000;"
      "1000|1.10|100010001.0001|-9223372036854775808|0.00000000000000000000000000000000000000");
}

TEST_F(PublishPostgresTest, AMergeIsCountedAlikeWithAndWithoutAnIndexOfItsKey) {
  publication_.strategy = At(Strategy::kMerge);
  publication_.key = {At<std::string>("B"), At<std::string>("a")};
  for (const char* index : {"primary key (a, \"B\")", "unique (a, \"B\", v)", "check (a > 0)"}) {
    Sql(fmt::format(
        "drop table if exists orders; create table orders (a int, \"B\" text, v int, j json, {}); insert into orders "
        "values (1, 'x', 1, '{{}}'), (2, 'x', 2, null), (3, 'y', 3, null)",
        index));
    Model(
        "select * from (values (1::int, 'x', 1::int, '{}'::json), (2, 'x', 20, null), (4, 'z', 4, '[]'), (5, 'z', "
        "null, null)) t (a, \"B\", v, j)");
    const PublishOutcome outcome = Publishes();
    EXPECT_EQ(outcome.inserted, 2) << index;
    EXPECT_EQ(outcome.updated, 2) << index;
    EXPECT_EQ(outcome.rows_before, 3) << index;
    EXPECT_EQ(outcome.rows, 5) << index;
    EXPECT_EQ(Sql("select * from orders order by a"), "1|x|1|{};2|x|20|NULL;3|y|3|NULL;4|z|4|[];5|z|NULL|NULL")
        << index;
  }
}

TEST_F(PublishPostgresTest, WhatPostgresCannotHoldIsRefusedAndNothingIsLeft) {
  Model("select 1 id, 'a' || chr(0) s");
  EXPECT_NE(Fails().find("invalid byte sequence"), std::string::npos);
  EXPECT_EQ(Tables(), "_stir_publications");
  Model("select 1 id, timestamp_ns '2026-01-01 00:00:00.123456789' ns");
  EXPECT_NE(Fails().find("sum of microseconds of column `ns` of `mart_orders` are"), std::string::npos);
  EXPECT_EQ(Tables(), "_stir_publications");
}

TEST_F(PublishPostgresTest, WhatAColumnThereWouldRoundIsNotPublished) {
  Sql("create table orders (id int, total numeric(10,1)); insert into orders values (7, 1.5)");
  Model("select 1 id, 2.25::decimal(10,2) total");
  EXPECT_EQ(Fails(),
            "verify-failed: sum of column `total` of `mart_orders` are 2.25 in the model and 2.3 in the table that was "
            "loaded | nothing was published; a column there may round or cut what the model has");
  EXPECT_EQ(Sql("select * from orders"), "7|1.5");
  Model("select 1 id, 'x' total");
  EXPECT_EQ(Fails().substr(0, 60), "postgres-statement-failed: invalid input syntax for type num");
  Model("select 1 id, true total");
  EXPECT_EQ(
      Fails(),
      "column-retyped: column `total` is numeric(10,1) in \"public\".\"orders\", and BOOLEAN in `mart_orders` | cast "
      "it in the model, or make the column boolean there");
  EXPECT_EQ(Tables(), "_stir_publications orders");
}

// All that a table can have beside its rows, made once, and compared before and after.
class HangingTest : public PublishPostgresTest {
 protected:
  void SetUp() override {
    PublishPostgresTest::SetUp();
    for (const char* role : {"reader", "writer"}) Sql(fmt::format("create role {}", role));  // others may have, too
    EXPECT_EQ(Sql(R"(
create schema "x y";
create table regions (name text primary key);
insert into regions values ('r0'), ('r1'), ('r2');
create function touch() returns trigger language plpgsql as $$ begin new.total := coalesce(new.total, 0); return new; end $$;
create table orders (
  id bigint generated by default as identity primary key,
  region text not null constraint known references regions (name),
  total numeric(12,2) default 5 check (total >= 0),
  twice numeric generated always as (total * 2) stored,
  code serial unique,
  constraint no_twins exclude using btree (id with =)
) with (fillfactor = 80, autovacuum_enabled = false);
create index "by Region" on orders (region) include (total) where total > 1;
create index on orders (lower(region));
create statistics together (dependencies) on region, total from orders;
alter table orders alter column region set statistics 77, alter column total set (n_distinct = 5);
alter table orders replica identity using index orders_code_key, cluster on orders_pkey;
comment on table orders is 'it''s ours';
comment on column orders.region is 'where';
comment on index "by Region" is 'for the map';
comment on constraint orders_pkey on orders is 'key';
alter table orders enable row level security;
create policy some_of on orders for select to reader using (region <> 'r2');
comment on policy some_of on orders is 'not all';
create trigger touch before insert on orders for each row execute function touch();
alter table orders disable trigger touch;
create rule noted as on delete to orders do also select 1;
create view "x y"."v é" with (security_barrier = true) as select region, count(*) as n from orders group by region;
create view "x y".w as select * from "x y"."v é";
comment on view "x y"."v é" is 'seen';
create publication changes for table orders (id, region, code) where (id > 0);
grant select on orders to reader; grant insert (region), update on orders to writer with grant option; grant select on "x y"."v é" to reader;
alter table orders owner to writer; grant create on schema public to writer;
insert into orders (region, total) values ('r0', 1), ('r1', 2);
)"),
              "");
  }

  // Everything but oids and rows.
  std::string Facts() const {
    return Sql(R"(
select string_agg(f, E'\n') from (
select 'table ' || pg_get_userbyid(relowner) || array_to_string(reloptions, ',') || relrowsecurity || relreplident::text || obj_description(oid, 'pg_class') f
 from pg_class where oid = 'orders'::regclass
union all select * from (select 'column ' || attname || format_type(atttypid, atttypmod) || attnotnull || attidentity::text || attgenerated::text || attstattarget ||
 coalesce((select string_agg(o, ',' order by o) from unnest(attoptions) o where o not like 'pg\_attver=%'), '') || coalesce(pg_get_expr(d.adbin, d.adrelid), '') || coalesce(col_description(attrelid, attnum), '')
 from pg_attribute a left join pg_attrdef d on d.adrelid = attrelid and d.adnum = attnum where attrelid = 'orders'::regclass and attnum > 0 order by attnum) x
union all select * from (select 'index ' || pg_get_indexdef(indexrelid) || indisprimary || indisreplident || indisclustered || coalesce(obj_description(indexrelid, 'pg_class'), '')
 from pg_index where indrelid = 'orders'::regclass order by 1) x
union all select * from (select 'constraint ' || conname || pg_get_constraintdef(oid) || convalidated || coalesce(obj_description(oid, 'pg_constraint'), '')
 from pg_constraint where conrelid = 'orders'::regclass order by 1) x
union all select 'statistics ' || pg_get_statisticsobjdef(oid) from pg_statistic_ext where stxrelid = 'orders'::regclass
union all select 'policy ' || p::text || obj_description((select oid from pg_policy where polrelid = 'orders'::regclass), 'pg_policy') from pg_policies p where tablename = 'orders'
union all select 'trigger ' || pg_get_triggerdef(oid) || tgenabled::text from pg_trigger where tgrelid = 'orders'::regclass and not tgisinternal
union all select 'rule ' || definition from pg_rules where tablename = 'orders'
union all select * from (select 'view ' || pg_get_viewdef(oid) || coalesce(reloptions::text, '') || coalesce(obj_description(oid, 'pg_class'), '') || coalesce(relacl::text, '')
 from pg_class where relkind = 'v' and relnamespace = '"x y"'::regnamespace order by relname) x
union all select 'publication ' || p::text from pg_publication_tables p
union all select * from (select 'grant ' || grantee || privilege_type || is_grantable from information_schema.role_table_grants where table_name = 'orders' order by 1) x
union all select * from (select 'column grant ' || grantee || privilege_type || column_name || is_grantable from information_schema.role_column_grants where table_name = 'orders' order by 1) x
union all select * from (select 'sequence ' || c.relname || coalesce(a.attname, '') from pg_class c join pg_depend d on d.objid = c.oid and d.refclassid = 'pg_class'::regclass
 join pg_attribute a on a.attrelid = d.refobjid and a.attnum = d.refobjsubid where c.relkind = 'S' and d.refobjid = 'orders'::regclass order by 1) x) all_facts)");
  }
};

TEST_F(HangingTest, AllOfItSurvivesASwapAndARollBack) {
  const std::string before = Facts();
  ASSERT_NE(before.find("no_twins"), std::string::npos) << before;
  Model("select 'r' || range % 3 region, range::decimal(12,2) total from range(10)");
  publication_.indexes = {{"total"}};
  Publishes();
  const std::string index = "index CREATE INDEX orders_total_idx ON public.orders USING btree (total)falsefalsefalse\n";
  EXPECT_EQ(ReplaceAll(Facts(), index, ""), before);
  EXPECT_EQ(Sql("select count(*), sum(twice), min(code) from orders"), "10|90.00|3");
  EXPECT_EQ(Sql("select * from \"x y\".w order by 1"), "r0|4;r1|3;r2|3");
  EXPECT_EQ(Sql("insert into orders (region, total) values ('r1', 1) returning id > 10, code > 12"), "t|t");
  EXPECT_EQ(Sql("set role reader; select count(*) from orders"), "8");
  EXPECT_EQ(Sql("set role reader; select count(*) from orders__stir_g1"),
            "permission denied for table orders__stir_g1");
  EXPECT_EQ(Sql("select count(*) from pg_constraint where contype = 'f' and conrelid = 'orders__stir_g1'::regclass"),
            "0");
  Sql("grant delete on orders to reader");
  auto back = RollBack(Request(), SystemFiles(), journal_);
  ASSERT_TRUE(back.ok()) << back.error().front().message;
  EXPECT_EQ(back->generation, 1);
  EXPECT_EQ(Sql("select id, region, total from orders order by 1"), "1|r0|1.00;2|r1|2.00");
  EXPECT_EQ(ReplaceAll(ReplaceAll(Facts(), index, ""), "grant readerDELETENO\n", ""), before);
  EXPECT_EQ(Sql("select * from \"x y\".w order by 1"), "r0|1;r1|1");
  Publishes("r3");
  EXPECT_EQ(Tables(), "_stir_publications orders orders__stir_g1 regions");
  EXPECT_EQ(Sql("select generation, state from _stir_publications order by 1"), "1|kept;2|dropped;3|live");
}

TEST_F(PublishPostgresTest, WhatASwapWouldBreakIsSaidBeforeAnythingIsTouched) {
  Sql(R"(
create table orders (id int primary key, note text);
create table lines (order_id int references orders (id), whole orders);
create materialized view m as select id from orders;
create function all_orders() returns setof orders language sql as 'select * from orders';
create function fixed() returns bigint language sql begin atomic select count(*) from orders; end;
create publication everything for all tables;
)");
  Model("select 1 id, 'x' note");
  EXPECT_EQ(
      Fails(),
      "table-bound: column whole of table public.lines hangs on \"public\".\"orders\" and would stay with the old "
      "table | drop it, or publish with `strategy: merge`, which keeps the table\n"
      "table-bound: foreign key lines_order_id_fkey of public.lines hangs on \"public\".\"orders\" and would stay with "
      "the old table | drop it, or publish with `strategy: merge`, which keeps the table\n"
      "table-bound: function public.all_orders() hangs on \"public\".\"orders\" and would stay with the old table | "
      "drop it, or publish with `strategy: merge`, which keeps the table\n"
      "table-bound: function public.fixed() hangs on \"public\".\"orders\" and would stay with the old table | drop "
      "it, or publish with `strategy: merge`, which keeps the table\n"
      "table-bound: materialized view public.m hangs on \"public\".\"orders\" and would stay with the old table | drop "
      "it, or publish with `strategy: merge`, which keeps the table\n"
      "table-bound: publication everything takes every table of its schema to its subscribers, also one that is "
      "loaded beside \"public\".\"orders\" | publish with `strategy: merge`, or name the tables of that publication");
  EXPECT_EQ(Tables(), "lines orders");
  Sql("drop table lines cascade; drop materialized view m; drop function all_orders; drop function fixed; drop "
      "publication everything; create view v as select note from orders");
  Model("select 1 id");
  EXPECT_EQ(
      Fails(),
      "table-bound: column `note` of \"public\".\"orders\" is not in `mart_orders` any more, but is needed by rule "
      "_RETURN on view public.v | nothing was published; select the column in the model, or drop what needs it");
  Sql("drop view v; drop table orders; create view orders as select 1 id");
  EXPECT_EQ(
      Fails(),
      "table-bound: \"public\".\"orders\" is a view, which a publication cannot replace | publish to a name of its "
      "own, or drop it first");
}

TEST_F(PublishPostgresTest, ColumnsComeAndGo) {
  Model("select 1 id, 'x' gone");
  Publishes();
  Sql("create role plain_reader; comment on column orders.gone is 'old'; grant select (gone), update (id) on orders to "
      "plain_reader; alter table orders alter column gone set statistics 7, alter column gone set (n_distinct = 3)");
  Model("select 2 id, 3.5::double come, [1] list");
  Publishes();
  EXPECT_EQ(Sql("select * from orders"), "2|3.5|{1}");
  EXPECT_EQ(
      Sql("select string_agg(grantee || ' ' || column_name, ', ') from information_schema.column_privileges where "
          "table_name = 'orders' and grantee = 'plain_reader'"),
      "plain_reader id");
}

// Readers by name, by a view, and by a prepared statement, while generations come and go.
TEST_F(PublishPostgresTest, ReadersNeverSeeAnErrorAMixOrNothing) {
  publication_.key = {At<std::string>("id")};
  Model("select range id, 0 generation from range(1000)");
  Publishes();
  Sql("create view v as select * from orders");
  std::atomic<bool> done = false;
  std::atomic<int64_t> reads = 0;
  std::atomic<int64_t> worst = 0;
  std::vector<std::thread> readers;
  std::vector<std::string> wrong(3);
  for (size_t i = 0; i < wrong.size(); ++i) {
    readers.emplace_back([&, i] {
      const auto& cluster = pg::testing::Cluster::Get();
      auto session = *pg::Session::Open(
          {.parameters = {
               {"host", cluster.host()}, {"port", cluster.port()}, {"user", cluster.user()}, {"dbname", database_}}});
      const std::string sql =
          fmt::format("select count(*), count(distinct generation), sum(id) from {}", i == 1 ? "v" : "orders");
      if (i == 2) pg::testing::TextOf(*session, "prepare p as " + sql);
      while (!done && wrong[i].empty()) {
        const auto begin = std::chrono::steady_clock::now();
        const std::string got = pg::testing::TextOf(*session, i == 2 ? "execute p" : sql);
        const auto took = std::chrono::steady_clock::now() - begin;
        const int64_t spent = std::chrono::duration_cast<std::chrono::milliseconds>(took).count();
        int64_t before = worst;
        while (spent > before && !worst.compare_exchange_weak(before, spent)) {
        }
        if (got != "1000|1|499500") wrong[i] = got;
        ++reads;
      }
    });
  }
  for (int i = 1; i <= 8; ++i) {
    Model(fmt::format("select range id, {} generation from range(1000)", i));
    Publishes(fmt::format("r{}", i));
  }
  done = true;
  for (std::thread& reader : readers) reader.join();
  EXPECT_EQ(wrong, Lines({"", "", ""}));
  EXPECT_GT(reads, 50);
  RecordProperty("worst_ms", std::to_string(worst));
  EXPECT_EQ(Sql("select distinct generation from v"), "8");
  EXPECT_EQ(Tables(), "_stir_publications orders orders__stir_g8");
}

TEST_F(PublishPostgresTest, ALongReaderIsNamedAndOthersDoNotWaitBehindIt) {
  Model("select 1 id");
  Publishes();
  Model("select 2 id");
  patience_ = std::chrono::milliseconds(1500);
  const auto& cluster = pg::testing::Cluster::Get();
  auto holder = *pg::Session::Open({.parameters = {{"host", cluster.host()},
                                                   {"port", cluster.port()},
                                                   {"user", cluster.user()},
                                                   {"dbname", database_},
                                                   {"application_name", "report"}}});
  EXPECT_EQ(pg::testing::TextOf(*holder, "begin; select id from orders"), "1");
  std::atomic<bool> done = false;
  int64_t worst = 0;
  std::thread reader([&] {
    auto session = *pg::Session::Open(
        {.parameters = {
             {"host", cluster.host()}, {"port", cluster.port()}, {"user", cluster.user()}, {"dbname", database_}}});
    while (!done) {
      const auto begin = std::chrono::steady_clock::now();
      EXPECT_EQ(pg::testing::TextOf(*session, "select id from orders"), "1");
      const auto took = std::chrono::steady_clock::now() - begin;
      worst = std::max<int64_t>(worst, std::chrono::duration_cast<std::chrono::milliseconds>(took).count());
    }
  });
  const std::string said = Fails();
  done = true;
  reader.join();
  EXPECT_NE(said.find("table-held: \"public\".\"orders\" is held by session "), std::string::npos) << said;
  EXPECT_NE(said.find(" of stir (report, idle in transaction) since "), std::string::npos) << said;
  EXPECT_NE(said.find("select id from orders | nothing was published; wait until it ends, or end it: select "
                      "pg_terminate_backend("),
            std::string::npos)
      << said;
  EXPECT_LT(worst, 400);  // 100 ms, on a machine that does much else
  EXPECT_EQ(Tables(), "_stir_publications orders");
  patience_ = std::chrono::seconds(20);
  std::thread ends([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(600));
    pg::testing::TextOf(*holder, "commit");
  });
  Publishes("r3");
  ends.join();
  EXPECT_EQ(Sql("select id from orders"), "2");
}

TEST_F(PublishPostgresTest, AMissingRightIsNamedWithItsGrant) {
  Sql("drop owned by plain; drop role plain");
  Sql("create role plain login");
  As("plain");
  Model("select 1 id");
  EXPECT_EQ(
      Fails(),
      "right-missing: plain may not create tables in schema \"public\" | an owner or a superuser can say: GRANT USAGE, "
      "CREATE ON SCHEMA \"public\" TO plain");
  publication_.to.table = At<std::string>("marts.orders");
  EXPECT_EQ(Fails(),
            fmt::format("right-missing: there is no schema \"marts\", and plain may not make one in {0} | an owner "
                        "or a superuser can say: GRANT CREATE ON DATABASE {0} TO plain",
                        database_));
  Sql("create schema marts; create table marts.orders as select 7 id; grant usage, create on schema marts to plain");
  EXPECT_EQ(Fails(),
            "right-missing: \"marts\".\"orders\" belongs to stir; only its owner can replace it | GRANT stir TO plain");
  Sql("alter table marts.orders owner to plain; create view marts.v as select id from marts.orders");
  EXPECT_EQ(
      Fails(),
      "right-missing: view marts.v reads \"marts\".\"orders\" and belongs to stir; only its owner can point it to the "
      "new table | GRANT stir TO plain");
  Sql("alter view marts.v owner to plain");
  Publishes();
  EXPECT_EQ(Sql("select id from marts.v"), "1");
}

TEST_F(PublishPostgresTest, NamesOfAnyKind) {
  const std::string name = "Größe \"q\".🤦 " + std::string(40, 'x');
  publication_.to.table = At(fmt::format("\"sch ema\".\"{}\"", ReplaceAll(name, "\"", "\"\"")));
  publication_.key = {At<std::string>("a \"b\"")};
  publication_.indexes = {{"Ünï.cödé"}};
  Model("select range \"a \"\"b\"\"\", 'x' \"Ünï.cödé\" from range(3)");
  Publishes();
  Publishes();
  EXPECT_EQ(Publishes().kept, std::vector<int64_t>{2});
  const std::string sql = fmt::format("\"sch ema\".\"{}\"", ReplaceAll(name, "\"", "\"\""));
  EXPECT_EQ(Sql("select count(*), max(\"a \"\"b\"\"\") from " + sql), "3|2");
  EXPECT_EQ(
      Sql("select count(*), max(octet_length(relname)) from pg_class where relnamespace = '\"sch ema\"'::regnamespace "
          "and relname <> '_stir_publications_pkey'"),
      "7|63");
  publication_.to.table = At<std::string>("Public.ORDERS");
  EXPECT_EQ(Publishes().location, "public.orders of app");
  publication_.to.table = At(std::string(64, 'y'));
  EXPECT_NE(Fails().find("has 64 bytes; a name in PostgreSQL has at most 63"), std::string::npos);
}

TEST_F(PublishPostgresTest, AsManyColumnsAsATableCanHave) {
  std::string columns;
  for (int i = 0; i < 1600; ++i) columns += fmt::format("{}(range + {}) % 3 = 0 as c{}", i == 0 ? "" : ", ", i, i);
  Model("select " + columns + " from range(300)");
  Publishes();
  EXPECT_EQ(Publishes().rows, 300);
  EXPECT_EQ(Sql("select count(*), count(*) filter (where c0), count(*) filter (where c1599 and not c1598) from orders"),
            "300|100|100");
}

TEST_F(PublishPostgresTest, RollBackGoesOneGenerationBack) {
  publication_.keep = 2;
  for (int i = 1; i <= 4; ++i) {
    Model(fmt::format("select {} id", i));
    Publishes();
  }
  EXPECT_EQ(Tables(), "_stir_publications orders orders__stir_g2 orders__stir_g3");
  auto back = RollBack(Request(), SystemFiles(), journal_);
  ASSERT_TRUE(back.ok()) << back.error().front().message;
  EXPECT_EQ(back->generation, 3);
  EXPECT_EQ(back->kept, std::vector<int64_t>{2});
  EXPECT_EQ(Sql("select id from orders"), "3");
  ASSERT_TRUE(RollBack(Request(), SystemFiles(), journal_).ok());
  EXPECT_EQ(Sql("select id from orders"), "2");
  auto none = RollBack(Request(), SystemFiles(), journal_);
  ASSERT_FALSE(none.ok());
  EXPECT_EQ(none.error().front().kind, kNothingToRollBack);
  Model("select 5 id");
  EXPECT_EQ(Publishes().generation, 5);
  EXPECT_EQ(Tables(), "_stir_publications orders orders__stir_g2");
}

TEST_F(PublishPostgresTest, AWriterBesideItIsNotLost) {
  Model("select 1 id");
  Publishes();
  const Failpoints write([&](std::string_view reached) {
    if (reached == "publish.copied") Sql("insert into orders values (99); select pg_stat_force_next_flush()");
  });
  auto outcome = Publish(Request(), *adapter_, SystemFiles(), journal_, write);
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(
      outcome.error().front().message,
      "somebody else wrote 1 rows into \"public\".\"orders\" while its next generation was made; they would be lost");
  const Failpoints alter([&](std::string_view reached) {
    if (reached == "publish.dressed") Sql("create index on orders (id)");
  });
  auto altered = Publish(Request(), *adapter_, SystemFiles(), journal_, alter);
  ASSERT_FALSE(altered.ok());
  EXPECT_EQ(altered.error().front().kind, kTableChanged);
  EXPECT_EQ(Sql("select count(*) from orders"), "2");
  EXPECT_EQ(Tables(), "_stir_publications orders");
}

TEST_F(PublishPostgresTest, PublishersOfOneTableTakeTurns) {
  Model("select range id from range(1000)");
  Publishes();
  std::vector<std::thread> all;
  for (int i = 0; i < 3; ++i) {
    all.emplace_back([&, i] {
      auto done = Publish(Request(fmt::format("r{}", i)), *adapter_, SystemFiles(), journal_);
      EXPECT_TRUE(done.ok()) << done.error().front().message;
    });
  }
  for (std::thread& each : all) each.join();
  EXPECT_EQ(Sql("select string_agg(generation || state, ' ' order by generation) from _stir_publications"),
            "1dropped 2dropped 3kept 4live");
}

TEST_F(PublishPostgresTest, DeathAtAnyStepAndWhatIsNotOursStays) {
  publication_.key = {At<std::string>("id")};
  Sql("create table orders__stir_g77 (id int); create table orders_old (id int)");
  for (const char* step : {"publish.begun", "publish.created", "publish.copied", "publish.built", "publish.dressed",
                           "publish.verified", "publish.switching", "publish.switched", "publish.trimmed"}) {
    Sql("drop table if exists orders, _stir_publications, orders__stir_g1, orders__stir_g2, orders__stir_g3");
    Model("select range id, 'old' v from range(100)");
    Publishes("first");
    Model("select range id, 'new' v from range(200)");
    DieAt(step);
    const std::string seen = Sql("select count(*), min(v), max(v) from orders");
    const bool switched = std::string_view(step) == "publish.switched" || std::string_view(step) == "publish.trimmed";
    EXPECT_EQ(seen, switched ? "200|new|new" : "100|old|old") << step;
    Publishes("second");
    EXPECT_EQ(Sql("select count(*), min(v), max(v), count(distinct id) from orders"), "200|new|new|200") << step;
    const std::string kept = switched ? "orders__stir_g2" : "orders__stir_g1";
    EXPECT_EQ(Tables(), "_stir_publications orders " + kept + " orders__stir_g77 orders_old") << step;
    EXPECT_EQ(Sql("select count(*) from pg_indexes where tablename = 'orders' and indexname = 'orders_pkey'"), "1")
        << step;
  }
}

TEST_F(PublishPostgresTest, RequirementsHoldBeforeAnythingIsTouched) {
  Model("select range id from range(10)");
  Publishes();
  publication_.require.max_shrink = 0.2;
  Model("select range id from range(7)");
  EXPECT_EQ(Fails().substr(0, 70), "requirement-failed: `mart_orders` has 7 rows, 30.0 % fewer than the 10");
  Model("select range id from range(0)");
  EXPECT_NE(Fails().find("has no rows"), std::string::npos);
  publication_.key = {At<std::string>("id")};
  Model("select 1 id from range(9)");
  EXPECT_EQ(Fails().substr(0, 13), "duplicate-key");
  EXPECT_EQ(Sql("select count(*) from orders"), "10");
  EXPECT_EQ(Tables(), "_stir_publications orders");
}

TEST_F(PublishPostgresTest, MergeReplacesKeysAndKeepsTheRest) {
  publication_.strategy = At(Strategy::kMerge);
  publication_.key = {At<std::string>("id")};
  Model("select range id, 'old' v, '{}'::json j from range(10)");
  EXPECT_EQ(Publishes().rows, 10);
  Sql("create view v as select * from orders; create table lines (id bigint references orders (id)); insert into lines "
      "values (3)");
  const std::string oid = Sql("select 'orders'::regclass::oid");
  Model("select range + 5 id, 'new' v, '{}'::json j from range(10)");
  const PublishOutcome outcome = Publishes();
  EXPECT_EQ(outcome.rows, 15);
  EXPECT_EQ(outcome.updated, 5);
  EXPECT_EQ(outcome.inserted, 5);
  EXPECT_EQ(Sql("select v, count(*), min(id), max(id) from v group by 1 order by 1"), "new|10|5|14;old|5|0|4");
  EXPECT_EQ(Publishes().inserted, 0);
  EXPECT_EQ(Sql("select count(*), 'orders'::regclass::oid from orders"), "15|" + oid);
  EXPECT_EQ(Tables(), "_stir_publications lines orders");
  EXPECT_EQ(Sql("select generation, state from _stir_publications order by 1"), "1|live;2|merged;3|merged");
  auto back = RollBack(Request(), SystemFiles(), journal_);
  ASSERT_FALSE(back.ok());
  EXPECT_EQ(back.error().front().kind, kNothingToRollBack);
  Model("select 1 id, 'new' v");
  EXPECT_EQ(
      Fails(),
      "requirement-failed: `mart_orders` cannot be written into \"public\".\"orders\", their columns differ: j (only "
      "published) | nothing was published; alter the table, or publish once with `strategy: swap`");
}

TEST_F(PublishPostgresTest, AMergeIntoAMarkedTableIsCountedWhereItArrives) {
  publication_.strategy = At(Strategy::kMerge);
  publication_.key = {At<std::string>("id")};
  Sql("create table orders (id int, v text); insert into orders values (1, 'a'), (1, 'b')");
  Model("select 1 id, 'c' v");
  EXPECT_NE(Fails().find("1 rows of `mart_orders` meet 2 rows of"), std::string::npos);
  EXPECT_EQ(Sql("select string_agg(v, ',' order by v) from orders"), "a,b");
  EXPECT_EQ(Tables(), "_stir_publications orders");
}

TEST_F(PublishPostgresTest, ARunAppendsOnce) {
  publication_.strategy = At(Strategy::kAppend);
  Sql("create table orders (nr bigint generated always as identity, id int not null, at timestamptz default now())");
  Model("select range id from range(3)");
  EXPECT_EQ(Publishes("a").rows, 3);
  EXPECT_EQ(Publishes("a").inserted, 0);
  EXPECT_EQ(Publishes("b").rows, 6);
  EXPECT_EQ(Sql("select count(*), count(distinct nr), count(at) from orders"), "6|6|6");
}

TEST_F(PublishPostgresTest, OnlyThePartitionsPresentAreReplaced) {
  publication_.strategy = At(Strategy::kPartition);
  publication_.to.partition_by = {At<std::string>("day"), At<std::string>("store")};
  Sql("create table orders (day date, store text, n int) partition by range (day); create table orders_2026 "
      "partition of orders for values from ('2026-01-01') to ('2027-01-01')");
  Model("select date '2026-01-01' + (range // 4)::int as day, 's' || range % 2 store, range n from range(8)");
  EXPECT_EQ(Publishes().partitions, 4);
  Model("select date '2026-01-02' as day, 's1' store, 100 n");
  const PublishOutcome outcome = Publishes();
  EXPECT_EQ(outcome.rows, 7);
  EXPECT_EQ(outcome.partitions, 1);
  EXPECT_EQ(Sql("select day, store, count(*), sum(n) from orders group by 1, 2 order by 1, 2"),
            "2026-01-01|s0|2|2;2026-01-01|s1|2|4;2026-01-02|s0|2|10;2026-01-02|s1|1|100");
  publication_.require.max_shrink = 0.2;
  Model("select date '2026-01-01' as day, 's1' store, 100 n");
  EXPECT_EQ(Fails().substr(0, 93),
            "requirement-failed: the partitions of `mart_orders` have 1 rows, 50.0 % fewer than the 2 that");
  EXPECT_EQ(Sql("select count(*) from orders"), "7");
}

TEST_F(PublishPostgresTest, DeathAtAnyStepOfAMerge) {
  publication_.strategy = At(Strategy::kMerge);
  publication_.key = {At<std::string>("id")};
  Sql("create table orders (id int primary key, v text)");
  for (const char* step : {"publish.begun", "publish.created", "publish.copied", "publish.built", "publish.verified",
                           "publish.switching", "publish.switched", "publish.trimmed"}) {
    Sql("truncate orders; insert into orders select i, 'old' from generate_series(0, 99) i");
    Model("select range + 50 id, 'new' v from range(100)");
    DieAt(step);
    const bool switched = std::string_view(step) == "publish.switched" || std::string_view(step) == "publish.trimmed";
    EXPECT_EQ(Sql("select count(*), count(*) filter (where v = 'new') from orders"), switched ? "150|100" : "100|0")
        << step;
    Publishes();
    EXPECT_EQ(Sql("select count(*), count(*) filter (where v = 'new') from orders"), "150|100") << step;
    EXPECT_EQ(Tables(), "_stir_publications orders") << step;
  }
}

TEST_F(PublishPostgresTest, ARightToWriteIsNamed) {
  publication_.strategy = At(Strategy::kMerge);
  publication_.key = {At<std::string>("id")};
  Sql("create role merger login; create table orders (id int, v text); grant usage, create on schema public to merger; "
      "grant select, insert on orders to merger");
  As("merger");
  Model("select 1 id, 'x' v");
  EXPECT_EQ(
      Fails(),
      "right-missing: merger may not update, delete in \"public\".\"orders\" | its owner can say: GRANT UPDATE, DELETE "
      "ON \"public\".\"orders\" TO merger");
  Sql("grant update, delete on orders to merger");
  EXPECT_EQ(Publishes().rows, 1);
}

}  // namespace
}  // namespace stir::transfer
