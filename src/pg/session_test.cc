// Sessions against a real server.
#include "pg/session.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "pg/errors.h"
#include "pg/kinds.h"
#include "pg/testing/cluster.h"

namespace stir::pg {
namespace {

using testing::Cluster;

class SessionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    database_ = Cluster::Get().MakeDatabase();
    session_ = Open();
  }

  ConnectSpec Spec() const {
    const Cluster& cluster = Cluster::Get();
    return {.parameters = {
                {"host", cluster.host()}, {"port", cluster.port()}, {"user", cluster.user()}, {"dbname", database_}}};
  }
  std::unique_ptr<Session> Open() const {
    auto opened = Session::Open(Spec());
    EXPECT_TRUE(opened.ok());
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  Outcome Run(std::string_view sql) {
    auto outcome = session_->Execute(sql);
    EXPECT_TRUE(outcome.ok()) << sql << ": " << outcome.error().front().message;
    return outcome.ok() ? *outcome : Outcome{};
  }
  std::string Texts(std::string_view sql) { return testing::TextOf(*session_, sql); }

  std::string database_;
  std::unique_ptr<Session> session_;
};

TEST_F(SessionTest, TellsTagsAndCounts) {
  EXPECT_EQ(Run("create table t (i int)").tag, "CREATE TABLE");
  const Outcome inserted = Run("insert into t select generate_series(1, 5)");
  EXPECT_EQ(inserted.tag, "INSERT 0 5");
  EXPECT_EQ(inserted.rows, 5);
  EXPECT_EQ(Run("delete from t where i > 3; update t set i = 0").tag, "UPDATE 3");
  EXPECT_EQ(Run("").rows, -1);
}

TEST_F(SessionTest, StreamsRowsAndKeepsNullsApart) {
  EXPECT_EQ(Texts("select i, nullif(i, 2)::text, '' from generate_series(1, 3) i"), "1|1|;2|NULL|;3|3|");
  EXPECT_EQ(Texts("select 1; select 2 as b"), "2");
  EXPECT_EQ(Texts("select ';' as s;"), ";");
  EXPECT_EQ(Texts("-- nothing"), "");
}

TEST_F(SessionTest, UnreadRowsDoNotStandInTheWay) {
  auto rows = session_->Query("select generate_series(1, 100000000)");
  ASSERT_TRUE(rows.ok());
  Row row;
  ASSERT_TRUE(*(*rows)->Next(row));
  EXPECT_EQ(Texts("select 7"), "7");
  EXPECT_FALSE(*(*rows)->Next(row)) << "what was taken away does not come back";
}

TEST_F(SessionTest, UnreadRowsInATransactionDoNotCostIt) {
  Run("create table t (i int); begin; insert into t values (1)");
  {
    auto rows = session_->Query("select i from generate_series(1, 100000) i");
    ASSERT_TRUE(rows.ok());
  }
  Run("commit");
  EXPECT_EQ(Texts("select i from t"), "1");
}

TEST_F(SessionTest, BufferedRowsOutliveTheNextStatement) {
  auto rows = session_->Query("select i from generate_series(1, 3) i");
  ASSERT_TRUE(rows.ok());
  ASSERT_TRUE((*rows)->Buffer().ok());
  EXPECT_EQ(Texts("select 7"), "7");
  Row row;
  int count = 0;
  while (*(*rows)->Next(row)) EXPECT_EQ(row[0], std::to_string(++count));
  EXPECT_EQ(count, 3);
}

TEST_F(SessionTest, ErrorsSayWhatAndWhere) {
  const std::string sql = "select 'é',\n  nonsense from pg_class";
  const auto failed = session_->Query(sql);
  ASSERT_FALSE(failed.ok());
  const Diagnostic& error = failed.error().front();
  EXPECT_EQ(error.kind, kStatementFailed);
  EXPECT_EQ(error.message, "column \"nonsense\" does not exist");
  EXPECT_EQ(error.engine_offset, static_cast<int64_t>(sql.find("nonsense")));
  EXPECT_EQ(session_->sqlstate(), "42703");
  Run("create table t (i int primary key); insert into t values (1)");
  const auto twice = session_->Execute("insert into t values (1)");
  ASSERT_FALSE(twice.ok());
  EXPECT_EQ(twice.error().front().message,
            "duplicate key value violates unique constraint \"t_pkey\"\nDETAIL:  Key (i)=(1) already exists.");
}

TEST_F(SessionTest, KnowsItsTransaction) {
  EXPECT_FALSE(session_->InTransaction());
  Run("begin");
  EXPECT_TRUE(session_->InTransaction());
  EXPECT_FALSE(session_->Execute("selec").ok());
  EXPECT_TRUE(session_->InTransaction());
  Run("rollback");
  EXPECT_FALSE(session_->InTransaction());
}

TEST_F(SessionTest, CancelStopsTheServerAndTheSessionGoesOn) {
  std::thread canceler([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    session_->Cancel();
  });
  const auto failed = session_->Execute("select pg_sleep(60)");
  canceler.join();
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().front().kind, kStatementCanceled);
  session_->Cancel();
  EXPECT_EQ(Texts("select 1"), "1");
}

TEST_F(SessionTest, CopiesBothWays) {
  Run("create table t (i int, s text)");
  auto copy = session_->BeginCopyIn("copy t from stdin");
  ASSERT_TRUE(copy.ok());
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE((*copy)->Write(fmt::format("{}\tx{}\n", i, i)).ok());
  EXPECT_EQ(*(*copy)->Finish(), 1000);
  std::string bytes;
  const auto rows =
      session_->CopyOut("copy (select i, s from t where i < 2 order by i) to stdout", [&](std::string_view part) {
        bytes += part;
        return Status();
      });
  ASSERT_TRUE(rows.ok());
  EXPECT_EQ(*rows, 2);
  EXPECT_EQ(bytes, "0\tx0\n1\tx1\n");
}

TEST_F(SessionTest, AnAbandonedCopyLeavesNothing) {
  Run("create table t (i int)");
  {
    auto copy = session_->BeginCopyIn("copy t from stdin");
    ASSERT_TRUE(copy.ok());
    ASSERT_TRUE((*copy)->Write("1\n").ok());
  }
  EXPECT_EQ(Texts("select count(*) from t"), "0");
}

TEST_F(SessionTest, ABadCopySaysTheLine) {
  Run("create table t (i int)");
  auto copy = session_->BeginCopyIn("copy t from stdin");
  ASSERT_TRUE(copy.ok());
  ASSERT_TRUE((*copy)->Write("1\nx\n").ok());
  const auto finished = (*copy)->Finish();
  ASSERT_FALSE(finished.ok());
  EXPECT_EQ(finished.error().front().message,
            "invalid input syntax for type integer: \"x\"\nCONTEXT:  COPY t, line 2, column i: \"x\"");
  EXPECT_EQ(Texts("select count(*) from t"), "0");
}

TEST_F(SessionTest, ASinkThatHasEnoughEndsTheCopy) {
  const auto rows = session_->CopyOut("copy (select generate_series(1, 100000000)) to stdout", [](std::string_view) {
    return Status(Diagnostic(kStatementFailed, "disk full"));
  });
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().front().message, "disk full");
  EXPECT_EQ(Texts("select 1"), "1");
}

TEST_F(SessionTest, WhatIsNoCopyIsSaid) {
  const auto rows = session_->CopyOut("select 1", [](std::string_view) { return Status(); });
  ASSERT_FALSE(rows.ok());
  EXPECT_EQ(rows.error().front().message, "the statement is no COPY ... TO STDOUT");
  EXPECT_EQ(Texts("select 1"), "1");
  Run("copy (select 1) to stdout; select 2");
  EXPECT_EQ(Texts("select 1"), "1");
}

TEST_F(SessionTest, DescribesWithoutRunning) {
  const auto columns = session_->Describe("select 1 as i, 2.5::numeric(9,2) as d, 1 / 0 as never");
  ASSERT_TRUE(columns.ok());
  EXPECT_EQ((*columns)[1], (Column{"d", 1700, ((9 << 16) | 2) + 4}));
  EXPECT_FALSE(session_->Describe("select nope").ok());
  EXPECT_EQ(Texts("select 1"), "1");
}

TEST_F(SessionTest, AServerThatEndsTheSessionIsLost) {
  auto other = Open();
  const std::string pid = Texts("select pg_backend_pid()");
  ASSERT_TRUE(other->Execute(fmt::format("select pg_terminate_backend({})", pid)).ok());
  const auto failed = session_->Execute("select 1");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().front().kind, kConnectionLost);
  EXPECT_TRUE(session_->IsLost());
}

TEST_F(SessionTest, AConnectionThatCannotBeMadeSaysWhy) {
  ConnectSpec spec = Spec();
  spec.parameters.back().second = "no_such_database";
  const auto failed = Session::Open(spec);
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().front().kind, kNoConnection);
  EXPECT_NE(failed.error().front().message.find("database \"no_such_database\" does not exist"), std::string::npos);
  EXPECT_EQ(failed.error().front().hint, "check the database's name, or create it");
}

TEST_F(SessionTest, NoticesGoToWhoAskedForThem) {
  std::string said;
  ConnectSpec spec = Spec();
  spec.on_notice = [&](std::string_view text) { said += text; };
  auto session = Session::Open(spec);
  ASSERT_TRUE(session.ok());
  ASSERT_TRUE((*session)->Execute("drop table if exists nowhere").ok());
  EXPECT_EQ(said, "NOTICE:  table \"nowhere\" does not exist, skipping");
}

TEST(ByteOffset, CountsCharacters) {
  EXPECT_EQ(ByteOffset("é x", "3"), 3);
  EXPECT_EQ(ByteOffset("ab", "1"), 0);
  EXPECT_EQ(ByteOffset("ab", "3"), 2);
  EXPECT_EQ(ByteOffset("ab", "9"), -1);
  EXPECT_EQ(ByteOffset("ab", ""), -1);
}

}  // namespace
}  // namespace stir::pg
