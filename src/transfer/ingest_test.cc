// Ingestion against the real engine: what is read, rejected, loaded, repeated, and what each bad drop says.
#include "transfer/ingest.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "adapter/cell.h"
#include "adapter/kinds.h"
#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/testing/engine.h"

namespace stir::transfer {
namespace {

namespace stdfs = std::filesystem;
using platform::Format;
using platform::Mode;

class IngestTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (stdfs::temp_directory_path() / "stir-ingest-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    connection_.name = "drop";
    connection_.type = platform::ConnectionType::kFiles;
    connection_.root = folder_ / "drop";
    adapter_ = Open();
    ingestion_.name = "sales";
    ingestion_.from.path = At<std::string>("*.csv");
    ingestion_.from.format = At(Format::kCsv);
    ingestion_.mode = At(Mode::kIncremental);
  }
  void TearDown() override {
    adapter_.reset();
    std::error_code ignored;
    stdfs::remove_all(folder_, ignored);
  }

  std::unique_ptr<adapter::Adapter> Open() const { return OpenDuckDb(folder_ / "shop.duckdb"); }

  void Drop(const std::string& name, const std::string& text) const {
    stdfs::create_directories((connection_.root / name).parent_path());
    std::ofstream(connection_.root / name, std::ios::binary) << text;
  }
  // Writes what the query gives, in the format that the name says.
  void DropQuery(const std::string& name, const std::string& query) {
    stdfs::create_directories((connection_.root / name).parent_path());
    auto session = *adapter_->Connect();
    const auto done = session->Execute(fmt::format("COPY ({}) TO '{}'", query, (connection_.root / name).string()));
    ASSERT_TRUE(done.ok()) << done.error().front().message;
  }

  IngestRequest Request(const std::string& run) const {
    return {.ingestion = ingestion_,
            .from = connection_,
            .target = {.database = "shop", .schema = "raw", .identifier = "sales", .quote = {}, .include = {}},
            .declared = declared_,
            .run_id = run,
            .now = Day(21),
            .interval = interval_,
            .scratch = folder_ / "scratch"};
  }
  Result<IngestOutcome> Run(const std::string& run) { return Ingest(Request(run), *adapter_, SystemFiles()); }
  Checkpoint Load(const std::string& run) {
    auto outcome = Run(run);
    if (!outcome.ok()) {
      ADD_FAILURE() << outcome.error().front().message << " | " << outcome.error().front().hint;
      return {};
    }
    last_ = *outcome;
    return outcome->checkpoint;
  }
  Diagnostic Fails(const std::string& run = "r") {
    auto outcome = Run(run);
    if (!outcome.ok()) return outcome.error().front();
    ADD_FAILURE() << "it loaded";
    return Diagnostic(kBadIngestion, "");
  }
  std::string Sql(const std::string& query) { return RowsOf(*adapter_, query); }
  void Key(const std::string& name, const std::string& cursor) {
    ingestion_.key = {At(name)};
    ingestion_.cursor = At(cursor);
  }

  stdfs::path folder_;
  platform::Connection connection_;
  platform::Ingestion ingestion_;
  std::vector<TypedColumn> declared_;
  std::optional<Interval> interval_;
  std::unique_ptr<adapter::Adapter> adapter_;
  IngestOutcome last_;
};

TEST_F(IngestTest, AppendsNewFilesAndTakesEachOnce) {
  Drop("a.csv", "id,name\n1,one\n2,two\n");
  EXPECT_EQ(Load("r1").inserted, 2);
  EXPECT_EQ(Sql("select id, name, _stir_run_id, typeof(id) from raw.sales order by 1"),
            "1|one|r1|BIGINT\n2|two|r1|BIGINT");
  EXPECT_EQ(Load("r2").read, 0);
  EXPECT_EQ(last_.files_skipped, 1);
  Drop("b.csv", "id,name\n3,three\n");
  EXPECT_EQ(Load("r3").inserted, 1);
  stdfs::last_write_time(connection_.root / "a.csv", stdfs::file_time_type::clock::now());
  EXPECT_EQ(Load("r4").read, 0) << "touched is not changed";
  EXPECT_EQ(Sql("select count(*) from raw.sales"), "3");
}

TEST_F(IngestTest, TheSameAttemptAgainSaysWhatItDid) {
  Drop("a.csv", "id\n1\n2\n");
  EXPECT_EQ(Load("r1").inserted, 2);
  EXPECT_EQ(Load("r1").inserted, 2);
  EXPECT_TRUE(last_.already_done);
  EXPECT_EQ(Sql("select count(*) from raw.sales"), "2");
}

TEST_F(IngestTest, UpsertsByKeyAndTheNewestCursorWins) {
  Key("id", "at");
  Drop("a.csv", "id,at,v\n1,2026-11-20 10:00:00,a\n1,2026-11-20 11:00:00,b\n2,2026-11-20 10:00:00,c\n");
  Checkpoint first = Load("r1");
  EXPECT_EQ(first.duplicates, 1);
  EXPECT_EQ(first.inserted, 2);
  EXPECT_EQ(first.watermark, "2026-11-20 11:00:00");
  ingestion_.overlap = std::chrono::hours(3);
  Drop("b.csv", "id,at,v\n1,2026-11-20 09:00:00,old\n2,2026-11-20 12:00:00,new\n3,2026-11-20 12:00:00,d\n");
  Checkpoint second = Load("r2");
  EXPECT_EQ(second.stale, 1);
  EXPECT_EQ(second.updated, 1);
  EXPECT_EQ(second.inserted, 1);
  EXPECT_EQ(Sql("select id, v from raw.sales order by id"), "1|b\n2|new\n3|d");
}

TEST_F(IngestTest, WithoutAnIntervalTheWindowBeginsAtTheWatermark) {
  Key("id", "at");
  Drop("a.csv", "id,at\n1,2026-11-20 10:00:00\n");
  Load("r1");
  Drop("b.csv", "id,at\n2,2026-11-20 09:30:00\n3,2026-11-20 08:00:00\n4,2026-11-20 11:00:00\n");
  ingestion_.overlap = std::chrono::hours(1);
  const Checkpoint load = Load("r2");
  EXPECT_EQ(load.outside, 1);
  EXPECT_EQ(Sql("select id from raw.sales order by id"), "1\n2\n4");
}

TEST_F(IngestTest, AnIntervalCutsTheCursorHalfOpenAndRepeatsExactly) {
  Key("id", "at");
  Drop("a.csv",
       "id,at,v\n1,2026-11-20 00:00:00,a\n2,2026-11-20 23:59:59.999999,b\n3,2026-11-21 00:00:00,c\n4,2026-11-19 "
       "23:59:59,d\n");
  interval_ = Interval{Day(20), Day(21)};
  EXPECT_EQ(Load("r1").inserted, 2);
  EXPECT_EQ(Load("r1").outside, 2);
  interval_ = Interval{Day(21), Day(22)};
  EXPECT_EQ(Load("r2").inserted, 1);
  interval_ = Interval{Day(20), Day(21)};
  const Checkpoint again = Load("r3");
  EXPECT_EQ(again.inserted + again.updated, 2);
  EXPECT_EQ(Sql("select id, v from raw.sales order by id"), "1|a\n2|b\n3|c");
  EXPECT_EQ(again.watermark, "2026-11-21 00:00:00") << "forward only";
  Drop("a.csv", "id,at,v\n1,2026-11-20 00:00:00,corrected\n");
  EXPECT_EQ(Load("r4").removed, 1);
  EXPECT_EQ(Sql("select id, v from raw.sales order by id"), "1|corrected\n3|c");
}

TEST_F(IngestTest, AnIntervalWithoutKeyReplacesWhatItLoaded) {
  ingestion_.from.path = At<std::string>("20/*.csv");
  Drop("20/a.csv", "id\n1\n2\n");
  interval_ = Interval{Day(20), Day(21)};
  Load("r1");
  Drop("20/a.csv", "id\n1\n2\n3\n");
  EXPECT_EQ(Load("r2").inserted, 3);
  EXPECT_EQ(last_.checkpoint.removed, 2);
  EXPECT_EQ(Sql("select id from raw.sales order by id"), "1\n2\n3");
}

TEST_F(IngestTest, ABackfillLeavesTheWatermark) {
  Key("id", "at");
  Drop("a.csv", "id,at\n1,2026-11-20 10:00:00\n2,2026-11-21 10:00:00\n");
  interval_ = Interval{Day(20), Day(21)};
  Load("r1");
  interval_ = Interval{Day(21), Day(22)};
  IngestRequest request = Request("r2");
  request.backfill = true;
  auto outcome = Ingest(request, *adapter_, SystemFiles());
  ASSERT_TRUE(outcome.ok());
  EXPECT_EQ(outcome->checkpoint.watermark, "2026-11-20 10:00:00");
  EXPECT_EQ(outcome->checkpoint.inserted, 1);
}

TEST_F(IngestTest, FullReplacesTheTable) {
  ingestion_.mode = At(Mode::kFull);
  Drop("a.csv", "id\n1\n2\n");
  Load("r1");
  Drop("a.csv", "id\n7\n");
  EXPECT_EQ(Load("r2").inserted, 1);
  EXPECT_EQ(Sql("select id from raw.sales"), "7");
  Drop("a.csv", "id\n");
  EXPECT_EQ(Fails("r3").kind, kDropEmpty);
  EXPECT_EQ(Sql("select id from raw.sales"), "7");
}

TEST_F(IngestTest, FullFollowsTheFilesTypesUnlessAChangeShallFail) {
  ingestion_.mode = At(Mode::kFull);
  Drop("a.csv", "id\n1\n2\n");
  Load("r1");
  ingestion_.schema_changes.type = platform::OnType::kFail;
  Drop("a.csv", "id\nx\n");
  EXPECT_EQ(Fails("r2").kind, kColumnRetyped);
  EXPECT_EQ(Sql("select count(*) from raw.sales"), "2");
  IngestRequest anew = Request("r3");
  anew.full_refresh = true;
  ASSERT_TRUE(Ingest(anew, *adapter_, SystemFiles()).ok());
  EXPECT_EQ(Sql("select id from raw.sales"), "x");
}

TEST_F(IngestTest, TheFirstLoadsOfADatabaseMayComeAllAtOnce) {
  Drop("a.csv", "id\n1\n");
  std::vector<std::thread> threads;
  std::array<std::string, 8> failures;
  for (size_t i = 0; i < failures.size(); ++i) {
    threads.emplace_back([&, i] {
      platform::Ingestion own = ingestion_;
      own.name = fmt::format("sales_{}", i);
      IngestRequest request = Request("r1");
      IngestRequest mine{.ingestion = own,
                         .from = request.from,
                         .target = request.target,
                         .declared = {},
                         .run_id = "r1",
                         .now = request.now,
                         .interval = {},
                         .scratch = request.scratch};
      mine.target.identifier = own.name;
      const auto outcome = Ingest(mine, *adapter_, SystemFiles());
      if (!outcome.ok()) failures[i] = outcome.error().front().message;
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::string& failure : failures) EXPECT_EQ(failure, "");
}

TEST_F(IngestTest, ColumnsAndWhere) {
  ingestion_.from.columns = {At<std::string>("id"), At<std::string>("total")};
  ingestion_.from.where = At<std::string>("is_deleted = false and status = 'completed'");
  Drop("a.csv",
       "id,status,total,is_deleted,note\n1,completed,1.5,false,x\n2,open,2.5,false,y\n3,completed,2.5,true,z\n");
  const Checkpoint load = Load("r1");
  EXPECT_EQ(load.read, 3);
  EXPECT_EQ(load.filtered, 2);
  EXPECT_EQ(Sql("select * exclude (_stir_run_id, _stir_loaded_at) from raw.sales"), "1|1.5");
}

TEST_F(IngestTest, CsvRowsThatDoNotFitAreQuarantinedWithTheirLine) {
  declared_ = {{"id", "bigint"}, {"quantity", "int"}, {"price", "numeric(12,2)"}, {"at", "timestamp"}, {"day", "date"}};
  ingestion_.quarantine.enabled = true;
  Drop("a.csv",
       "id,quantity,price,at,day\n"
       "1,2,1.50,2026-11-20T10:00:00+05:30,2026-11-20\n"
       "2,2.5,1.50,2026-11-20,2026-11-20\n"
       "3,x,1.50,2026-11-20,2026-11-20\n"
       "4,1,1.239,2026-11-20,2026-11-20\n"
       "5,1\n"
       "\n"
       "6,1,1.5000,yesterday,2026-11-20\n"
       "7,1,1.5,2026-11-20,2026-11-20,more\n"
       "8,3.0,1e2,2026-11-20,2026-11-20 10:00:00\n"
       "9,\"3\",2,2026-11-20,\n");
  const Checkpoint load = Load("r1");
  EXPECT_EQ(load.read, 9);
  EXPECT_EQ(load.rejected, 7);
  EXPECT_EQ(Sql("select id, quantity, price, \"at\", day from raw.sales order by id"),
            "1|2|1.50|2026-11-20 04:30:00|2026-11-20\n9|3|2.00|2026-11-20 00:00:00|");
  EXPECT_EQ(Sql("select position, reason, original from raw.sales__quarantine order by position"),
            "3|`quantity` does not fit INTEGER|2,2.5,1.50,2026-11-20,2026-11-20\n"
            "4|`quantity` does not fit INTEGER|3,x,1.50,2026-11-20,2026-11-20\n"
            "5|`price` does not fit DECIMAL(12,2)|4,1,1.239,2026-11-20,2026-11-20\n"
            "6|the line has too few fields|5,1\n"
            "8|`at` does not fit TIMESTAMP|6,1,1.5000,yesterday,2026-11-20\n"
            "9|the line has too many fields|7,1,1.5,2026-11-20,2026-11-20,more\n"
            "10|`day` does not fit DATE|8,3.0,1e2,2026-11-20,2026-11-20 10:00:00");
  ASSERT_FALSE(last_.rejected.empty());
  EXPECT_EQ(last_.rejected[0].reason, "`quantity` does not fit INTEGER");
  EXPECT_EQ(last_.rejected[0].rows, 2);
  EXPECT_EQ(last_.rejected[0].example, "a.csv:3");
  EXPECT_EQ(load.read,
            load.duplicates + load.filtered + load.outside + load.rejected + load.stale + load.inserted + load.updated);
}

TEST_F(IngestTest, JsonLinesThatDoNotFitAreQuarantinedWithTheirLine) {
  ingestion_.from.path = At<std::string>("*.jsonl");
  ingestion_.from.format = At(Format::kJsonl);
  declared_ = {{"id", "bigint"}, {"price", "decimal(18,2)"}};
  ingestion_.quarantine.enabled = true;
  Drop("a.jsonl",
       "{\"id\": 1, \"price\": 19.99, \"tags\": [\"a\", {\"b\": 1}], \"name\": \"it's\"}\n"
       "{\"id\": 2, \"price\": \"3.5\"}\n"
       "\n"
       "{broken\n"
       "[1, 2]\n"
       "{\"id\": 3.7, \"price\": 1}\n"
       "{\"id\": 4, \"price\": 12345678901234.5678901}\n"
       "{\"id\": 5, \"price\": \"1234567890123456.70\"}\n");
  const Checkpoint load = Load("r1");
  EXPECT_EQ(load.read, 7);
  EXPECT_EQ(Sql("select id, price, tags, name from raw.sales order by id"),
            "1|19.99|[\"a\",{\"b\":1}]|it's\n2|3.50||\n5|1234567890123456.70||");
  EXPECT_EQ(Sql("select position, reason, original from raw.sales__quarantine order by position"),
            "4|the line is not a JSON object|{broken\n"
            "5|the line is not a JSON object|[1, 2]\n"
            "6|`id` does not fit BIGINT|{\"id\": 3.7, \"price\": 1}\n"
            "7|`price` does not fit DECIMAL(18,2)|{\"id\": 4, \"price\": 12345678901234.5678901}");
}

TEST_F(IngestTest, ParquetRowsThatDoNotFitAreQuarantinedAsJson) {
  ingestion_.from.path = At<std::string>("*.parquet");
  ingestion_.from.format = At(Format::kParquet);
  declared_ = {{"id", "integer"}, {"price", "decimal(9,2)"}};
  ingestion_.quarantine.enabled = true;
  DropQuery("a.parquet", "select 1::bigint id, '1.5' price union all select 5000000000, '2' union all select 3, 'x'");
  EXPECT_EQ(Load("r1").rejected, 2);
  EXPECT_EQ(Sql("select id, price from raw.sales"), "1|1.50");
  EXPECT_EQ(Sql("select position, reason, original from raw.sales__quarantine order by position"),
            "2|`id` does not fit INTEGER|{\"id\":5000000000,\"price\":\"2\"}\n"
            "3|`price` does not fit DECIMAL(9,2)|{\"id\":3,\"price\":\"x\"}");
}

TEST_F(IngestTest, WithoutQuarantineARowThatDoesNotFitFailsTheLoad) {
  declared_ = {{"id", "bigint"}};
  Drop("a.csv", "id,v\n1,a\nx,b\n");
  const Diagnostic error = Fails();
  EXPECT_EQ(error.kind, kRowsRejected);
  EXPECT_EQ(error.message, "1 of 2 rows do not fit: `id` does not fit BIGINT (a.csv:3)");
  EXPECT_EQ(Sql("select count(*) from duckdb_tables() where table_name = 'sales'"), "0");
}

TEST_F(IngestTest, TooManyRejectedFailTheLoad) {
  declared_ = {{"id", "bigint"}};
  ingestion_.quarantine = {.enabled = true, .max_ratio = 0.1, .max_rows = {}};
  Drop("a.csv", "id,v\n1,a\nx,b\n");
  const Diagnostic error = Fails();
  EXPECT_EQ(error.kind, kRowsRejected);
  EXPECT_EQ(error.hint, "nothing was loaded: `quarantine`'s max_ratio is 0.1, this is 0.5");
}

TEST_F(IngestTest, NullKeysAndCursorsAreRejectedNotLost) {
  Key("id", "at");
  declared_ = {{"id", "bigint"}, {"at", "timestamp"}};
  ingestion_.quarantine.enabled = true;
  Drop("a.csv", "id,at\n1,2026-11-20\n,2026-11-20\n2,\n");
  EXPECT_EQ(Load("r1").rejected, 2);
  EXPECT_EQ(Sql("select reason from raw.sales__quarantine order by position"),
            "`id` is NULL, but it is the key\n`at` is NULL, but it is the cursor");
}

TEST_F(IngestTest, RepeatingAnIntervalReplacesItsQuarantine) {
  declared_ = {{"id", "bigint"}};
  ingestion_.quarantine.enabled = true;
  interval_ = Interval{Day(20), Day(21)};
  Drop("a.csv", "id,v\n1,a\nx,b\n");
  Load("r1");
  Load("r2");
  EXPECT_EQ(Sql("select count(*) from raw.sales__quarantine"), "1");
  EXPECT_EQ(Sql("select count(*) from raw.sales"), "1");
}

TEST_F(IngestTest, ReplayMovesTheRowsThatFitNow) {
  Key("id", "at");
  declared_ = {{"id", "bigint"}, {"at", "timestamp"}, {"quantity", "integer"}};
  ingestion_.quarantine.enabled = true;
  Drop("a.csv", "id,at,quantity,note\n1,2026-11-20,1,a\n2,2026-11-20,2.5,\"x, y\"\n3,2026-11-20,x,c\n4,2026-11-20\n");
  Load("r1");
  EXPECT_EQ(last_.checkpoint.rejected, 3);
  auto same = Replay(Request("p1"), *adapter_, SystemFiles());
  ASSERT_TRUE(same.ok()) << same.error().front().message;
  EXPECT_EQ(same->tried, 3);
  EXPECT_EQ(same->loaded, 0);
  Sql("alter table raw.sales alter column quantity type decimal(9,2)");
  declared_[2].type = "decimal(9,2)";
  Sql("update raw.sales__quarantine set original = '4,2026-11-20,7,fixed' where position = 5");
  auto outcome = Replay(Request("p2"), *adapter_, SystemFiles());
  ASSERT_TRUE(outcome.ok()) << outcome.error().front().message;
  EXPECT_EQ(outcome->loaded, 2);
  ASSERT_EQ(outcome->rejected.size(), 1u);
  EXPECT_EQ(outcome->rejected[0].reason, "`quantity` does not fit DECIMAL(9,2)");
  EXPECT_EQ(Sql("select id, quantity, note, _stir_run_id from raw.sales order by id"),
            "1|1.00|a|r1\n2|2.50|x, y|r1\n4|7.00|fixed|r1");
  EXPECT_EQ(Sql("select original from raw.sales__quarantine"), "3,2026-11-20,x,c");
}

TEST_F(IngestTest, ADroppedTableIsLoadedAnew) {
  Drop("a.csv", "id\n1\n");
  Load("r1");
  Sql("drop table raw.sales");
  EXPECT_EQ(Load("r1").inserted, 1);
  EXPECT_FALSE(last_.already_done);
}

TEST_F(IngestTest, AddedColumns) {
  Drop("a.csv", "id\n1\n");
  Load("r1");
  Drop("b.csv", "id,channel\n2,web\n");
  ingestion_.schema_changes.added = platform::OnAdded::kFail;
  EXPECT_EQ(Fails("r2").message, "`b.csv` has a new column `channel`");
  ingestion_.schema_changes.added = platform::OnAdded::kIgnore;
  Load("r3");
  EXPECT_EQ(Sql("select count(*) from duckdb_columns() where table_name = 'sales'"), "3");
  Drop("c.csv", "channel,id\nweb,3\n");
  ingestion_.schema_changes.added = platform::OnAdded::kAdd;
  Load("r4");
  EXPECT_EQ(last_.added_columns, std::vector<std::string>{"channel VARCHAR"});
  EXPECT_EQ(Sql("select id, channel from raw.sales order by id"), "1|\n2|\n3|web");
}

TEST_F(IngestTest, RemovedColumns) {
  Drop("a.csv", "id,name\n1,one\n");
  Load("r1");
  Drop("b.csv", "id,nane\n2,two\n");
  const Diagnostic error = Fails("r2");
  EXPECT_EQ(error.kind, kColumnMissing);
  EXPECT_EQ(error.message, "`b.csv` has no column `name`");
  EXPECT_TRUE(error.hint.starts_with("did you mean `nane`?")) << error.hint;
  ingestion_.schema_changes.removed = platform::OnRemoved::kNull;
  ingestion_.schema_changes.added = platform::OnAdded::kIgnore;
  Load("r3");
  EXPECT_EQ(Sql("select id, name from raw.sales order by id"), "1|one\n2|");
}

TEST_F(IngestTest, RetypedColumns) {
  ingestion_.from.path = At<std::string>("*.parquet");
  ingestion_.from.format = At(Format::kParquet);
  DropQuery("a.parquet", "select 1::integer id, 2::integer n");
  Load("r1");
  DropQuery("b.parquet", "select 2::integer id, 3000000000::bigint n");
  ingestion_.schema_changes.type = platform::OnType::kFail;
  EXPECT_EQ(Fails("r2").message, "column `n` of `b.parquet` is BIGINT, in the table it is INTEGER");
  ingestion_.schema_changes.type = platform::OnType::kQuarantine;
  EXPECT_EQ(Load("r3").rejected, 1);
  DropQuery("c.parquet", "select 3::integer id, 2.5::decimal(5,2) n");
  ingestion_.schema_changes.type = platform::OnType::kWiden;
  Load("r4");
  EXPECT_EQ(last_.widened_columns, std::vector<std::string>{"n INTEGER -> DECIMAL(12,2)"});
  EXPECT_EQ(Sql("select id, n from raw.sales order by id"), "1|2.00\n3|2.50");
  DropQuery("d.parquet", "select 4::integer id, 'many' n");
  EXPECT_EQ(Fails("r5").kind, kRowsRejected);
}

TEST_F(IngestTest, FilesOfDifferentShapesAreOneLoad) {
  ingestion_.from.path = At<std::string>("*.parquet");
  ingestion_.from.format = At(Format::kParquet);
  ingestion_.schema_changes.removed = platform::OnRemoved::kNull;
  DropQuery("a.parquet", "select 1::integer id, 'x' s");
  DropQuery("b.parquet", "select 2::bigint id, date '2026-11-20' d");
  Load("r1");
  EXPECT_EQ(Sql("select id, s, d, typeof(id) from raw.sales order by id"), "1|x||BIGINT\n2||2026-11-20|BIGINT");
}

TEST_F(IngestTest, WhatIsWrongWithADrop) {
  EXPECT_EQ(Fails().kind, kDropMissing);
  Drop("2026/x.txt", "x");
  ingestion_.from.path = At<std::string>("2026/*.csv");
  const Diagnostic missing = Fails();
  EXPECT_EQ(missing.message, "no file fits `2026/*.csv`");
  EXPECT_NE(missing.hint.find("x.txt"), std::string::npos) << missing.hint;
  ingestion_.from.path = At<std::string>("*.csv");

  Drop("a.csv", "");
  EXPECT_EQ(Fails().message, "`a.csv` is empty (0 bytes)");
  Drop("a.csv", "id,name\n1,caf\xE9 au lait\n");
  EXPECT_EQ(Fails().message, "`a.csv` is not UTF-8: line 2 has the byte 0xE9");
  Drop("a.csv", std::string("\xFF\xFEi\0d\0", 6));
  EXPECT_EQ(Fails().message, "`a.csv` is encoded in UTF-16, not in UTF-8");
  Drop("a.csv", "id,name\n1,one\n2,tw");
  EXPECT_EQ(Load("cut").inserted, 2) << "a last line without its end is a line";
  Drop("a.csv", "id,name,at\n1,one,2\n2,tw");
  EXPECT_EQ(Fails().message, "`a.csv` is half written: its last line breaks off");
  Drop("a.csv", "id,id\n1,2\n");
  EXPECT_EQ(Fails().message, "the header of `a.csv` has `id` twice");
}

TEST_F(IngestTest, HalfAParquetFile) {
  ingestion_.from.path = At<std::string>("*.parquet");
  ingestion_.from.format = At(Format::kParquet);
  DropQuery("a.parquet", "select range id from range(10000)");
  stdfs::resize_file(connection_.root / "a.parquet", stdfs::file_size(connection_.root / "a.parquet") / 2);
  EXPECT_EQ(Fails().kind, kDropHalfWritten);
  Drop("a.parquet", "id,name\n1,2\n");
  EXPECT_EQ(Fails().message, "`a.parquet` is not a Parquet file");
}

TEST_F(IngestTest, HalfACompressedFile) {
  ingestion_.from.path = At<std::string>("*.csv.gz");
  DropQuery("a.csv.gz", "select range id, hash(range) h from range(100000)");
  EXPECT_EQ(Load("r1").inserted, 100000);
  stdfs::resize_file(connection_.root / "a.csv.gz", stdfs::file_size(connection_.root / "a.csv.gz") / 2);
  EXPECT_EQ(Fails("r2").kind, kDropHalfWritten);
}

TEST_F(IngestTest, Latin1WhenItIsSaid) {
  ingestion_.from.options = {{"encoding", "latin-1"}, {"delim", ";"}};
  Drop("a.csv", "id;n\xE4me\n1;caf\xE9\n");
  Load("r1");
  EXPECT_EQ(Sql("select \"näme\" from raw.sales"), "café");
}

TEST_F(IngestTest, AWrongWhereIsReportedWithTheIngestion) {
  ingestion_.from.where = At<std::string>("no_such = 1");
  Drop("a.csv", "id\n1\n");
  const Diagnostic error = Fails();
  EXPECT_EQ(error.kind, adapter::kDatabaseError);
  EXPECT_NE(error.message.find("no_such"), std::string::npos);
}

TEST_F(IngestTest, ManyLoadIntoOneDatabaseAtOnce) {
  for (int i = 0; i < 4; ++i)
    DropQuery(fmt::format("p{}/a.parquet", i), "select range id, range % 7 v from range(20000)");
  std::vector<std::thread> threads;
  std::atomic<int> failed = 0;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&, i] {
      platform::Ingestion mine = ingestion_;
      mine.name = fmt::format("p{}", i);
      mine.from.path = At(fmt::format("p{}/*.parquet", i));
      mine.from.format = At(Format::kParquet);
      IngestRequest request{.ingestion = mine,
                            .from = connection_,
                            .target = Request("r").target,
                            .declared = {},
                            .run_id = "r",
                            .now = Day(21),
                            .interval = {},
                            .scratch = {}};
      request.target.identifier = mine.name;
      auto outcome = Ingest(request, *adapter_, SystemFiles());
      if (!outcome.ok()) {
        ++failed;
        ADD_FAILURE() << outcome.error().front().message;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(Sql("select count(*), sum(inserted) from _stir.checkpoints"), "4|80000");
}

TEST_F(IngestTest, CancelLeavesNothingBehind) {
  Drop("a.csv", "id\n1\n");
  CancelSource source;
  const Failpoints cancel_when_staged([&](std::string_view step) {
    if (step == "load.staged") source.request_stop();
  });
  auto outcome = Ingest(Request("r1"), *adapter_, SystemFiles(), cancel_when_staged, source.get_token());
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().front().kind, adapter::kCanceled);
  EXPECT_EQ(Load("r1").inserted, 1);
}

// A process that dies at any step leaves all or nothing, and the next attempt ends where an undisturbed one does.
TEST_F(IngestTest, DeathAtAnyStepLosesAndDoublesNothing) {
  Key("id", "at");
  ingestion_.quarantine.enabled = true;
  declared_ = {{"id", "bigint"}, {"at", "timestamp"}};
  Drop("a.csv", "id,at,v\n1,2026-11-20 10:00:00,a\nx,2026-11-20 11:00:00,b\n");
  Load("r1");
  Drop("b.csv", "id,at,v\n1,2026-11-20 12:00:00,b\n2,2026-11-20 12:00:00,b\ny,2026-11-20 12:00:00,b\n");
  for (const std::string step : {"load.staged", "load.begin", "load.written", "load.commit", "load.committed"}) {
    adapter_.reset();
    const pid_t child = fork();
    if (child == 0) {
      auto adapter = Open();
      const Failpoints die([&](std::string_view reached) {
        if (reached == step) _exit(9);
      });
      static_cast<void>(Ingest(Request("r2"), *adapter, SystemFiles(), die));
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 9) << step;
    adapter_ = Open();
    const bool committed = step == "load.committed";
    EXPECT_EQ(Sql("select count(*) from _stir.checkpoints"), committed ? "2" : "1") << step;
    EXPECT_EQ(Sql("select count(*) from raw.sales"), committed ? "2" : "1") << step;
  }
  EXPECT_EQ(Load("r2").updated, 1);
  EXPECT_TRUE(last_.already_done);
  EXPECT_EQ(Sql("select id, v from raw.sales order by id"), "1|b\n2|b");
  EXPECT_EQ(Sql("select count(*) from raw.sales__quarantine"), "2");
}

}  // namespace
}  // namespace stir::transfer
