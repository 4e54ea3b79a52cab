// The real binary and a real PostgreSQL server with a network between them that fails: at every phase of a load and of
// a publication connections are reset, or nothing comes through any more. What went wrong is said in bounded time, no
// half of anything is to be seen, and the next run ends where an undisturbed one does.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "pg/testing/cluster.h"
#include "tests/support/faulty_link.h"
#include "tests/support/moving.h"

namespace stir {
namespace {

using pg::testing::Cluster;
using std::chrono::steady_clock;
using testing_support::Child;
using testing_support::Ended;
using testing_support::ExpectSays;
using testing_support::FaultyLink;
using testing_support::LinkFault;
using testing_support::LinkTrigger;
using testing_support::MovingTest;
using testing_support::WaitFor;

struct Phase {
  const char* name;
  LinkTrigger at;
  bool survives = false;  // a reset
  const char* strategy = "";
};

// What a load says to the server, in this order.
const std::vector<Phase>& PhasesOfALoad() {
  static const std::vector<Phase> phases = {
      {"connects", {.words = "reader"}, true},  // and connects again
      {"sets up", {.words = "set timezone"}},
      {"looks for columns", {.words = "pg_catalog.pg_attribute"}},
      {"plans", {.words = "explain (format json)"}},
      {"takes its snapshot", {.words = "pg_export_snapshot"}},
      {"copies", {.words = "copy (select"}},
      {"is in the middle of the rows", {.after_bytes = 2'000'000}},
      {"ends", {.words = "commit"}},
  };
  return phases;
}

// What publications say.
const std::vector<Phase>& PhasesOfAPublication() {
  static const std::vector<Phase> phases = {
      {"connects", {.words = "publisher"}, true, "swap"},
      {"sets up", {.words = "SET TimeZone"}, false, "swap"},
      {"takes its turn", {.words = "pg_try_advisory_lock"}, false, "swap"},
      {"looks for rights", {.words = "has_schema_privilege"}, false, "swap"},
      {"makes its table", {.words = "CREATE TABLE IF NOT EXISTS"}, false, "swap"},
      {"copies", {.words = "COPY \"public\""}, false, "swap"},
      {"is in the middle of the rows", {.after_bytes = 400'000}, false, "swap"},
      {"takes statistics", {.words = "VACUUM"}, false, "swap"},
      {"locks", {.words = "IN ACCESS EXCLUSIVE MODE"}, false, "swap"},
      {"commits", {.words = "COMMIT"}, false, "swap"},
      {"has committed", {.words = "COMMIT", .answered = true}, true, "swap"},
      {"gathers", {.words = "CREATE UNLOGGED TABLE"}, false, "merge"},
      {"locks", {.words = "IN SHARE ROW EXCLUSIVE MODE"}, false, "merge"},
      {"commits", {.words = "COMMIT"}, false, "merge"},
      {"has committed", {.words = "COMMIT", .answered = true}, true, "merge"},
      {"has committed", {.words = "COMMIT", .answered = true}, true, "partition"},
  };
  return phases;
}

constexpr const char* kLost = "error[postgres-connection-lost]: ";
constexpr const char* kSilent = "error[postgres-connection-lost]: the server has said nothing for ";
constexpr const char* kTimeout = "timeout expired";
constexpr const char* kOldRows = "100000,5000050000,100000,xxx";
constexpr const char* kNewRows = "100000,5000050000,100000,yyy";
constexpr const char* kOldTable = "old|old|20000";
constexpr const char* kNewTable = "new|new|20000";

class PostgresNetworkTest : public MovingTest {
 protected:
  // A project on a link of its own.
  struct Way {
    std::string project;
    std::unique_ptr<FaultyLink> link;
    const Phase* phase = nullptr;
    std::unique_ptr<Child> child;
  };

  void SetUp() override {
    MovingTest::SetUp();
    Sql("do $$ begin create role publisher login superuser; exception when duplicate_object then end $$");
  }

  static std::unique_ptr<FaultyLink> Link() {
    return std::make_unique<FaultyLink>(fmt::format("{}/.s.PGSQL.{}", Cluster::Get().host(), Cluster::Get().port()));
  }
  static std::string Through(const FaultyLink& link, const std::string& user) {
    return ConnectionTo(FaultyLink::kHost, link.port(), user);
  }

  // Sessions whose client is gone know it as soon as they look.
  static void ExpectNobodyLeft() {
    EXPECT_TRUE(WaitFor([] {
      return Sql("select count(*) from pg_stat_activity where datname = 'faults' and pid <> pg_backend_pid() and "
                 "backend_type = 'client backend'") == "0";
    })) << Sql("select pid, state, query from pg_stat_activity where datname = 'faults'");
  }
  static std::string Published(const std::string& table) {
    return Sql("select min(v), max(v), count(*) from " + table);
  }
  static void FillOld(const std::string& table) {
    EXPECT_EQ(Sql(fmt::format("create table if not exists {0} (id bigint primary key, part int, v text); truncate {0}; "
                              "insert into {0} select i, i % 7, 'old' from generate_series(0, 19999) i",
                              table)),
              "");
  }
  static void ExpectNothingBeside(const std::string& table) {
    EXPECT_EQ(
        Sql(fmt::format("select count(*) from pg_class where relkind = 'r' and relname like '{}\\_\\_stir%'", table)),
        "0");
  }
};

TEST_F(PostgresNetworkTest, AResetAtAnyPhaseOfALoadIsMadeGoodByTheNext) {
  const auto link = Link();
  Ingestion("in", Through(*link, "reader"));
  const auto load = [&] { return Stir("in", {"ingest", "source"}); };
  for (const Phase& phase : PhasesOfALoad()) {
    SCOPED_TRACE(phase.name);
    ASSERT_EQ(load().code, 0);
    EXPECT_EQ(Loaded("in"), kOldRows);
    Sql("update source set v = repeat('y', 50)");
    link->Arm(phase.at, LinkFault::kReset);
    const Ended ended = load();
    EXPECT_TRUE(link->struck());
    EXPECT_EQ(ended.code, phase.survives ? 0 : 2) << ended.out;
    if (!phase.survives) {
      ExpectSays(ended, "stir/in.yml:");
      ExpectSays(ended, kLost);
      EXPECT_EQ(Loaded("in"), kOldRows) << ended.out;
    }
    link->Heal();
    EXPECT_EQ(load().code, 0);
    EXPECT_EQ(Loaded("in"), kNewRows);
    ExpectNobodyLeft();
    Sql("update source set v = repeat('x', 50)");
  }
}

TEST_F(PostgresNetworkTest, AResetAtAnyPhaseOfAPublicationIsMadeGoodByTheNext) {
  const auto link = Link();
  Builds("out", "new", 20000);
  for (const Phase& phase : PhasesOfAPublication()) {
    SCOPED_TRACE(fmt::format("{} {}", phase.strategy, phase.name));
    Publication("out", phase.strategy, Through(*link, "publisher"));
    FillOld("target");
    link->Arm(phase.at, LinkFault::kReset);
    const Ended ended = Stir("out", {"publish", "target"});
    EXPECT_TRUE(link->struck());
    EXPECT_EQ(ended.code, phase.survives ? 0 : 2) << ended.out;
    EXPECT_EQ(Published("target"), phase.survives ? kNewTable : kOldTable) << ended.out;
    if (!phase.survives) {
      ExpectSays(ended, "stir/out.yml:");
      ExpectSays(ended, kLost);
    }
    link->Heal();
    ExpectNobodyLeft();
    const Ended again = Stir("out", {"publish", "target"});
    EXPECT_EQ(again.code, 0) << again.out;
    EXPECT_EQ(Published("target"), kNewTable);
    ExpectNothingBeside("target");
  }
}

// All at once: each waits for its own timeouts.
TEST_F(PostgresNetworkTest, SilenceAtAnyPhaseOfALoadIsSaidInTimeAndMadeGoodByTheNext) {
  std::vector<Way> ways;
  for (const Phase& phase : PhasesOfALoad()) {
    Way& way = ways.emplace_back(fmt::format("in-{}", ways.size()), Link(), &phase);
    MakeProject(way.project, false);
    Ingestion(way.project, Through(*way.link, "reader"));
    ASSERT_EQ(Stir(way.project, {"ingest", "source"}).code, 0);
  }
  Sql("update source set v = repeat('y', 50)");
  for (Way& way : ways) {
    way.link->Arm(way.phase->at, LinkFault::kBlackHole);
    way.child = Start(way.project, {"ingest", "source"});
  }
  for (Way& way : ways) {
    SCOPED_TRACE(way.phase->name);
    const Ended ended = way.child->Wait();
    EXPECT_TRUE(way.link->struck());
    EXPECT_EQ(ended.code, 2) << ended.out;
    ExpectSays(ended, "stir/in.yml:");
    ExpectSays(ended, way.phase->survives ? kTimeout : kSilent);
    EXPECT_EQ(Loaded(way.project), kOldRows) << ended.out;
    way.link->Heal();
    EXPECT_EQ(Stir(way.project, {"ingest", "source"}).code, 0);
    EXPECT_EQ(Loaded(way.project), kNewRows);
  }
}

TEST_F(PostgresNetworkTest, ASlowNetworkIsOnlySlow) {
  const auto link = Link();
  link->Delay(std::chrono::milliseconds(15));
  Ingestion("in", Through(*link, "reader"));
  Publication("out", "swap", Through(*link, "publisher"));
  Builds("out", "new", 20000);
  FillOld("target");
  const Ended loaded = Stir("in", {"ingest", "source"});
  EXPECT_EQ(loaded.code, 0) << loaded.out;
  EXPECT_EQ(Loaded("in"), kOldRows);
  const Ended published = Stir("out", {"publish", "target"});
  EXPECT_EQ(published.code, 0) << published.out;
  EXPECT_EQ(Published("target"), kNewTable);
}

}  // namespace
}  // namespace stir
