// Publication against the real engine and the real disk: what readers see at every step, and after a death at every
// step.
#include "transfer/publish.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "adapter/cell.h"
#include "adapter/duckdb/duckdb_adapter.h"
#include "adapter/kinds.h"
#include "base/strings.h"
#include "transfer/kinds.h"
#include "transfer/testing/engine.h"

namespace stir::transfer {
namespace {

namespace stdfs = std::filesystem;
using platform::Format;
using platform::Strategy;

class MemoryJournal final : public Journal {
 public:
  Status Record(const JournalEntry& entry) override {
    entries.push_back(entry);
    return {};
  }
  std::vector<JournalEntry> entries;
};

class PublishTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (stdfs::temp_directory_path() / "stir-publish-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    adapter_ = Open("shop");
    publication_.name = "orders";
    publication_.from.model = "mart_orders";
    publication_.strategy = At(Strategy::kSwap);
    connection_.name = "serve";
  }
  void TearDown() override {
    adapter_.reset();
    std::error_code ignored;
    stdfs::remove_all(folder_, ignored);
  }

  std::unique_ptr<adapter::Adapter> Open(const std::string& name) const {
    return OpenDuckDb(folder_ / (name + ".duckdb"));
  }
  void ToDuckDb() {
    connection_.type = platform::ConnectionType::kDuckDb;
    connection_.path = folder_ / "serve.duckdb";
    publication_.to.table = At<std::string>("sales.orders");
  }
  void ToFiles(Strategy strategy, Format format = Format::kParquet) {
    connection_.type = platform::ConnectionType::kFiles;
    connection_.root = folder_ / "out";
    publication_.to.path = At<std::string>("orders");
    publication_.to.format = At(format);
    publication_.strategy = At(strategy);
  }
  void Model(const std::string& query) { Sql(fmt::format("create or replace table mart_orders as {}", query)); }

  std::string Sql(const std::string& query) { return RowsOf(*adapter_, query); }
  // What a reader of the published file sees.
  std::string Read(const std::string& query) {
    auto reader = Open("serve");
    return RowsOf(*reader, query);
  }
  std::string ReadFiles(const std::string& query = "select count(*), sum(id)") {
    return Sql(fmt::format("{} from read_parquet('{}/out/orders/current/**/*.parquet', hive_partitioning = true)",
                           query, folder_.string()));
  }

  PublishRequest Request(const std::string& run = "r1") const {
    return {.publication = publication_,
            .to = connection_,
            .model = {.database = "shop", .schema = "main", .identifier = "mart_orders", .quote = {}, .include = {}},
            .run_id = run,
            .now = *ParseTimestamp("2026-11-21")};
  }
  PublishOutcome Publishes(const std::string& run = "r1") {
    auto outcome = Publish(Request(run), *adapter_, SystemFiles(), journal_);
    if (outcome.ok()) return *outcome;
    ADD_FAILURE() << outcome.error().front().message << " | " << outcome.error().front().hint;
    return {};
  }
  Diagnostic Fails() {
    auto outcome = Publish(Request(), *adapter_, SystemFiles(), journal_);
    if (!outcome.ok()) return outcome.error().front();
    ADD_FAILURE() << "it was published";
    return Diagnostic(kBadPublication, "");
  }
  std::vector<std::string> NamesIn(const stdfs::path& folder) const {
    std::vector<std::string> names;
    for (const auto& entry : stdfs::directory_iterator(folder)) names.push_back(entry.path().filename().string());
    std::ranges::sort(names);
    return names;
  }
  // A process that publishes and dies when it reaches the step.
  void DieAt(const std::string& step) {
    adapter_.reset();
    const pid_t child = fork();
    if (child == 0) {
      auto adapter = Open("shop");
      const Failpoints die([&](std::string_view reached) {
        if (reached == step) _exit(9);
      });
      static_cast<void>(Publish(Request("dies"), *adapter, SystemFiles(), journal_, die));
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 9) << step;
    adapter_ = Open("shop");
  }

  stdfs::path folder_;
  platform::Connection connection_;
  platform::Publication publication_;
  MemoryJournal journal_;
  std::unique_ptr<adapter::Adapter> adapter_;
};

TEST_F(PublishTest, SwapMakesAFileOfItsOwn) {
  ToDuckDb();
  publication_.key = {At<std::string>("id")};
  publication_.indexes = {{"region"}};
  Model("select range id, 'r' || range % 3 region, (range * 1.5)::decimal(12,2) total from range(1000)");
  PublishOutcome outcome = Publishes();
  EXPECT_EQ(outcome.generation, 1);
  EXPECT_EQ(outcome.rows, 1000);
  EXPECT_EQ(outcome.rows_before, -1);
  EXPECT_EQ(Read("select count(*), sum(total) from sales.orders"), "1000|749250.00");
  EXPECT_EQ(Read("select index_name from duckdb_indexes()"), "orders_region");
  EXPECT_EQ(Read("select publication, generation, run_id, row_count from _stir.publications"), "orders|1|r1|1000");
  std::vector<std::string_view> states;
  for (const JournalEntry& entry : journal_.entries) states.push_back(ToString(entry.state));
  EXPECT_EQ(states, (std::vector<std::string_view>{"begun", "built", "verified", "switched", "done"}));
}

TEST_F(PublishTest, RepeatingChangesNoNumberAndKeepsOldGenerations) {
  ToDuckDb();
  publication_.keep = 1;
  Model("select range id from range(10)");
  Publishes();
  Publishes();
  EXPECT_EQ(Publishes().kept, std::vector<int64_t>{2});
  EXPECT_EQ(Read("select count(*), sum(id) from sales.orders"), "10|45");
  EXPECT_EQ(Read("select count(*) from _stir.publications"), "3");
  EXPECT_EQ(NamesIn(folder_), (std::vector<std::string>{"serve.duckdb", "serve.duckdb.2", "serve.duckdb.3",
                                                        "shop.duckdb", "shop.duckdb.wal"}));
}

TEST_F(PublishTest, AReaderKeepsTheFileItOpened) {
  ToDuckDb();
  Model("select 1 id");
  Publishes();
  int ready[2];
  int go[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(go), 0);
  adapter_.reset();
  const pid_t child = fork();
  if (child == 0) {
    adapter::Profile profile;
    profile.type = "duckdb";
    profile.settings = std::make_shared<Json>(
        Json{{"path", connection_.path.string()}, {"config_options", {{"access_mode", "READ_ONLY"}}}});
    auto reader = *adapter::duckdb::OpenDuckDb(profile);
    char byte = 'y';
    [[maybe_unused]] auto wrote = write(ready[1], &byte, 1);
    [[maybe_unused]] auto got = read(go[0], &byte, 1);
    _exit(RowsOf(*reader, "select id from sales.orders") == "1" ? 0 : 1);
  }
  char byte = 0;
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  adapter_ = Open("shop");
  Model("select 2 id");
  Publishes("r2");
  ASSERT_EQ(write(go[1], &byte, 1), 1);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(Read("select id from sales.orders"), "2");
}

TEST_F(PublishTest, OtherTablesOfTheFileStay) {
  ToDuckDb();
  {
    auto other = Open("serve");
    RowsOf(
        *other,
        "create table keep_me as select 7 n; create view v as select n + 1 m from keep_me; create index i on keep_me "
        "(n)");
  }
  Model("select 1 id");
  Publishes();
  Model("select 2 id");
  Publishes();
  EXPECT_EQ(Read("select n, (select m from v), (select id from sales.orders) from keep_me"), "7|8|2");
  EXPECT_EQ(Read("select count(*) from duckdb_indexes()"), "1");
}

TEST_F(PublishTest, MergeReplacesKeysAndKeepsTheRest) {
  ToDuckDb();
  publication_.key = {At<std::string>("id")};
  publication_.strategy = At(Strategy::kMerge);
  Model("select * from (values (1, 'a'), (2, 'b')) t(id, v)");
  Publishes();
  Model("select * from (values (2, 'B'), (3, 'c')) t(id, v)");
  for (int i = 0; i < 2; ++i) {
    const PublishOutcome outcome = Publishes();
    EXPECT_EQ(outcome.rows, 3);
    EXPECT_EQ(outcome.updated, i == 0 ? 1 : 2);
    EXPECT_EQ(Read("select id, v from sales.orders order by id"), "1|a\n2|B\n3|c");
  }
  Model("select 1 id, 'x' v, 2 extra");
  EXPECT_EQ(Fails().message,
            "`mart_orders` cannot be merged, its columns differ from the published ones: extra (only in the model)");
}

TEST_F(PublishTest, RequirementsHoldBeforeAnythingIsVisible) {
  ToDuckDb();
  publication_.key = {At<std::string>("id")};
  Model("select range id from range(100)");
  Publishes();
  publication_.require.min_rows = 100;
  Model("select range id from range(99)");
  EXPECT_EQ(Fails().message, "`mart_orders` has 99 rows, at least 100 are required");
  publication_.require = {};
  publication_.require.max_shrink = 0.1;
  Model("select range id from range(80)");
  EXPECT_EQ(Fails().message,
            "`mart_orders` has 80 rows, 20.0 % fewer than the 100 that are published; at most 10 % are allowed");
  publication_.require = {};
  Model("select 1 id where false");
  EXPECT_EQ(Fails().message, "`mart_orders` has no rows");
  Model("select unnest([1, 1, 2]) id");
  EXPECT_EQ(Fails().message, "1 key(s) of `mart_orders` come more than once, for example id = 1");
  Model("select unnest([1, null]) id");
  EXPECT_EQ(Fails().message, "1 row(s) of `mart_orders` have no `id`, which is in `key`");
  publication_.key = {At<std::string>("ident")};
  EXPECT_EQ(Fails().kind, kBadPublication);
  EXPECT_EQ(Read("select count(*) from sales.orders"), "100");
  EXPECT_EQ(NamesIn(folder_),
            (std::vector<std::string>{"serve.duckdb", "serve.duckdb.1", "shop.duckdb", "shop.duckdb.wal"}));
}

TEST_F(PublishTest, AFileThatAnotherProcessWritesIsHeld) {
  ToDuckDb();
  Model("select 1 id");
  Publishes();
  int ready[2];
  int go[2];
  ASSERT_EQ(pipe(ready), 0);
  ASSERT_EQ(pipe(go), 0);
  adapter_.reset();
  const pid_t child = fork();
  char byte = 'y';
  if (child == 0) {
    auto writer = Open("serve");
    [[maybe_unused]] auto wrote = write(ready[1], &byte, 1);
    [[maybe_unused]] auto got = read(go[0], &byte, 1);
    _exit(0);
  }
  ASSERT_EQ(read(ready[0], &byte, 1), 1);
  adapter_ = Open("shop");
  const Diagnostic error = Fails();
  EXPECT_EQ(error.kind, adapter::kDatabaseHeld);
  EXPECT_NE(error.message.find("serve.duckdb` is held by process"), std::string::npos) << error.message;
  ASSERT_EQ(write(go[1], &byte, 1), 1);
  waitpid(child, nullptr, 0);
  EXPECT_EQ(Publishes("r2").generation, 2) << "nothing of the failure is left attached";
}

TEST_F(PublishTest, AFileThatThisProcessHasOpenIsNotReplaced) {
  ToDuckDb();
  Model("select 1 id");
  Publishes();
  auto writer = Open("serve");
  const Diagnostic error = Fails();
  EXPECT_EQ(error.kind, adapter::kDatabaseError) << error.message;
  EXPECT_NE(error.message.find("already attached"), std::string::npos) << error.message;
}

TEST_F(PublishTest, RollBackGoesOneGenerationBack) {
  ToDuckDb();
  publication_.keep = 2;
  for (int i = 1; i <= 3; ++i) {
    Model(fmt::format("select {} id", i));
    Publishes();
  }
  auto back = RollBack(Request(), SystemFiles(), journal_);
  ASSERT_TRUE(back.ok());
  EXPECT_EQ(back->generation, 2);
  EXPECT_EQ(Read("select id from sales.orders"), "2");
  Model("select 9 id");
  EXPECT_EQ(Publishes().generation, 4) << "a number is not used twice";
  EXPECT_EQ(Read("select id from sales.orders"), "9");
  publication_.keep = 0;
  Publishes();
  EXPECT_EQ(RollBack(Request(), SystemFiles(), journal_).error().front().kind, kNothingToRollBack);
}

TEST_F(PublishTest, FilesOfAGenerationSwitchAtOnce) {
  ToFiles(Strategy::kFiles);
  publication_.to.partition_by = {At<std::string>("day"), At<std::string>("region")};
  Model(
      "select range id, date '2026-11-20' + (range % 2)::int as day, 'r ' || range % 3 region, sum(range) over () "
      "total from range(60)");
  const PublishOutcome outcome = Publishes();
  EXPECT_EQ(outcome.rows, 60);
  EXPECT_EQ(outcome.partitions, 6);
  EXPECT_EQ(ReadFiles(), "60|1770");
  EXPECT_TRUE(stdfs::is_symlink(folder_ / "out/orders/current"));
  std::ifstream in(folder_ / "out/orders/current/_manifest.json");
  const Json manifest = Json::parse(in);
  EXPECT_EQ(manifest["rows"], 60);
  EXPECT_EQ(manifest["files"].size(), 6u);
  Model("select 1 id, date '2026-11-20' as day, 'x' region, 1 total");
  Publishes();
  EXPECT_EQ(ReadFiles(), "1|1");
  EXPECT_EQ(NamesIn(folder_ / "out/orders/generations"), (std::vector<std::string>{"1", "2"}));
}

TEST_F(PublishTest, OnlyThePartitionsPresentAreReplaced) {
  ToFiles(Strategy::kPartition);
  publication_.to.partition_by = {At<std::string>("day")};
  publication_.keep = 0;
  Model("select range id, date '2026-11-20' as day from range(10)");
  Publishes();
  Model("select range + 100 id, date '2026-11-21' as day from range(5)");
  EXPECT_EQ(Publishes().rows, 15);
  for (int i = 0; i < 2; ++i) {
    Model("select range + 1000 id, date '2026-11-20' as day from range(9)");
    const PublishOutcome outcome = Publishes();
    EXPECT_EQ(outcome.partitions, 1);
    EXPECT_EQ(outcome.rows, 14);
    EXPECT_EQ(outcome.rows_before, i == 0 ? 10 : 9);
    EXPECT_EQ(ReadFiles("select day, count(*), min(id)").empty(), false);
  }
  EXPECT_EQ(ReadFiles("select count(*), min(id) filter (day = '2026-11-20'), min(id) filter (day = '2026-11-21')"),
            "14|1000|100");
  publication_.require.max_shrink = 0.5;
  Model("select 1 id, date '2026-11-20' as day");
  EXPECT_EQ(Fails().kind, kRequirementFailed);
  EXPECT_EQ(ReadFiles("select count(*)"), "14");
  EXPECT_EQ(NamesIn(folder_ / "out/orders/generations").size(), 1u);
}

TEST_F(PublishTest, CsvAndJsonComeBackTheSameOrAreRefused) {
  const std::string values =
      "select 1 id, 'it''s, \"x\"' s, '' e, null::varchar n, 1.50::decimal(9,2) d, timestamp '2026-11-20 "
      "10:00:00.000001' t, true b, 0.1::double f, date '2026-01-01' as day, 5::hugeint hu";
  ToFiles(Strategy::kFiles, Format::kCsv);
  Model(values);
  EXPECT_EQ(Publishes().rows, 1);
  ToFiles(Strategy::kFiles, Format::kJsonl);
  publication_.to.path = At<std::string>("json");
  EXPECT_EQ(Publishes().rows, 1);
  EXPECT_TRUE(stdfs::exists(folder_ / "out/json/current/part-0.jsonl"));
  Model("select 1 id, [1, 2] l");
  EXPECT_EQ(Publishes().rows, 1);
  ToFiles(Strategy::kFiles, Format::kParquet);
  Model("select 1 id, [1, 2] l, 'a'::enum('a', 'b') en, 1::hugeint h, {'a': 1, 'b': 'x'} st");
  EXPECT_EQ(Publishes().rows, 1);
  Model("select 170141183460469231731687303715884105727::hugeint h");
  const Diagnostic lossy = Fails();
  EXPECT_EQ(lossy.kind, kVerifyFailed);
}

TEST_F(PublishTest, WhatIsNotBuiltSaysSo) {
  ToDuckDb();
  publication_.strategy = At(Strategy::kAppend);
  EXPECT_EQ(Fails().kind, kTransferNotBuilt);
  ToFiles(Strategy::kSwap);
  EXPECT_EQ(Fails().kind, kTransferNotBuilt);
  ToFiles(Strategy::kPartition);
  EXPECT_EQ(Fails().kind, kBadPublication);
}

TEST_F(PublishTest, DeathAtAnyStepOfADuckDbFile) {
  ToDuckDb();
  publication_.key = {At<std::string>("id")};
  Model("select range id from range(10)");
  Publishes();
  Model("select range id from range(20)");
  for (const std::string step :
       {"publish.begun", "publish.built", "publish.verified", "publish.switched", "publish.trimmed"}) {
    DieAt(step);
    const bool switched = step == "publish.switched" || step == "publish.trimmed";
    EXPECT_EQ(Read("select count(*) from sales.orders"), switched ? "20" : "10") << step;
  }
  Publishes("r2");
  EXPECT_EQ(Read("select count(*) from sales.orders"), "20");
  std::vector<std::string> left = NamesIn(folder_);
  std::erase_if(left, [](const std::string& name) { return name.starts_with("shop."); });
  EXPECT_EQ(left.size(), 3u) << "the live file and two generations: " << Join(left, " ");
}

TEST_F(PublishTest, DeathAtAnyStepOfFiles) {
  ToFiles(Strategy::kPartition);
  publication_.to.partition_by = {At<std::string>("day")};
  Model("select range id, date '2026-11-20' as day from range(10)");
  Publishes();
  Model("select range id, date '2026-11-21' as day from range(20)");
  for (const std::string step :
       {"publish.begun", "publish.built", "publish.verified", "publish.switched", "publish.trimmed"}) {
    DieAt(step);
    const bool switched = step == "publish.switched" || step == "publish.trimmed";
    EXPECT_EQ(ReadFiles("select count(*)"), switched ? "30" : "10") << step;
  }
  EXPECT_EQ(Publishes("r2").rows, 30);
  EXPECT_EQ(ReadFiles("select count(*)"), "30");
  EXPECT_EQ(NamesIn(folder_ / "out/orders/generations").size(), 2u);
}

}  // namespace
}  // namespace stir::transfer
