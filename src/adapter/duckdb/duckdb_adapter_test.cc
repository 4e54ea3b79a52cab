// What is DuckDB's own: types and their text, the profile's words, one database a file, files that others hold.
#include "adapter/duckdb/duckdb_adapter.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "adapter/cell.h"
#include "adapter/duckdb/errors.h"
#include "adapter/duckdb/options.h"
#include "adapter/kinds.h"

namespace stir::adapter::duckdb {
namespace {

namespace fs = std::filesystem;

Profile MakeProfile(Json settings) {
  Profile profile;
  profile.type = "duckdb";
  profile.settings = std::make_shared<Json>(std::move(settings));
  return profile;
}

class DuckDb : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "stir-duckdb-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
  }
  void TearDown() override {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
  }

  static std::unique_ptr<Adapter> Open(Json settings) {
    auto opened = OpenDuckDb(MakeProfile(std::move(settings)));
    EXPECT_TRUE(opened.ok()) << opened.error().front().message;
    return opened.ok() ? *std::move(opened) : nullptr;
  }

  static std::unique_ptr<Connection> InMemory() {
    auto adapter = Open({{"path", ":memory:"}});
    return *adapter->Connect();
  }

  static Cell One(Connection& connection, const std::string& sql) {
    auto rows = QueryAll(connection, sql);
    if (!rows.ok() || rows->size() != 1) {
      ADD_FAILURE() << sql << ": " << (rows.ok() ? "not one row" : rows.error().front().message);
      return {};
    }
    return (*rows)[0][0];
  }

  static std::string OneText(Connection& connection, const std::string& sql) { return CellText(One(connection, sql)); }

  fs::path folder_;
};

TEST_F(DuckDb, IntegersOfAnyWidthAreExact) {
  auto connection = InMemory();
  EXPECT_EQ(std::get<int64_t>(One(*connection, "select sum(i) from range(10) t(i)")), 45) << "a HUGEINT that fits";
  EXPECT_EQ(std::get<int64_t>(One(*connection, "select (-128)::tinyint")), -128);
  EXPECT_EQ(std::get<int64_t>(One(*connection, "select 4294967295::uinteger")), 4294967295);
  EXPECT_EQ(std::get<Decimal>(One(*connection, "select 18446744073709551615::ubigint")).digits, "18446744073709551615");
  EXPECT_EQ(std::get<Decimal>(One(*connection, "select -170141183460469231731687303715884105727::hugeint")).digits,
            "-170141183460469231731687303715884105727");
  EXPECT_EQ(std::get<Decimal>(One(*connection, "select 340282366920938463463374607431768211455::uhugeint")).digits,
            "340282366920938463463374607431768211455");
}

TEST_F(DuckDb, DecimalsOfAnyWidthAreExact) {
  auto connection = InMemory();
  const auto digits = [&](const std::string& sql) {
    return std::get<Decimal>(One(*connection, "select " + sql)).digits;
  };
  EXPECT_EQ(digits("-0.05::decimal(4,2)"), "-0.05");
  EXPECT_EQ(digits("1.5::decimal(9,4)"), "1.5000");
  EXPECT_EQ(digits("12345678901234.56::decimal(18,2)"), "12345678901234.56");
  EXPECT_EQ(digits("-0.00000000000000000000000000000000000001::decimal(38,38)"),
            "-0.00000000000000000000000000000000000001");
  EXPECT_EQ(digits("99999999999999999999999999999999999999::decimal(38,0)"), "99999999999999999999999999999999999999");
}

TEST_F(DuckDb, TimesAreExactAndInfinityIsNotADate) {
  auto connection = InMemory();
  EXPECT_EQ(std::get<TimestampCell>(One(*connection, "select timestamp '2026-11-20 10:00:00.000001'")).micros,
            1795168800000001);
  EXPECT_TRUE(std::get<TimestampCell>(One(*connection, "select timestamptz '2026-11-20 10:00:00+05:30'")).with_zone);
  EXPECT_EQ(OneText(*connection, "select timestamptz '2026-11-20 10:00:00+05:30'"), "2026-11-20 04:30:00+00");
  EXPECT_EQ(OneText(*connection, "select '2026-11-20 10:00:00.5'::timestamp_ms"), "2026-11-20 10:00:00.5");
  EXPECT_EQ(OneText(*connection, "select '1969-12-31 23:59:59'::timestamp_s"), "1969-12-31 23:59:59");
  EXPECT_EQ(OneText(*connection, "select '2026-11-20 10:00:00.123456789'::timestamp_ns"),
            "2026-11-20 10:00:00.123456789");
  EXPECT_EQ(std::get<Other>(One(*connection, "select 'infinity'::timestamp")).text, "infinity");
  EXPECT_EQ(std::get<Other>(One(*connection, "select '-infinity'::date")).text, "-infinity");
  EXPECT_EQ(OneText(*connection, "select date '0044-03-15 (BC)'"), "0044-03-15 (BC)");
}

// Each value's text is what the engine itself makes of it.
TEST_F(DuckDb, OtherTypesAreTheEnginesOwnText) {
  auto connection = InMemory();
  for (const char* value : {
           "[1, null, 3]",
           "['a', 'it''s', '', 'b c', 'NULL']",
           "{'a b': 1, 'c': {'d': ['x,y']}}",
           "map {'k': [1.50::decimal(4,2)]}",
           "array_value(1, 2)",
           "interval '14 months 3 days 3.5 seconds'",
           "time '01:02:03.000004'",
           "timetz '01:02:03+05:30'",
           "uuid '00000000-0000-0000-0000-00000000000a'",
           "'\\x00ab\\xFF'::blob",
           "'101'::bit",
           "union_value(n := 1)",
           "'123456789012345678901234567890123456789012'::bignum",
           "[timestamptz '2026-11-20 10:00:00+05:30']",
           "1::variant",
       }) {
    const Cell cell = One(*connection, fmt::format("select {}", value));
    ASSERT_TRUE(std::holds_alternative<Other>(cell)) << value;
    EXPECT_EQ(std::get<Other>(cell).text,
              OneText(*connection, fmt::format("set TimeZone = 'UTC'; select ({})::varchar", value)))
        << value;
    EXPECT_EQ(std::get<Other>(cell).type, OneText(*connection, fmt::format("select typeof({})", value)));
  }
  EXPECT_EQ(std::get<Text>(One(*connection, "select 'b'::enum('a', 'b')")).value, "b");
  EXPECT_EQ(std::get<Text>(One(*connection, "select '{\"a\": 1}'::json")).value, "{\"a\": 1}");
}

TEST_F(DuckDb, TypesAreNamedInFull) {
  auto connection = InMemory();
  const auto columns = connection->Describe(
      "select 1::decimal(18,3) d, [1] l, {'a b': 1, 'c': 'x'} s, now() t, 'a'::enum('a','b''c') e, '{}'::json j, null "
      "n");
  ASSERT_TRUE(columns.ok());
  std::vector<std::string> types;
  for (const ColumnInfo& column : *columns) types.push_back(column.type);
  EXPECT_EQ(types, (std::vector<std::string>{"DECIMAL(18,3)", "INTEGER[]", "STRUCT(\"a b\" INTEGER, c VARCHAR)",
                                             "TIMESTAMP WITH TIME ZONE", "ENUM('a', 'b''c')", "JSON", "INTEGER"}));
}

TEST_F(DuckDb, RowsOfManyChunksComeInOrder) {
  auto connection = InMemory();
  auto rows = connection->Query("select i, [i] from range(5000) t(i)");
  ASSERT_TRUE(rows.ok());
  std::vector<Cell> row;
  int64_t next = 0;
  while (*(*rows)->Next(row)) {
    ASSERT_EQ(std::get<int64_t>(row[0]), next);
    ASSERT_EQ(std::get<Other>(row[1]).text, fmt::format("[{}]", next));
    ++next;
  }
  EXPECT_EQ(next, 5000);
}

TEST_F(DuckDb, AnErrorInTheMiddleOfAStreamIsNotAnEnd) {
  auto connection = InMemory();
  ASSERT_TRUE(connection
                  ->Execute("create table t as select case when i = 900000 then 'x' else i::varchar end s "
                            "from range(1000000) t(i)")
                  .ok());
  auto rows = QueryAll(*connection, "select s::integer from t");
  ASSERT_FALSE(rows.ok());
  EXPECT_NE(rows.error().front().message.find("Could not convert string 'x'"), std::string::npos);
}

TEST_F(DuckDb, CommitThatFailsEndsTheTransaction) {
  auto adapter = Open({{"path", (folder_ / "a.duckdb").string()}});
  auto one = *adapter->Connect();
  auto two = *adapter->Connect();
  ASSERT_TRUE(one->Execute("create table t (i integer primary key)").ok());
  ASSERT_TRUE(one->Begin().ok());
  ASSERT_TRUE(two->Begin().ok());
  ASSERT_TRUE(one->Execute("insert into t values (1)").ok());
  ASSERT_TRUE(two->Execute("insert into t values (1)").ok());
  ASSERT_TRUE(one->Commit().ok());
  EXPECT_FALSE(two->Commit().ok());
  EXPECT_FALSE(two->InTransaction());
  EXPECT_TRUE(two->Begin().ok());
}

TEST_F(DuckDb, TheDatabaseIsNamedByItsFile) {
  EXPECT_EQ(DatabaseNameOf("data/my.db.duckdb"), "my");
  EXPECT_EQ(DatabaseNameOf("/x/.hidden.duckdb"), "hidden");
  EXPECT_EQ(DatabaseNameOf(":memory:"), "memory");
  auto adapter = Open({{"path", (folder_ / "shop.v2.duckdb").string()}});
  EXPECT_EQ(adapter->profile().database, "shop");
  EXPECT_EQ(adapter->profile().schema, "main");
  EXPECT_EQ(OneText(**adapter->Connect(), "select current_database()"), "shop");
}

TEST_F(DuckDb, SettingsReachEverySessionAndAttachTheDatabase) {
  auto adapter = Open({{"path", (folder_ / "a.duckdb").string()},
                       {"settings", {{"TimeZone", "Asia/Kolkata"}, {"errors_as_json", false}}},
                       {"config_options", {{"threads", 1}}},
                       {"extensions", {"json", "parquet"}},
                       {"attach", {{{"path", (folder_ / "b.duckdb").string()}, {"alias", "other"}}}}});
  for (int i = 0; i < 2; ++i) {
    auto connection = *adapter->Connect();
    EXPECT_EQ(OneText(*connection, "select current_setting('TimeZone')"), "Asia/Kolkata");
    EXPECT_EQ(OneText(*connection, "select current_setting('threads')"), "1");
    ASSERT_TRUE(connection->Execute("set timezone = 'Europe/Paris'").ok());
    ASSERT_TRUE(connection->Reset().ok());
    EXPECT_EQ(OneText(*connection, "select current_setting('TimeZone')"), "Asia/Kolkata") << "as a new one";
    ASSERT_TRUE(connection->Execute("create or replace table other.main.t as select 1 i").ok());
    const auto failed = connection->Execute("select nope from other.main.t");
    EXPECT_EQ(failed.error().front().message.find("LINE"), std::string::npos) << "also without errors_as_json";
  }
}

TEST_F(DuckDb, AWrongProfileSaysWhatIsWrong) {
  const auto message = [&](Json settings) {
    auto opened = OpenDuckDb(MakeProfile(std::move(settings)));
    return opened.ok() ? std::string("opened") : opened.error().front().message;
  };
  EXPECT_EQ(message({{"path", "a/shop.duckdb"}, {"database", "store"}}),
            "`database: store` does not match `path: a/shop.duckdb`");
  EXPECT_EQ(message({{"path", "md:shop"}, {"database", "md:shop"}}),
            "`path: md:shop` names MotherDuck, which stir does not support");
  EXPECT_EQ(message({{"plugins", Json::array()}}), "`plugins` of a duckdb profile is not supported by stir");
  EXPECT_EQ(message({{"config_options", {{"no_such", 1}}}}),
            "the database `:memory:` could not be opened: Invalid Input Error: The following options were not "
            "recognized: no_such");
  EXPECT_EQ(message({{"settings", "x"}}), "`settings` must be a mapping of names to values");
}

TEST_F(DuckDb, AFileThatIsNoDatabaseIsRefusedAndKept) {
  const fs::path path = folder_ / "notes.duckdb";
  std::ofstream(path) << std::string(5000, 'x');
  auto opened = OpenDuckDb(MakeProfile({{"path", path.string()}}));
  ASSERT_FALSE(opened.ok());
  EXPECT_EQ(opened.error().front().kind, kConnectionFailed);
  EXPECT_EQ(fs::file_size(path), 5000u);
  auto missing = OpenDuckDb(MakeProfile({{"path", (folder_ / "no/such/a.duckdb").string()}}));
  ASSERT_FALSE(missing.ok());
  EXPECT_FALSE(missing.error().front().hint.empty());
}

TEST_F(DuckDb, OneFileUnderManyNamesIsOneDatabase) {
  const fs::path path = folder_ / "a.duckdb";
  auto first = Open({{"path", path.string()}});
  auto connection = *first->Connect();
  ASSERT_TRUE(connection->Execute("create table t (i integer)").ok());
  fs::create_symlink(path, folder_ / "soft.duckdb");
  fs::create_hard_link(path, folder_ / "hard.duckdb");
  for (const char* name : {"soft.duckdb", "hard.duckdb", "./a.duckdb"}) {
    auto other = OpenDuckDb(MakeProfile({{"path", (folder_ / name).string()}}));
    ASSERT_TRUE(other.ok()) << other.error().front().message;
    auto session = *(*other)->Connect();
    EXPECT_TRUE(session->Execute("insert into t values (1)").ok());
  }
  EXPECT_EQ(*QueryCount(*connection, "select count(*) from t"), 3);
}

TEST_F(DuckDb, AnotherConfigurationOfAnOpenFileIsAnError) {
  const std::string path = (folder_ / "a.duckdb").string();
  auto first = Open({{"path", path}});
  auto second = OpenDuckDb(MakeProfile({{"path", path}, {"config_options", {{"threads", 1}}}}));
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().front().message.find("other `config_options`"), std::string::npos);
}

TEST_F(DuckDb, AFileReplacedUnderAnOpenDatabaseIsAnError) {
  const fs::path path = folder_ / "a.duckdb";
  {
    auto next = Open({{"path", (folder_ / "next.duckdb").string()}});
  }
  auto first = Open({{"path", path.string()}});
  fs::rename(folder_ / "next.duckdb", path);
  auto second = OpenDuckDb(MakeProfile({{"path", path.string()}}));
  ASSERT_FALSE(second.ok());
  EXPECT_NE(second.error().front().message.find("was replaced"), std::string::npos);
  first.reset();
  EXPECT_TRUE(OpenDuckDb(MakeProfile({{"path", path.string()}})).ok());
}

TEST_F(DuckDb, AnOpenFileCannotBeAttachedElsewhereInTheProcess) {
  const std::string path = (folder_ / "a.duckdb").string();
  auto first = Open({{"path", path}});
  auto connection = InMemory();
  const auto attached = connection->Execute(fmt::format("attach '{}' as again", path));
  ASSERT_FALSE(attached.ok());
  EXPECT_NE(attached.error().front().message.find("already attached"), std::string::npos);
}

TEST_F(DuckDb, AFileHeldByAnotherProcessNamesIt) {
  const std::string path = (folder_ / "a.duckdb").string();
  int ready[2];
  int done[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(done), 0);
  const pid_t child = fork();
  if (child == 0) {
    auto adapter = OpenDuckDb(MakeProfile({{"path", path}}));
    char byte = adapter.ok() ? 'y' : 'n';
    [[maybe_unused]] auto wrote = write(ready[1], &byte, 1);
    [[maybe_unused]] auto got = read(done[0], &byte, 1);
    _exit(0);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  ASSERT_EQ(byte, 'y');
  auto held = OpenDuckDb(MakeProfile({{"path", path}}));
  ASSERT_FALSE(held.ok());
  const Diagnostic& error = held.error().front();
  EXPECT_EQ(error.kind, kDatabaseHeld);
  EXPECT_NE(error.message.find(fmt::format("process {} (`", child)), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("adapter_duckdb_test"), std::string::npos) << error.message;
  EXPECT_FALSE(error.hint.empty());
  ASSERT_EQ(write(done[1], &byte, 1), 1);
  waitpid(child, nullptr, 0);
  EXPECT_TRUE(OpenDuckDb(MakeProfile({{"path", path}})).ok());
}

TEST(DuckDbErrors, BothFormsReadTheSame) {
  const Diagnostic json = ErrorFrom(R"({"exception_type":"Binder","exception_message":"no \"x\"","position":"7"})");
  EXPECT_EQ(json.message, "Binder Error: no \"x\"");
  EXPECT_EQ(json.engine_offset, 7);
  const Diagnostic plain = ErrorFrom("Binder Error: no \"x\"\n\nLINE 1: select x\n               ^");
  EXPECT_EQ(plain.message, json.message);
  EXPECT_EQ(plain.engine_offset, -1);
}

TEST(DuckDbErrors, AFullDiskIsItsOwnKind) {
  EXPECT_EQ(ErrorFrom("IO Error: Could not write file \"x\": No space left on device").kind.name, "disk-full");
}

}  // namespace
}  // namespace stir::adapter::duckdb
