// The real binary between DuckDB and a real PostgreSQL server, when one of them is killed, restarted, hangs, or says
// no: a message in bounded time, nothing half there, and the next run ends where an undisturbed one does.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "pg/session.h"
#include "pg/testing/cluster.h"
#include "tests/support/moving.h"

namespace stir {
namespace {

using pg::testing::Cluster;
using testing_support::Child;
using testing_support::Ended;
using testing_support::ExpectSays;
using testing_support::MovingTest;
using testing_support::WaitFor;

// The row at which a reader of `source` waits, until the policy goes.
constexpr const char* kStall =
    "create or replace function stalls(id bigint) returns boolean language plpgsql as 'begin if id = 60000 then "
    "perform pg_sleep(600); end if; return true; end'; create policy stall on source using (stalls(id)); alter table "
    "source enable row level security";
constexpr const char* kUnstall = "drop policy stall on source; alter table source disable row level security";

class PostgresFaultsTest : public MovingTest {
 protected:
  // What the store says of the newest run.
  bool LastRunIs(const std::string& date, std::string_view state) {
    const std::string list = Stir("out", {"runs", "list", "--last", "1", "--output", "csv"}).out;
    return list.find("," + date) != std::string::npos && list.find(fmt::format(",{},", state)) != std::string::npos;
  }

  // A load that waits in the middle of its rows.
  std::unique_ptr<Child> StalledLoad() {
    EXPECT_EQ(Sql(kStall), "");
    auto load = Start("in", {"ingest", "source"});
    EXPECT_TRUE(WaitFor([] {
      return Sql("select count(*) > 0 from pg_stat_activity where wait_event = 'PgSleep' and datname = 'faults'") ==
             "t";
    })) << load->Output();
    return load;
  }
  static void EndSleepers() {
    Sql("select pg_terminate_backend(pid) from pg_stat_activity where wait_event = 'PgSleep'");
    EXPECT_EQ(Sql(kUnstall), "");
  }
  void ExpectLoaded() {
    const Ended load = Stir("in", {"ingest", "source"});
    EXPECT_EQ(load.code, 0) << load.out;
    EXPECT_EQ(Loaded("in"), "100000,5000050000,100000,xxx");
  }
};

TEST_F(PostgresFaultsTest, AKillInTheMiddleOfALoadIsMadeGoodByTheNext) {
  ExpectLoaded();
  const auto load = StalledLoad();
  load->Signal(SIGKILL);
  EXPECT_EQ(load->Wait().code, -SIGKILL);
  EndSleepers();
  ExpectLoaded();
}

// Wherever it dies, readers see the rows of before or of after, and the same command ends in the same table.
TEST_F(PostgresFaultsTest, AKillAtAnyTimeOfAnyStrategyIsMadeGoodByTheNext) {
  constexpr int kRows = 30000;
  for (const std::string strategy : {"swap", "merge", "append", "partition"}) {
    Publication("out", strategy, Connection(Cluster::Get().user()));
    Builds("out", "new", kRows);
    auto share = 0.0;
    std::chrono::duration<double> whole(0);
    for (int day = 1; day <= 8; ++day) {
      Sql("drop table if exists target, _stir_publications; create table target (id bigint, part int, v text); "
          "insert into target select i, i % 7, 'old' from generate_series(0, 29999) i");
      const std::string date = fmt::format("2026-01-{:02}", day);
      const std::vector<std::string> command = {"pipeline", "run", "p", "--logical-date", date};
      const auto begin = std::chrono::steady_clock::now();
      const auto run = Start("out", command);
      if (day > 1) {
        std::this_thread::sleep_for(whole * (share += 0.13));
        run->Signal(SIGKILL);
      }
      const Ended ended = run->Wait();
      if (day == 1) whole = std::chrono::steady_clock::now() - begin;
      const std::string place =
          fmt::format("{} killed after {:.0f} ms: {}", strategy, whole.count() * share * 1000, ended.out);
      const std::string old = "30000|30000";
      const std::string made = strategy == "append" ? "60000|30000" : "30000|0";
      const std::string counts = "select count(*), count(*) filter (where v = 'old') from target";
      const std::string seen = Sql(counts);
      EXPECT_TRUE(seen == old || seen == made) << place << "\n" << seen;
      // A run that had ended, be it just before the kill, is another one now, and appends again.
      const bool had_ended = LastRunIs(date, "success");
      EXPECT_EQ(Stir("out", command).code, 0) << place;
      EXPECT_EQ(Sql(counts), strategy == "append" && had_ended ? "90000|30000" : made) << place;
      EXPECT_EQ(
          Sql("select string_agg(relname, ' ' order by relname) from pg_class where relkind = 'r' and relnamespace = "
              "'public'::regnamespace"),
          "_stir_publications source target")
          << place;
    }
  }
}

TEST_F(PostgresFaultsTest, AServerThatDiesIsSaidAndTheNextRunConverges) {
  Publication("out", "swap", Connection(Cluster::Get().user()));
  Builds("out", "old");
  ASSERT_EQ(Stir("out", {"publish", "target"}).code, 0);
  Builds("out", "new");
  const auto load = StalledLoad();
  // Nobody gets the table from somebody who reads it: the publication is in its swap.
  auto holder = pg::Session::Open({.parameters = {{"host", Cluster::Get().host()},
                                                  {"port", Cluster::Get().port()},
                                                  {"user", Cluster::Get().user()},
                                                  {"dbname", "faults"}}});
  ASSERT_TRUE(holder.ok() && (*holder)->Execute("begin; lock table target in access share mode").ok());
  const auto publication = Start("out", {"publish", "target"});
  ASSERT_TRUE(WaitFor([] {
    return Sql("select count(*) > 0 from pg_locks where not granted and relation = 'target'::regclass") == "t";
  }));
  Cluster::Get().Crash();
  for (Child* child : {load.get(), publication.get()}) {
    const Ended ended = child->Wait();
    EXPECT_EQ(ended.code, 2) << ended.out;
    ExpectSays(ended, "error[postgres-connection-lost]");
  }
  EXPECT_EQ(Sql("select min(v), max(v), count(*) from target"), "old|old|120000");
  EXPECT_EQ(Sql(kUnstall), "");
  ExpectLoaded();
  ASSERT_EQ(Stir("out", {"publish", "target"}).code, 0);
  EXPECT_EQ(Sql("select min(v), max(v), count(*) from target"), "new|new|120000");
}

TEST_F(PostgresFaultsTest, AServerThatHangsIsSaidInTimeAndTheNextRunConverges) {
  Publication("out", "swap", Connection(Cluster::Get().user()));
  Builds("out", "old");
  ASSERT_EQ(Stir("out", {"publish", "target"}).code, 0);
  Builds("out", "new");
  const auto load = StalledLoad();
  const auto publication = Start("out", {"publish", "target"});
  ASSERT_TRUE(WaitFor([] {
    return Sql("select count(*) > 0 from pg_stat_progress_copy where relid = 'target__stir_g2'::regclass") == "t" ||
           Sql("select count(*) from _stir_publications") == "2";
  }));
  Cluster::Get().Freeze();
  const Ended loaded = load->Wait();
  const Ended published = publication->Wait();
  Cluster::Get().Thaw();
  for (const Ended& ended : {loaded, published}) {
    EXPECT_EQ(ended.code, 2) << ended.out;
    ExpectSays(ended, "error[postgres-connection-lost]: the server has said nothing for ");
    ExpectSays(ended, "and does not answer on a new connection either");
  }
  EXPECT_EQ(Sql("select min(v), max(v), count(*) from target"), "old|old|120000");
  EndSleepers();
  ExpectLoaded();
  ASSERT_EQ(Stir("out", {"publish", "target"}).code, 0);
  EXPECT_EQ(Sql("select min(v), max(v), count(*) from target"), "new|new|120000");
  EXPECT_EQ(Sql("select count(*) from pg_class where relname like 'target\\_\\_stir%' and relkind = 'r'"), "0");
}

TEST_F(PostgresFaultsTest, AFullDiskOfTheServerIsSaidAndTheNextRunConverges) {
  const auto folder = root_ / "small";
  if (!Mount(folder, "4m", "postgres")) GTEST_SKIP() << "a file system cannot be mounted here: " << strerror(errno);
  std::filesystem::permissions(root_, std::filesystem::perms::all);
  Publication("out", "swap", Connection(Cluster::Get().user()));
  Builds("out", "old");
  ASSERT_EQ(Stir("out", {"publish", "target"}).code, 0);
  Builds("out", "new");
  EXPECT_EQ(Sql(fmt::format("create tablespace small location '{}'", folder.string())), "");
  EXPECT_EQ(Sql("alter database faults set default_tablespace = small"), "");
  for (const std::string strategy : {"swap", "merge"}) {
    Publication("out", strategy, Connection(Cluster::Get().user()));
    const Ended full = Stir("out", {"publish", "target"});
    EXPECT_EQ(full.code, 2) << full.out;
    ExpectSays(full, "stir/out.yml:");
    ExpectSays(full, "error[postgres-statement-failed]: could not extend file \"pg_tblspc/");
    ExpectSays(full, "No space left on device");
    ExpectSays(full, "hint: Check free disk space.");
    EXPECT_EQ(Sql("select min(v), max(v), count(*) from target"), "old|old|120000");
    EXPECT_EQ(Sql("select count(*) from pg_class where relname like 'target\\_\\_stir%' and relkind = 'r'"), "0");
  }
  EXPECT_EQ(Sql("alter database faults reset default_tablespace"), "");
  EXPECT_EQ(Stir("out", {"publish", "target"}).code, 0);
  EXPECT_EQ(Sql("select min(v), max(v), count(*) from target"), "new|new|120000");
  Sql("drop tablespace small");
  Sql("checkpoint");
}

TEST_F(PostgresFaultsTest, WhatTheServerRefusesIsSaidWithWhatToDo) {
  Builds("out", "new", 10);
  Cluster::Get().SetGuardedPassword("right");
  const auto publish = [&](const std::string& connection) {
    Publication("out", "swap", connection);
    const Ended ended = Stir("out", {"publish", "target"});
    EXPECT_EQ(ended.code, 2) << ended.out;
    return ended;
  };
  Ended said = publish(Connection("guarded", ", password: wrong"));
  ExpectSays(said, "password authentication failed for user \"guarded\"");
  ExpectSays(said, "hint: check `user` and `password`");
  EXPECT_EQ(said.out.find("wrong"), std::string::npos) << said.out;
  said = publish(Connection("guarded"));
  ExpectSays(said, "hint: give a `password`, or put it into ~/.pgpass");
  said = publish("{type: postgres, host: no.such.host.invalid, user: x, database: faults}");
  ExpectSays(said, "hint: check `host`");
  said = publish("{type: postgres, host: " + Cluster::Get().host() + ", port: " + Cluster::Get().port() +
                 ", user: " + Cluster::Get().user() + ", database: elsewhere}");
  ExpectSays(said, "database \"elsewhere\" does not exist");
  ExpectSays(said, "hint: check the database's name, or create it");
  said = publish(Connection("guarded", ", password: right"));
  ExpectSays(said, "error[right-missing]: guarded may not create tables in schema \"public\"");
  ExpectSays(said, "GRANT USAGE, CREATE ON SCHEMA \"public\" TO guarded");
  Sql("grant create on schema public to guarded; create table target (id bigint, part int, v text)");
  said = publish(Connection("guarded", ", password: right"));
  ExpectSays(said, "error[right-missing]: \"public\".\"target\" belongs to " + Cluster::Get().user());
  Sql("revoke select on source from reader");
  said = Stir("in", {"ingest", "source"});
  EXPECT_EQ(said.code, 2) << said.out;
  ExpectSays(said, "error[right-missing]: reader may not read public.source");
  ExpectSays(said, "GRANT SELECT ON public.source TO reader");
  Sql("revoke create on schema public from guarded");
}

}  // namespace
}  // namespace stir
