// Every type of PostgreSQL at its edges, and every kind of thing that can be read, on a real server.
#include "transfer/postgres_source.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <array>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "adapter/cell.h"
#include "adapter/duckdb/duckdb_adapter.h"
#include "adapter/kinds.h"
#include "base/json.h"
#include "base/strings.h"
#include "pg/kinds.h"
#include "pg/testing/cluster.h"
#include "transfer/kinds.h"
#include "transfer/postgres_decoder.h"

namespace stir::transfer {
namespace {

using pg::testing::Cluster;

class PostgresSourceTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = Cluster::Get().MakeDatabase();
    adapter::Profile profile;
    profile.type = "duckdb";
    profile.settings = std::make_shared<Json>(Json{{"path", ":memory:"}});
    adapter_ = *adapter::duckdb::OpenDuckDb(profile);
    connection_ = *adapter_->Connect();
    Duck("SET TimeZone = 'UTC'");
    server_ = Connect();
  }

  std::unique_ptr<pg::Session> Connect() const {
    const Cluster& cluster = Cluster::Get();
    return *pg::Session::Open(
        {.parameters = {
             {"host", cluster.host()}, {"port", cluster.port()}, {"user", cluster.user()}, {"dbname", database_}}});
  }

  void Run(const std::string& sql) {
    const auto done = server_->Execute(sql);
    ASSERT_TRUE(done.ok()) << sql << "\n" << done.error().front().message;
  }
  void Duck(const std::string& sql) {
    const auto done = connection_->Execute(sql);
    ASSERT_TRUE(done.ok()) << sql << "\n" << done.error().front().message;
  }

  Result<std::unique_ptr<PgSource>> Open(const std::string& table, const std::string& query = "", int connections = 1) {
    ingestion_.from.table.value = table;
    ingestion_.from.query.value = query;
    return PgSource::Open([this] { return Result(Connect()); }, ingestion_, connections, cancel_.get_token());
  }

  // All columns into the table `t` of the engine, and what was not fit.
  std::string Load(PgSource& source, const PgWindow& window = {}) {
    std::vector<size_t> wanted;
    std::string list;
    for (size_t i = 0; i < source.columns().size(); ++i) {
      wanted.push_back(i);
      list += fmt::format("_stir_t{} AS \"{}\", ", i, ReplaceAll(source.columns()[i].name, "\"", "\"\""));
    }
    if (const Status begun = source.Begin(wanted, window, dynamic_cast<adapter::FeedTaker&>(*connection_)); !begun.ok())
      return begun.error().front().message;
    const auto made = connection_->Execute(
        fmt::format("CREATE OR REPLACE TABLE t AS SELECT {}{}, {} FROM {}", list, kUnfit, kUnfitText, source.sql()));
    if (const auto error = source.error()) return error->front().message;
    if (!made.ok()) return made.error().front().message;
    const auto read = source.Finish();
    if (!read.ok()) return read.error().front().message;
    return fmt::format("{} rows", read->rows);
  }

  std::string LoadTable(const std::string& table, int connections = 1, const PgWindow& window = {}) {
    auto source = Open(table, "", connections);
    return source.ok() ? Load(**source, window) : source.error().front().message;
  }
  std::string LoadQuery(const std::string& query) {
    auto source = Open("", query);
    return source.ok() ? Load(**source) : source.error().front().message;
  }

  std::string Ask(const std::string& sql) {
    const auto rows = adapter::QueryAll(*connection_, sql);
    if (!rows.ok()) return rows.error().front().message;
    std::string out;
    for (const auto& row : *rows) {
      for (size_t i = 0; i < row.size(); ++i)
        out += (i == 0 ? "" : "|") + (std::holds_alternative<std::monostate>(row[i]) ? "NULL" : CellText(row[i]));
      out += "\n";
    }
    if (!out.empty()) out.pop_back();
    return out;
  }

  std::string database_;
  std::unique_ptr<adapter::Adapter> adapter_;
  std::unique_ptr<adapter::Connection> connection_;
  std::unique_ptr<pg::Session> server_;
  platform::Ingestion ingestion_;
  CancelSource cancel_;
};

struct Case {
  const char* value;  // SQL of PostgreSQL
  const char* type;   // the engine's
  const char* text;   // the engine's, of the value; "!...": it does not fit, and is this for PostgreSQL
};

constexpr Case kCases[] = {
    {"true", "BOOLEAN", "true"},
    {"(-32768)::int2", "SMALLINT", "-32768"},
    {"(-2147483648)::int4", "INTEGER", "-2147483648"},
    {"(-9223372036854775808)::int8", "BIGINT", "-9223372036854775808"},
    {"9223372036854775807", "BIGINT", "9223372036854775807"},
    {"4294967295::oid", "UINTEGER", "4294967295"},
    {"'NaN'::float8", "DOUBLE", "nan"},
    {"'-Infinity'::float8", "DOUBLE", "-inf"},
    {"5e-324::float8", "DOUBLE", "5e-324"},
    {"1.7976931348623157e308::float8", "DOUBLE", "1.7976931348623157e+308"},
    {"0.1::float8", "DOUBLE", "0.1"},
    {"3.4028235e38::float4", "FLOAT", "3.4028235e+38"},
    {"'Infinity'::float4", "FLOAT", "inf"},
    // numeric
    {"0::numeric(4,2)", "DECIMAL(4,2)", "0.00"},
    {"(-99.99)::numeric(4,2)", "DECIMAL(4,2)", "-99.99"},
    {"0.01::numeric(4,2)", "DECIMAL(4,2)", "0.01"},
    {"9999999.99::numeric(9,2)", "DECIMAL(9,2)", "9999999.99"},
    {"(-12345.6)::numeric(12,3)", "DECIMAL(12,3)", "-12345.600"},
    {"100000000::numeric(18,4)", "DECIMAL(18,4)", "100000000.0000"},
    {"99999999999999.9999::numeric(18,4)", "DECIMAL(18,4)", "99999999999999.9999"},
    {"0.0001::numeric(18,4)", "DECIMAL(18,4)", "0.0001"},
    {"99999999999999999999999999999999999999::numeric(38,0)", "DECIMAL(38,0)",
     "99999999999999999999999999999999999999"},
    {"(-0.99999999999999999999999999999999999999)::numeric(38,38)", "DECIMAL(38,38)",
     "-.99999999999999999999999999999999999999"},
    {"1234567890123456789012345678.9012345678::numeric(38,10)", "DECIMAL(38,10)",
     "1234567890123456789012345678.9012345678"},
    {"1e37::numeric(38,0)", "DECIMAL(38,0)", "10000000000000000000000000000000000000"},
    {"0.00000000000000000001::numeric(38,20)", "DECIMAL(38,20)", "0.00000000000000000001"},
    {"12300::numeric(3,-2)", "DECIMAL(5,0)", "12300"},
    {"0.0012::numeric(2,4)", "DECIMAL(4,4)", ".0012"},
    {"'NaN'::numeric(10,2)", "DECIMAL(10,2)", "!NaN"},
    {"'NaN'::numeric", "VARCHAR", "NaN"},
    {"'-Infinity'::numeric", "VARCHAR", "-Infinity"},
    {"1e-19::numeric", "VARCHAR", "0.0000000000000000001"},
    {"0::numeric", "VARCHAR", "0"},
    {"0.00::numeric", "VARCHAR", "0.00"},
    {"(-1234567890123456789012345678901234567890.12)::numeric", "VARCHAR",
     "-1234567890123456789012345678901234567890.12"},
    {"123456789012345678901234567890123456789012::numeric(42,0)", "VARCHAR",
     "123456789012345678901234567890123456789012"},
    {"10000.0001::numeric", "VARCHAR", "10000.0001"},
    {"100000000::numeric", "VARCHAR", "100000000"},
    {"0.000100000000::numeric", "VARCHAR", "0.000100000000"},
    // texts
    {"''::text", "VARCHAR", ""},
    {"'\\N'::text", "VARCHAR", "\\N"},
    {"E'a\\tb\\nc\\\\'::varchar(20)", "VARCHAR", "a\tb\nc\\"},
    {"'ab'::char(5)", "VARCHAR", "ab   "},
    {"'Grüße, 世界 🎈'::text", "VARCHAR", "Grüße, 世界 🎈"},
    {"repeat('long ', 1000)", "VARCHAR", nullptr},
    {"'x'::name", "VARCHAR", "x"},
    {"'x'::\"char\"", "VARCHAR", "x"},
    {"'\\x00ff5c'::bytea", "BLOB", "\\x00\\xFF\\x5C"},
    {"''::bytea", "BLOB", ""},
    {"'{\"a\": 12345678901234567890.123456789, \"a\": null}'::json", "JSON",
     "{\"a\": 12345678901234567890.123456789, \"a\": null}"},
    {"'null'::jsonb", "JSON", "null"},
    {"'{\"n\": 123456789012345678901234567890}'::jsonb", "JSON", "{\"n\": 123456789012345678901234567890}"},
    {"'ffffffff-ffff-ffff-ffff-fffffffffffe'::uuid", "UUID", "ffffffff-ffff-ffff-ffff-fffffffffffe"},
    {"'00000000-0000-0000-0000-000000000001'::uuid", "UUID", "00000000-0000-0000-0000-000000000001"},
    // moments
    {"'4713-01-01 BC'::date", "DATE", "4713-01-01 (BC)"},
    {"'0044-03-15 BC'::date", "DATE", "0044-03-15 (BC)"},
    {"'5874897-12-31'::date", "DATE", "5874897-12-31"},
    {"'infinity'::date", "DATE", "infinity"},
    {"'-infinity'::date", "DATE", "-infinity"},
    {"'4713-01-01 00:00:00 BC'::timestamp", "TIMESTAMP", "4713-01-01 (BC) 00:00:00"},
    {"'2026-02-28 23:59:59.999999'::timestamp", "TIMESTAMP", "2026-02-28 23:59:59.999999"},
    {"'294246-12-31 23:59:59.999999'::timestamp", "TIMESTAMP", "294246-12-31 23:59:59.999999"},
    {"'294276-12-31 23:59:59.999999'::timestamp", "TIMESTAMP", "!294276-12-31 23:59:59.999999"},
    {"'294276-03-01 00:00:00+00'::timestamptz", "TIMESTAMP WITH TIME ZONE", "!294276-03-01 00:00:00+00"},
    {"'infinity'::timestamp", "TIMESTAMP", "infinity"},
    {"'-infinity'::timestamptz", "TIMESTAMP WITH TIME ZONE", "-infinity"},
    {"'2026-03-29 02:30:00+05:30'::timestamptz", "TIMESTAMP WITH TIME ZONE", "2026-03-28 21:00:00+00"},
    {"'1900-01-01 00:00:00+00'::timestamptz", "TIMESTAMP WITH TIME ZONE", "1900-01-01 00:00:00+00"},
    {"'00:00'::time", "TIME", "00:00:00"},
    {"'24:00:00'::time", "TIME", "24:00:00"},
    {"'12:34:56.789012'::time", "TIME", "12:34:56.789012"},
    {"'12:34:56.5+05:30'::timetz", "TIME WITH TIME ZONE", "12:34:56.5+05:30"},
    {"'00:00:00-15:59:59'::timetz", "TIME WITH TIME ZONE", "00:00:00-15:59:59"},
    {"'24:00:00+15:59:59'::timetz", "TIME WITH TIME ZONE", "24:00:00+15:59:59"},
    {"'1 year 2 mons -3 days 04:05:06.789'::interval", "INTERVAL", "1 year 2 months -3 days 04:05:06.789"},
    {"'-178000000 years'::interval", "INTERVAL", "-178000000 years"},
    {"'1 mon -1 day'::interval", "INTERVAL", "1 month -1 day"},
    // arrays
    {"array[1, null, 3]", "INTEGER[]", "[1, NULL, 3]"},
    {"'{}'::int[]", "INTEGER[]", "[]"},
    {"array['a', '', null, 'NULL', '\\N']", "VARCHAR[]", "[a, '', NULL, 'NULL', \\N]"},
    {"array[1.50, 22.25]::numeric(6,2)[]", "DECIMAL(6,2)[]", "[1.50, 22.25]"},
    {"array['NaN', 1]::numeric(6,2)[]", "DECIMAL(6,2)[]", "!{NaN,1.00}"},
    {"array['NaN', 1]::numeric[]", "VARCHAR[]", "[NaN, 1]"},
    {"array[[1, 2], [3, 4]]", "INTEGER[]", "!{{1,2},{3,4}}"},
    {"'[0:1]={5,6}'::int[]", "INTEGER[]", "![0:1]={5,6}"},
    {"array['10.0.0.1'::inet]", "VARCHAR[]", "[10.0.0.1/32]"},
    {"array['2020-01-01'::date, 'infinity']", "DATE[]", "[2020-01-01, infinity]"},
    {"array['{\"a\":1}'::jsonb]", "JSON[]", nullptr},
    // what has no counterpart is text
    {"'10.0.0.0/8'::cidr", "VARCHAR", "10.0.0.0/8"},
    {"'08:00:2b:01:02:03'::macaddr", "VARCHAR", "08:00:2b:01:02:03"},
    {"B'0101'", "VARCHAR", "0101"},
    {"point(1, 2)", "VARCHAR", "(1,2)"},
    {"int4range(1, 5)", "VARCHAR", "[1,5)"},
    {"'empty'::int8range", "VARCHAR", "empty"},
    {"tstzrange('2026-01-01 00:00+01', null)", "VARCHAR", "[\"2025-12-31 23:00:00+00\",)"},
    {"nummultirange(numrange(1, 2), numrange(3.5, null))", "VARCHAR", "{[1,2),[3.5,)}"},
    {"row(1, 'a b', null)::pair", "VARCHAR", "(1,\"a b\",)"},
    {"'sad'::mood", "VARCHAR", "sad"},
    {"array['sad', 'glad']::mood[]", "VARCHAR[]", "[sad, glad]"},
    {"12.30::price", "DECIMAL(10,2)", "12.30"},
    {"array[1.5]::price[]", "DECIMAL(10,2)[]", "[1.50]"},
    {"'1 2'::int2vector", "VARCHAR", "1 2"},
    {"'a & b'::tsquery", "VARCHAR", "'a' & 'b'"},
    {"'<a/>'::xml", "VARCHAR", "<a/>"},
    {"'$.a'::jsonpath", "VARCHAR", "$.\"a\""},
    {"'12.5'::money", "VARCHAR", nullptr},
};

TEST_F(PostgresSourceTest, EveryTypeIsExactOrRefused) {
  Run("create type pair as (a int, b text, c int); create type mood as enum ('sad', 'glad'); "
      "create domain price as numeric(10,2)");
  std::string list, nulls;
  for (size_t i = 0; i < std::size(kCases); ++i) {
    list += fmt::format("{}{} as c{}", i == 0 ? "" : ", ", kCases[i].value, i);
    nulls += fmt::format("{}null", i == 0 ? "" : ", ");
  }
  // A table, so that its columns have modifiers.
  Run(fmt::format("create table edges as select {}", list));
  Run(fmt::format("insert into edges values ({})", nulls));
  ASSERT_EQ(LoadTable("edges"), "2 rows");
  for (size_t i = 0; i < std::size(kCases); ++i) {
    const Case& each = kCases[i];
    SCOPED_TRACE(each.value);
    EXPECT_EQ(Ask(fmt::format("SELECT typeof(c{}) FROM t LIMIT 1", i)), each.type);
    EXPECT_EQ(Ask(fmt::format("SELECT count(c{}) FROM t", i)), each.text != nullptr && each.text[0] == '!' ? "0" : "1");
    if (each.text == nullptr) {
      const auto text = server_->Query(fmt::format("select c{}::text from edges limit 1", i));
      pg::Row row;
      ASSERT_TRUE((*text)->Next(row).ok());
      if (!std::string_view(each.type).ends_with("[]")) {
        EXPECT_EQ(Ask(fmt::format("SELECT CAST(c{} AS VARCHAR) FROM t LIMIT 1", i)), *row[0]);
      }
    } else if (each.text[0] == '!') {
      ASSERT_EQ(LoadQuery(fmt::format("select c{} from edges", i)), "2 rows");
      EXPECT_EQ(Ask("SELECT _stir_unfit, _stir_unfit_text FROM t WHERE _stir_unfit IS NOT NULL"),
                fmt::format("0|{}", each.text + 1));
      ASSERT_EQ(LoadTable("edges"), "2 rows");
    } else {
      EXPECT_EQ(Ask(fmt::format("SELECT CAST(c{} AS VARCHAR) FROM t LIMIT 1", i)), each.text);
    }
  }
}

TEST_F(PostgresSourceTest, ArraysOfArraysAsDeclared) {
  Run("create table grid (id int, g int[][], t text[][])");
  Run("insert into grid values (1, '{{1,2},{3,null}}', '{{a},{b}}'), (2, '{}', null), (3, '{7}', '{{x,y}}'), "
      "(4, '{{5}}', '[2:3][1:1]={{p},{q}}')");
  ASSERT_EQ(LoadTable("grid"), "4 rows");
  EXPECT_EQ(Ask("SELECT id, CAST(g AS VARCHAR), CAST(t AS VARCHAR), _stir_unfit, _stir_unfit_text FROM t ORDER BY id"),
            "1|[[1, 2], [3, NULL]]|[[a], [b]]|NULL|NULL\n"
            "2|[]|NULL|NULL|NULL\n"
            "3|NULL|[[x, y]]|1|{7}\n"
            "4|[[5]]|NULL|2|[2:3][1:1]={{p},{q}}");
}

TEST_F(PostgresSourceTest, ThroughParquetAndBack) {
  Run("create table p (a numeric(38,10), b timestamptz, c date, d uuid, e bytea, f text[], g jsonb, h time, i float8)");
  Run("insert into p values (-1234567890123456789012345678.9012345678, '2026-03-29 02:30+02', '0044-03-15 BC', "
      "'ffffffff-ffff-ffff-ffff-fffffffffffe', '\\x0001', '{a,NULL,\"\"}', '{\"n\": 12345678901234567890}', "
      "'12:34:56.789012', 'NaN')");
  ASSERT_EQ(LoadTable("p"), "1 rows");
  const auto file = std::filesystem::temp_directory_path() / (database_ + "_p.parquet");
  Duck(fmt::format("COPY (SELECT * EXCLUDE (_stir_unfit, _stir_unfit_text) FROM t) TO '{}'", file.string()));
  EXPECT_EQ(Ask(fmt::format("SELECT count(*) FROM (SELECT * EXCLUDE (_stir_unfit, _stir_unfit_text) FROM t INTERSECT "
                            "SELECT * FROM read_parquet('{}'))",
                            file.string())),
            "1");
  std::filesystem::remove(file);
}

TEST_F(PostgresSourceTest, ReadsBigTablesInParts) {
  Run("create table big as select i as id, repeat('x', 100) as pad, (i * 1.25)::numeric(12,2) as amount from "
      "generate_series(1, 50000) i");
  for (int connections : {1, 3, 7}) {
    ASSERT_EQ(LoadTable("big", connections), "50000 rows");
    EXPECT_EQ(Ask("SELECT count(DISTINCT id), sum(id), sum(amount), min(length(pad)) FROM t"),
              "50000|1250025000|1562531250.00|100");
  }
}

TEST_F(PostgresSourceTest, ReadsPartitionsChildrenViewsAndQueries) {
  Run("create table parent (day date, n int) partition by range (day); "
      "create table p1 partition of parent for values from ('2026-01-01') to ('2026-02-01'); "
      "create table p2 (n int, day date); alter table parent attach partition p2 for values from ('2026-02-01') to "
      "('2026-03-01')");
  Run("insert into parent select '2026-01-05', i from generate_series(1, 20000) i; "
      "insert into parent select '2026-02-05', i from generate_series(1, 300) i");
  ASSERT_EQ(LoadTable("parent", 4), "20300 rows");
  EXPECT_EQ(Ask("SELECT sum(n), count(DISTINCT day) FROM t"), fmt::format("{}|2", 20000 * 20001 / 2 + 300 * 301 / 2));
  Run("create table base (n int); create table child (m int) inherits (base); insert into base values (1); "
      "insert into child select 2, 3 from generate_series(1, 5000)");
  ASSERT_EQ(LoadTable("base", 4), "5001 rows");
  Run("create view seen as select n, n * 2 as twice from base; create materialized view kept as select * from seen");
  ASSERT_EQ(LoadTable("seen"), "5001 rows");
  ASSERT_EQ(LoadTable("kept", 2), "5001 rows");
  ASSERT_EQ(LoadQuery("select n, count(*) as c from base -- how many\ngroup by n; "), "2 rows");
  EXPECT_EQ(Ask("SELECT n, c FROM t ORDER BY n"), "1|1\n2|5000");
}

TEST_F(PostgresSourceTest, ReadsEmptyOddAndWideThings) {
  Run("create table empty_one (a int, b text)");
  EXPECT_EQ(LoadTable("empty_one"), "0 rows");
  const std::string longest(63, 'n');
  Run(
      fmt::format("create schema \"Sch. 1\"; create table \"Sch. 1\".\"T \"\"q\"\" '1'\" (\"a b\" int, \"q\"\"q\" int, "
                  "\"Größe 寸\" int, \"{}\" int, \"select\" int)",
                  longest));
  Run("insert into \"Sch. 1\".\"T \"\"q\"\" '1'\" values (1, 2, 3, 4, 5)");
  ASSERT_EQ(LoadTable("\"Sch. 1\".\"T \"\"q\"\" '1'\"", 2), "1 rows");
  EXPECT_EQ(Ask(fmt::format("SELECT \"a b\", \"q\"\"q\", \"Größe 寸\", \"{}\", \"select\" FROM t", longest)),
            "1|2|3|4|5");
  std::string columns, values;
  for (int i = 0; i < 1600; ++i) {
    columns += fmt::format("{}c{} int", i == 0 ? "" : ", ", i);
    values += fmt::format("{}{}", i == 0 ? "" : ", ", i);
  }
  Run(fmt::format("create table wide ({})", columns));
  Run(fmt::format("insert into wide select {} from generate_series(1, 3000)", values));
  ASSERT_EQ(LoadTable("wide", 2), "3000 rows");
  EXPECT_EQ(Ask("SELECT sum(c0), sum(c1599) FROM t"), "0|4797000");
}

TEST_F(PostgresSourceTest, ValuesOfManyMegabytes) {
  Run("create table heavy as select i, repeat(md5(i::text), 100000) as pad from generate_series(1, 12) i");
  ASSERT_EQ(LoadTable("heavy", 2), "12 rows");
  EXPECT_EQ(Ask("SELECT min(length(pad)), max(length(pad)), count(DISTINCT pad) FROM t"), "3200000|3200000|12");
}

TEST_F(PostgresSourceTest, CutsOutAWindow) {
  Run("create table events (id int, at timestamptz, name text); insert into events select i, '2026-01-01 00:00+00'::"
      "timestamptz + i * interval '1 hour', chr(96 + i) from generate_series(1, 10) i; insert into events values (11, "
      "null, null), (12, '0044-03-15 BC', 'B')");
  EXPECT_EQ(LoadTable("events", 2, {.cursor = 1, .begin = "2026-01-01 03:00:00+00", .end = "2026-01-01 05:00:00+00"}),
            "3 rows");
  EXPECT_EQ(Ask("SELECT string_agg(id, ',' ORDER BY id) FROM t"), "3,4,11");
  EXPECT_EQ(LoadTable("events", 2,
                      {.cursor = 1, .begin = "2026-01-01 10:00:00+00", .end = "", .overlap = std::chrono::hours(1)}),
            "3 rows");
  EXPECT_EQ(LoadTable("events", 2, {.cursor = 1, .begin = "0044-03-15 (BC) 00:00:00+00", .end = "2000-01-01"}),
            "2 rows");
  EXPECT_EQ(LoadTable("events", 1, {.cursor = 0, .begin = "11", .end = "", .exclusive = true}), "1 rows");
  // 'B' is before 'a' byte by byte, whatever the collation.
  EXPECT_EQ(LoadTable("events", 1, {.cursor = 2, .begin = "B", .end = "b"}), "3 rows");
}

TEST_F(PostgresSourceTest, OneSnapshotForAllParts) {
  Run("create table moving as select i as id, 0 as version from generate_series(1, 100000) i");
  auto source = Open("moving", "", 4);
  ASSERT_TRUE(source.ok());
  std::atomic<bool> stop = false;
  std::thread writer([&] {
    const auto session = Connect();
    while (!stop) static_cast<void>(session->Execute("update moving set version = version + 1").ok());
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));
  EXPECT_EQ(Load(**source), "100000 rows");
  stop = true;
  writer.join();
  EXPECT_EQ(Ask("SELECT count(DISTINCT id), count(DISTINCT version) FROM t"), "100000|1");
}

TEST_F(PostgresSourceTest, NobodyChangesATableThatIsRead) {
  Run("create table fixed (a int, b text); insert into fixed values (1, 'x')");
  auto source = Open("fixed");
  ASSERT_TRUE(source.ok());
  for (const char* change : {"alter table fixed drop column b", "alter table fixed rename column b to c",
                             "alter table fixed alter column a type text", "truncate fixed", "drop table fixed"}) {
    const auto changed = server_->Execute(fmt::format("set lock_timeout = '50ms'; {}", change));
    ASSERT_FALSE(changed.ok());
    EXPECT_EQ(server_->sqlstate(), "55P03") << change;
  }
  EXPECT_EQ(Load(**source), "1 rows");
  Run("alter table fixed drop column b");  // once it is read
}

TEST_F(PostgresSourceTest, SaysWhatIsNotThere) {
  Run("create table sales (id int); create table twins (\"A\" int, a int)");
  auto missing = Open("public.sale");
  ASSERT_FALSE(missing.ok());
  EXPECT_EQ(missing.error().front().message, "PostgreSQL has no table or view `public.sale`");
  EXPECT_EQ(missing.error().front().hint, "did you mean `public.sales`?");
  EXPECT_EQ(LoadTable("twins"), "`public.twins` has columns `A` and `a`, which DuckDB takes for one");
  EXPECT_EQ(LoadQuery("select 1 as x, 2 as x"), "`query` has two columns `x`");
  EXPECT_EQ(LoadQuery("select nothing from sales"), "column \"nothing\" does not exist");
  ingestion_.from.where.value = "ident > 1";
  EXPECT_EQ(LoadTable("sales"), "column \"ident\" does not exist");
}

TEST_F(PostgresSourceTest, AServerThatDiesIsSaid) {
  Run("create table slow as select i, repeat('x', 1000) as pad from generate_series(1, 20000) i");
  const auto kill = [&] {
    Run("select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> "
        "pg_backend_pid()");
  };
  // Between plan and copy.
  auto source = Open("slow", "", 2);
  ASSERT_TRUE(source.ok());
  kill();
  EXPECT_NE(Load(**source), "20000 rows");
  // In the middle of it.
  auto busy = Open("", "select i, pg_sleep(0.001)::text, pad from slow");
  ASSERT_TRUE(busy.ok());
  std::thread killer([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(300));
    kill();
  });
  const std::string said = Load(**busy);
  killer.join();
  EXPECT_TRUE(said.starts_with("terminating connection") || said.starts_with("server closed")) << said;
}

TEST_F(PostgresSourceTest, ACancelEndsItAtOnce) {
  auto source = Open("", "select i, pg_sleep(10)::text from generate_series(1, 100) i");
  ASSERT_TRUE(source.ok());
  std::thread canceler([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    cancel_.request_stop();
  });
  const auto begin = std::chrono::steady_clock::now();
  EXPECT_NE(Load(**source), "100 rows");
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  canceler.join();
}

}  // namespace
}  // namespace stir::transfer
