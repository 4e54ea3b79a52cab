// Loads from a PostgreSQL server into a DuckDB target: modes, windows, late commits, changes of shape, rows that do not
// fit, deaths on either side.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "adapter/cell.h"
#include "base/strings.h"
#include "pg/kinds.h"
#include "pg/session.h"
#include "pg/settings.h"
#include "pg/testing/cluster.h"
#include "transfer/ingest.h"
#include "transfer/kinds.h"
#include "transfer/testing/engine.h"

namespace stir::transfer {
namespace {

namespace stdfs = std::filesystem;
using pg::testing::Cluster;
using platform::Mode;

class IngestPostgresTest : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (stdfs::temp_directory_path() / "stir-ingest-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    database_ = Cluster::Get().MakeDatabase();
    connection_.name = "app";
    connection_.type = platform::ConnectionType::kPostgres;
    const Cluster& cluster = Cluster::Get();
    settings_ =
        Json{{"host", cluster.host()}, {"port", cluster.port()}, {"user", cluster.user()}, {"database", database_}};
    server_ = Connect();
    adapter_ = Open();
    ingestion_.name = "sales";
    ingestion_.from.table = At<std::string>("public.sales");
    ingestion_.mode = At(Mode::kIncremental);
  }
  void TearDown() override {
    adapter_.reset();
    std::error_code ignored;
    stdfs::remove_all(folder_, ignored);
  }

  std::unique_ptr<adapter::Adapter> Open() const { return OpenDuckDb(folder_ / "shop.duckdb"); }
  std::unique_ptr<pg::Session> Connect() const {
    const Cluster& cluster = Cluster::Get();
    return *pg::Session::Open(
        {.parameters = {
             {"host", cluster.host()}, {"port", cluster.port()}, {"user", cluster.user()}, {"dbname", database_}}});
  }
  void Server(const std::string& sql) { On(*server_, sql); }
  static void On(pg::Session& session, const std::string& sql) {
    const auto done = session.Execute(sql);
    ASSERT_TRUE(done.ok()) << sql << "\n" << done.error().front().message;
  }

  IngestRequest Request(const std::string& run) {
    connection_.settings = std::make_shared<Json>(settings_);
    return {.ingestion = ingestion_,
            .from = connection_,
            .target = {.database = "shop", .schema = "raw", .identifier = "sales", .quote = {}, .include = {}},
            .declared = declared_,
            .run_id = run,
            .now = Day(21),
            .interval = interval_,
            .full_refresh = full_refresh_,
            .scratch = folder_ / "scratch"};
  }
  Result<IngestOutcome> Run(const std::string& run, const Failpoints& steps = {}) {
    return Ingest(Request(run), *adapter_, SystemFiles(), steps);
  }
  // "3 read, 2 inserted, 1 updated, ..." without the zeros.
  std::string Load(const std::string& run) {
    auto outcome = Run(run);
    if (!outcome.ok()) return outcome.error().front().message;
    last_ = *outcome;
    const Checkpoint& done = last_.checkpoint;
    std::string out = fmt::format("{} read", done.read);
    const auto add = [&](int64_t count, std::string_view what) {
      if (count > 0) out += fmt::format(", {} {}", count, what);
    };
    add(done.inserted, "inserted");
    add(done.updated, "updated");
    add(done.stale, "stale");
    add(done.duplicates, "duplicates");
    add(done.removed, "removed");
    add(done.rejected, "rejected");
    return out;
  }
  std::string Sql(const std::string& query) { return RowsOf(*adapter_, query); }
  // A process of its own ends at this step of the run.
  void DieAt(const std::string& step, const std::string& run) {
    adapter_.reset();
    server_.reset();
    const pid_t child = fork();
    if (child == 0) {
      auto adapter = Open();
      const Failpoints die([&](std::string_view reached) {
        if (reached == step) _exit(9);
      });
      static_cast<void>(Ingest(Request(run), *adapter, SystemFiles(), die));
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    EXPECT_EQ(WEXITSTATUS(status), 9) << step;
    adapter_ = Open();
  }
  void Key(const std::string& name, const std::string& cursor) {
    ingestion_.key = {At(name)};
    ingestion_.cursor = At(cursor);
  }

  stdfs::path folder_;
  std::string database_;
  Json settings_;
  platform::Connection connection_;
  platform::Ingestion ingestion_;
  std::vector<TypedColumn> declared_;
  std::optional<Interval> interval_;
  bool full_refresh_ = false;
  std::unique_ptr<pg::Session> server_;
  std::unique_ptr<adapter::Adapter> adapter_;
  IngestOutcome last_;
};

TEST_F(IngestPostgresTest, FullTakesTheTableAsItIs) {
  ingestion_.mode = At(Mode::kFull);
  Server(
      "create table sales (id bigint primary key, amount numeric(10,2), tags text[]); "
      "insert into sales values (1, 1.50, '{a,b}'), (2, null, '{}')");
  EXPECT_EQ(Load("r1"), "2 read, 2 inserted");
  Server("delete from sales where id = 1; insert into sales values (3, 9.99, null)");
  EXPECT_EQ(Load("r2"), "2 read, 2 inserted");
  EXPECT_EQ(Sql("select id, amount, tags::varchar, _stir_run_id from raw.sales order by id"), "2||[]|r2\n3|9.99||r2");
  EXPECT_EQ(
      Sql("select string_agg(column_name || ' ' || data_type, ', ' order by ordinal_position) from "
          "duckdb_columns() c join (values (1)) v(x) on true, lateral (select c.column_index as ordinal_position) "
          "where table_name = 'sales' and column_name not like '\\_stir%' escape '\\'"),
      "id BIGINT, amount DECIMAL(10,2), tags VARCHAR[]");
}

TEST_F(IngestPostgresTest, WhatNeedsNoJudgementIsWrittenOnceAndElseStaged) {
  Key("id", "at");
  ingestion_.mode = At(Mode::kFull);
  ingestion_.quarantine.enabled = true;
  Server(
      "create table sales (id int primary key, at timestamptz not null, amount numeric(10,2)); "
      "insert into sales select i, timestamptz '2026-11-20 00:00+00' + i * interval '1 minute', i from "
      "generate_series(1, 5000) i");
  const auto staged = [&](const std::string& run) {
    bool seen = false;
    const auto outcome = Run(run, Failpoints([&](std::string_view step) { seen = seen || step == "load.staged"; }));
    return fmt::format("{}{}", outcome.ok() ? "" : outcome.error().front().message, seen ? "staged" : "not staged");
  };
  EXPECT_EQ(staged("r1"), "not staged");
  EXPECT_EQ(Sql("select count(*), sum(amount) from raw.sales"), "5000|12502500.00");
  EXPECT_EQ(Sql("select rows_read, inserted, watermark from _stir.checkpoints"), "5000|5000|2026-11-23 11:20:00+00");
  Server("update sales set amount = 'NaN' where id = 7");
  EXPECT_EQ(staged("r2"), "staged") << "a row does not fit";
  EXPECT_EQ(Sql("select count(*), (select count(*) from raw.sales__quarantine) from raw.sales"), "4999|1");
  Server("update sales set amount = 7 where id = 7");
  EXPECT_EQ(staged("r3"), "not staged");
  EXPECT_EQ(Sql("select count(*), (select count(*) from raw.sales__quarantine) from raw.sales"), "5000|0");
  declared_ = {{"amount", "decimal(6,2)"}};
  EXPECT_EQ(staged("r4"), "staged") << "the engine casts";
  declared_ = {};
  Server("alter table sales drop constraint sales_pkey");
  EXPECT_EQ(staged("r5"), "staged") << "nobody says that a key comes once";
  Server("alter table sales add primary key (id); delete from sales");
  EXPECT_TRUE(staged("r6").starts_with("`public.sales` has no row to load")) << "and what is there stays";
  EXPECT_EQ(Sql("select count(*), max(_stir_run_id) from raw.sales"), "5000|r5");
}

TEST_F(IngestPostgresTest, AnEmptyTableIsMadeButEmptiesNone) {
  ingestion_.mode = At(Mode::kFull);
  Server("create table sales (id int, name text)");
  EXPECT_EQ(Load("r1"), "0 read");
  EXPECT_EQ(Load("r2"), "0 read");
  Server("insert into sales values (1, 'x')");
  EXPECT_EQ(Load("r3"), "1 read, 1 inserted");
  Server("truncate sales");
  EXPECT_EQ(Load("r4"), "`public.sales` has no row to load, and loading it would empty \"shop\".\"raw\".\"sales\"");
  EXPECT_EQ(Sql("select count(*) from raw.sales"), "1");
}

TEST_F(IngestPostgresTest, TheSameAttemptAgainNeedsNoServer) {
  Server("create table sales (id int); insert into sales values (1), (2)");
  EXPECT_EQ(Load("r1"), "2 read, 2 inserted");
  settings_["host"] = "/nowhere";
  EXPECT_EQ(Load("r1"), "2 read, 2 inserted");
  EXPECT_TRUE(last_.already_done);
}

TEST_F(IngestPostgresTest, ColumnsAndWhereAreTheServers) {
  ingestion_.from.columns = {At<std::string>("id"), At<std::string>("Total")};
  ingestion_.from.where = At<std::string>("status in ('done') and info->>'k' = 'v' -- the server's SQL");
  Server(
      "create table sales (id int, \"Total\" int, status text, info jsonb); insert into sales values (1, 10, 'done', "
      "'{\"k\": \"v\"}'), (2, 20, 'open', '{\"k\": \"v\"}'), (3, 30, 'done', null)");
  EXPECT_EQ(Load("r1"), "1 read, 1 inserted");
  EXPECT_EQ(Sql("select * exclude (_stir_run_id, _stir_loaded_at) from raw.sales"), "1|10");
}

TEST_F(IngestPostgresTest, UpsertsFromTheWatermark) {
  Key("id", "at");
  Server(
      "create table sales (id int primary key, at timestamptz, v text); insert into sales values "
      "(1, '2026-11-20 10:00+00', 'a'), (2, '2026-11-20 11:00:00.123456+00', 'b')");
  EXPECT_EQ(Load("r1"), "2 read, 2 inserted");
  EXPECT_EQ(last_.checkpoint.watermark, "2026-11-20 11:00:00.123456+00");
  Server(
      "update sales set v = 'a2', at = '2026-11-20 12:00+00' where id = 1; insert into sales values "
      "(3, '2026-11-20 10:30+00', 'late'), (4, '2026-11-20 13:00+00', 'd')");
  EXPECT_EQ(Load("r2"), "3 read, 1 inserted, 2 updated") << "the row of the watermark comes again";
  EXPECT_EQ(Sql("select id, v from raw.sales order by id"), "1|a2\n2|b\n4|d");
  ingestion_.overlap = std::chrono::hours(3);
  EXPECT_EQ(Load("r3"), "4 read, 1 inserted, 3 updated") << "what was committed late";
  EXPECT_EQ(Sql("select id, v from raw.sales order by id"), "1|a2\n2|b\n3|late\n4|d");
}

TEST_F(IngestPostgresTest, ATransactionThatIsStillOpenIsNotPassedBy) {
  Key("id", "at");
  Server("create table sales (id int primary key, at timestamptz default now())");
  const auto late = Connect();
  On(*late, "begin; insert into sales (id) values (1)");  // now() is when it began
  Server("insert into sales (id) values (2)");
  EXPECT_EQ(Load("r1"), "1 read, 1 inserted");
  On(*late, "commit");
  EXPECT_EQ(Load("r2"), "2 read, 1 inserted, 1 updated");
  EXPECT_EQ(Sql("select string_agg(id, ',' order by id) from raw.sales"), "1,2");
}

TEST_F(IngestPostgresTest, WithoutAKeyNothingComesTwiceOrNever) {
  ingestion_.cursor = At<std::string>("at");
  Server("create table sales (id int, at timestamptz default clock_timestamp())");
  Server("insert into sales select i from generate_series(1, 10) i");
  EXPECT_EQ(Load("r1"), "10 read, 10 inserted");
  const auto late = Connect();
  On(*late, "begin; insert into sales values (11, now())");
  Server("insert into sales select i from generate_series(12, 20) i");
  EXPECT_EQ(Load("r2"), "0 read") << "not before the open transaction is over";
  On(*late, "commit");
  EXPECT_EQ(Load("r3"), "10 read, 10 inserted");
  EXPECT_EQ(Load("r4"), "0 read");
  EXPECT_EQ(Sql("select count(*), count(distinct id) from raw.sales"), "20|20");
  ingestion_.overlap = std::chrono::hours(1);
  EXPECT_EQ(Load("r5"), "`overlap` reads rows again, and without a `key` they would be there twice");
}

TEST_F(IngestPostgresTest, ACursorThatIsANumberOrAText) {
  Server("create table sales (id bigint, code text, big numeric); insert into sales values (9, 'b', 9), (10, 'B', 10)");
  ingestion_.cursor = At<std::string>("id");
  EXPECT_EQ(Load("r1"), "2 read, 2 inserted");
  EXPECT_EQ(last_.checkpoint.watermark, "10");
  Server("insert into sales values (11, 'c', 1)");
  EXPECT_EQ(Load("r2"), "1 read, 1 inserted");
  ingestion_.name = "by_code";
  ingestion_.cursor = At<std::string>("code");
  EXPECT_EQ(Load("r3"), "3 read, 3 inserted");
  EXPECT_EQ(last_.checkpoint.watermark, "c");
  ingestion_.cursor = At<std::string>("big");
  EXPECT_EQ(Load("r4"), "the cursor `big` is of a type that has no order here");
}

TEST_F(IngestPostgresTest, AnIntervalIsReplacedAsAWhole) {
  Key("id", "at");
  Server(
      "create table sales (id int, at timestamp, v text); insert into sales values (1, '2026-11-20 00:00', 'a'), "
      "(2, '2026-11-20 23:59:59.999999', 'b'), (3, '2026-11-21 00:00', 'c'), (4, '2026-11-19 23:59:59', 'd')");
  interval_ = Interval{Day(20), Day(21)};
  EXPECT_EQ(Load("r1"), "2 read, 2 inserted");
  Server("delete from sales where id = 2; update sales set v = 'new' where id = 1");
  EXPECT_EQ(Load("r2"), "1 read, 1 updated, 1 removed");
  EXPECT_EQ(Sql("select id, v from raw.sales order by id"), "1|new");
}

TEST_F(IngestPostgresTest, RowsThatDoNotFitAreKeptOnce) {
  Key("id", "at");
  declared_ = {{"price", "decimal(6,2)"}};
  Server(
      "create table sales (id int, at timestamptz, amount numeric(10,2), price numeric, pos int[], note text); "
      "insert into sales values (1, '2026-11-20 10:00+00', 1.5, 2.25, '{1}', 'ok'), "
      "(2, '2026-11-20 10:00+00', 'NaN', 1, '{}', E'q\"\\\\'), (3, '2026-11-20 10:00+00', 1, 1.239, null, null), "
      "(4, '2026-11-20 10:00+00', 1, 12345678901234567890, null, ''), (5, null, 1, 1, null, null), "
      "(6, '2026-11-20 10:00+00', 1, 1, '[0:0]={7}', null), (null, '2026-11-20 10:00+00', 1, 1, null, null)");
  const std::string refused = Load("r1");
  EXPECT_TRUE(refused.starts_with(
      "6 of 7 rows do not fit: `price` does not fit DECIMAL(6,2) (public.sales {\"price\":\"1.239\",\"id\":\"3\""))
      << refused;
  ingestion_.quarantine.enabled = true;
  EXPECT_EQ(Load("r2"), "7 read, 1 inserted, 6 rejected");
  EXPECT_EQ(Load("r3"), "7 read, 1 updated, 6 rejected");
  EXPECT_EQ(Sql("select reason, original->>'id', original->>'amount', original->>'price', original->>'pos', "
                "original->>'note' from raw.sales__quarantine order by original->>'id'"),
            "`amount` does not fit DECIMAL(10,2)|2|NaN|1|[]|q\"\\\n"
            "`price` does not fit DECIMAL(6,2)|3|1.00|1.239||\n"
            "`price` does not fit DECIMAL(6,2)|4|1.00|12345678901234567890||\n"
            "`at` is NULL, but it is the cursor|5|1.00|1||\n"
            "`pos` does not fit INTEGER[]|6|1.00|1|[0:0]={7}|\n"
            "`id` is NULL, but it is the key||1.00|1||");
  // The table takes more: what was refused fits, once it is tried again.
  auto session = *adapter_->Connect();
  ASSERT_TRUE(session->Execute("alter table raw.sales alter price type decimal(24,3)").ok());
  declared_ = {};
  auto replayed = Replay(Request("r4"), *adapter_, SystemFiles());
  ASSERT_TRUE(replayed.ok()) << replayed.error().front().message;
  EXPECT_EQ(replayed->loaded, 2);
  EXPECT_EQ(Sql("select id, price, note is null from raw.sales order by id"),
            "1|2.250|false\n3|1.239|true\n4|12345678901234567890.000|false");
}

TEST_F(IngestPostgresTest, ShapesChange) {
  Key("id", "");
  Server("create table sales (id int, n int); insert into sales values (1, 1)");
  EXPECT_EQ(Load("r1"), "1 read, 1 inserted");
  Server(
      "alter table sales add column extra numeric(5,1) default 2.5; alter table sales alter column n type bigint; "
      "insert into sales values (2, 5000000000)");
  EXPECT_EQ(Load("r2"), "2 read, 1 inserted, 1 updated");
  EXPECT_EQ(last_.added_columns, std::vector<std::string>{"extra DECIMAL(5,1)"});
  EXPECT_EQ(last_.widened_columns, std::vector<std::string>{"n INTEGER -> BIGINT"});
  EXPECT_EQ(Sql("select id, n, extra from raw.sales order by id"), "1|1|2.5\n2|5000000000|2.5") << "old rows too";
  Server("alter table sales drop column extra");
  EXPECT_EQ(Load("r3"), "`public.sales` has no column `extra`");
  ingestion_.schema_changes.removed = platform::OnRemoved::kNull;
  EXPECT_EQ(Load("r4"), "2 read, 2 updated");
  ingestion_.schema_changes.added = platform::OnAdded::kFail;
  Server("alter table sales rename column n to m");
  EXPECT_EQ(Load("r5"), "`public.sales` has a new column `m`");
  ingestion_.schema_changes = {.added = platform::OnAdded::kIgnore, .type = platform::OnType::kFail};
  Server("alter table sales rename column m to n; alter table sales alter column n type text");
  EXPECT_EQ(Load("r6"), "`public.sales` has no column `extra`");
}

TEST_F(IngestPostgresTest, AQueryIsASourceToo) {
  ingestion_.from.table = At<std::string>("");
  ingestion_.from.query = At<std::string>("select store, sum(amount) as amount from orders group by store;");
  ingestion_.mode = At(Mode::kFull);
  Server(
      "create table orders (store text, amount numeric(8,2)); insert into orders values ('a', 1.5), ('a', 2), "
      "('b', 3)");
  EXPECT_EQ(Load("r1"), "2 read, 2 inserted");
  EXPECT_EQ(Sql("select store, amount, typeof(amount) from raw.sales order by store"),
            "a|3.50|VARCHAR\nb|3.00|VARCHAR");
}

TEST_F(IngestPostgresTest, WhatTheServerRefusesChangesNothing) {
  Server("create table sales (id int); insert into sales values (1)");
  EXPECT_EQ(Load("r1"), "1 read, 1 inserted");
  const Json good = settings_;
  settings_["database"] = "no_such";
  EXPECT_NE(Load("r2").find("database \"no_such\" does not exist"), std::string::npos);
  settings_ = good;
  settings_["user"] = "nobody_here";
  EXPECT_NE(Load("r2").find("role \"nobody_here\" does not exist"), std::string::npos);
  settings_ = good;
  settings_["host"] = "127.0.0.1";
  settings_["port"] = 1;
  settings_["retries"] = 0;
  EXPECT_NE(Load("r2").find("Connection refused"), std::string::npos);
  settings_ = good;
  Server("create role reader login; revoke all on sales from public");
  settings_["user"] = "reader";
  EXPECT_EQ(Load("r2"), "reader may not read public.sales: permission denied for table sales");
  settings_ = good;
  ingestion_.from.options["connections"] = "many";
  EXPECT_EQ(Load("r2"), "`connections` cannot be `many`");
  EXPECT_EQ(Sql("select count(*), (select count(*) from _stir.checkpoints) from raw.sales"), "1|1");
}

TEST_F(IngestPostgresTest, AServerThatDiesAtAnyPhaseChangesNothing) {
  Key("id", "");
  ingestion_.from.query = At<std::string>("select id, v from sales, lateral (select pg_sleep(0.0005 * (id % 2))) s");
  ingestion_.from.table = At<std::string>("");
  Server("create table sales as select i as id, repeat('x', 2000) as v from generate_series(1, 1000) i");
  EXPECT_EQ(Load("r1"), "1000 read, 1000 inserted");
  Server("update sales set v = 'new'");
  const auto kill = [&] {
    Server(
        "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> "
        "pg_backend_pid()");
  };
  auto outcome = Run("r2", Failpoints([&](std::string_view step) {
                       if (step == "load.planned") kill();
                     }));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(outcome.error().front().kind, pg::kConnectionLost) << outcome.error().front().message;
  // After the rows are here, the server is not needed any more.
  outcome = Run("r3", Failpoints([&](std::string_view step) {
                  if (step == "load.staged") kill();
                }));
  EXPECT_TRUE(outcome.ok());
  EXPECT_EQ(Sql("select count(*), min(v) from raw.sales"), "1000|new");
}

// Its snapshot is shared as a primary's is. What the primary cleans away is not kept for a reader of the standby.
TEST_F(IngestPostgresTest, AStandbyIsASourceToo) {
  Key("id", "at");
  Server(
      "create table sales as select i as id, repeat('x', 500) as v, timestamptz '2026-11-20' + i * interval '1 s' as "
      "at from generate_series(1, 3000) i; alter table sales alter id set not null, alter at set not null, add unique "
      "(id)");
  settings_["port"] = Cluster::Get().StartStandby();
  auto standby = *pg::Open(*pg::ReadSettings(settings_, "test"));
  const auto follows = [&](const std::string& sql, const std::string& until) {
    for (int i = 0; i < 500 && pg::testing::TextOf(*standby, sql) != until; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(20));
    EXPECT_EQ(pg::testing::TextOf(*standby, sql), until);
  };
  follows("select count(*) from sales", "3000");
  ingestion_.from.options["connections"] = "2";
  EXPECT_EQ(Load("r1"), "3000 read, 3000 inserted");
  Server("update sales set v = 'new', at = '2026-11-21' where id <= 10");
  follows("select count(*) from sales where v = 'new'", "10");
  EXPECT_EQ(Load("r2"), "11 read, 11 updated");
  ingestion_.from.query = At<std::string>("select id, v, at from sales, lateral (select pg_sleep(0.001 + id * 0)) s");
  ingestion_.from.table = At<std::string>("");
  ingestion_.mode = At(Mode::kFull);
  ingestion_.key.clear();
  ingestion_.cursor = At<std::string>("");
  auto outcome = Run("r3", Failpoints([&](std::string_view step) {
                       if (step != "load.begin") return;
                       Server("delete from sales");
                       Server("vacuum sales");
                     }));
  ASSERT_FALSE(outcome.ok());
  EXPECT_EQ(
      outcome.error().front().hint,
      "run it again; on the standby, `max_standby_streaming_delay` or `hot_standby_feedback` keep readers longer");
  EXPECT_EQ(Sql("select count(*), count(*) filter (where v = 'new') from raw.sales"), "3000|10");
}

TEST_F(IngestPostgresTest, DeathWithoutAStageLosesAndDoublesNothing) {
  ingestion_.mode = At(Mode::kFull);
  Server("create table sales (id int); insert into sales values (1)");
  EXPECT_EQ(Load("r1"), "1 read, 1 inserted");
  Server("insert into sales values (2)");
  for (const std::string step : {"load.planned", "load.begin", "load.written", "load.commit", "load.committed"}) {
    DieAt(step, "r2");
    EXPECT_EQ(Sql("select count(*), (select count(*) from _stir.checkpoints) from raw.sales"),
              step == "load.committed" ? "2|2" : "1|1")
        << step;
  }
  EXPECT_EQ(Load("r2"), "2 read, 2 inserted");
  EXPECT_TRUE(last_.already_done);
}

// Killed at any step, the load is there as a whole or not at all, and the next attempt ends where an undisturbed one
// does.
TEST_F(IngestPostgresTest, DeathAtAnyStepLosesAndDoublesNothing) {
  Key("id", "at");
  ingestion_.quarantine.enabled = true;
  Server(
      "create table sales (id int, at timestamptz, amount numeric(8,2)); insert into sales values "
      "(1, '2026-11-20 10:00+00', 1), (2, '2026-11-20 10:00+00', 'NaN')");
  EXPECT_EQ(Load("r1"), "2 read, 1 inserted, 1 rejected");
  Server(
      "insert into sales values (3, '2026-11-20 12:00+00', 3); update sales set amount = 7, at = "
      "'2026-11-20 12:00+00' where id = 1");
  for (const std::string step :
       {"load.planned", "load.staged", "load.begin", "load.written", "load.commit", "load.committed"}) {
    DieAt(step, "r2");
    const bool committed = step == "load.committed";
    EXPECT_EQ(Sql("select count(*), max(amount) from raw.sales"), committed ? "2|7.00" : "1|1.00") << step;
    EXPECT_EQ(Sql("select count(*) from _stir.checkpoints"), committed ? "2" : "1") << step;
  }
  EXPECT_EQ(Load("r2"), "3 read, 1 inserted, 1 updated, 1 rejected");
  EXPECT_TRUE(last_.already_done);
  EXPECT_EQ(Sql("select id, amount from raw.sales order by id"), "1|7.00\n3|3.00");
  EXPECT_EQ(Sql("select count(*) from raw.sales__quarantine"), "1");
}

}  // namespace
}  // namespace stir::transfer
