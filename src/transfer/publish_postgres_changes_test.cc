// What others do to the table, to its columns and to the rights on it while a publication runs: the whole of what is
// said, and that readers keep what they had.
#include <gtest/gtest.h>

#include <string>

#include "transfer/testing/publish_postgres.h"

namespace stir::transfer {
namespace {

using platform::Strategy;

class ChangesTest : public PublishPostgresTest {
 protected:
  void SetUp() override {
    PublishPostgresTest::SetUp();
    Sql("create role plain login");  // of all databases: it is there but once
    As("plain");
    publication_.keep = 0;
    Sql("grant usage, create on schema public to plain; set role plain; create table orders (id bigint primary key, v "
        "text); insert into orders select i, 'old' from generate_series(0, 9) i");
    Model("select range id, 'new' v from range(20)");
  }
  void TearDown() override {
    Sql("drop owned by plain");
    PublishPostgresTest::TearDown();
  }
  void Merges() {
    publication_.strategy = At(Strategy::kMerge);
    publication_.key = {At<std::string>("id")};
  }

  // Publishes while `change` happens at a step, and expects to be told so.
  void Says(const std::string& step, const std::string& change, const std::string& said) {
    EXPECT_EQ(Fails(Failpoints([&](std::string_view reached) {
                if (reached != step) return;
                EXPECT_EQ(Sql(change), "") << change;
              })),
              said)
        << step << ": " << change;
  }
  // Nothing of it is left but the ledger, and the next publication succeeds.
  void ExpectOldThenNew(const std::string& repair) {
    EXPECT_EQ(Sql("select count(*), min(v), max(v) from orders"), "10|old|old");
    EXPECT_EQ(Sql(repair), "");
    Publishes();
    EXPECT_EQ(Tables(), "_stir_publications orders");
    EXPECT_EQ(Sql("select count(*), min(v), max(v) from orders"), "20|new|new");
  }
};

TEST_F(ChangesTest, ARightThatGoesBeforeTheTableIsMade) {
  Says(
      "publish.begun", "revoke create on schema public from plain",
      "right-missing: plain may not create tables in schema \"public\" | an owner or a superuser can say: GRANT USAGE, "
      "CREATE ON SCHEMA \"public\" TO plain");
  ExpectOldThenNew("grant create on schema public to plain");
}

TEST_F(ChangesTest, ARightThatGoesBeforeIndexesAreBuilt) {
  Says(
      "publish.copied", "revoke create on schema public from plain",
      "right-missing: plain may not create tables in schema \"public\" | an owner or a superuser can say: GRANT USAGE, "
      "CREATE ON SCHEMA \"public\" TO plain");
  ExpectOldThenNew("grant create on schema public to plain");
}

TEST_F(ChangesTest, ARightThatGoesBeforeTheSwap) {
  Says(
      "publish.verified", "revoke create on schema public from plain",
      "right-missing: plain may not create tables in schema \"public\" | an owner or a superuser can say: GRANT USAGE, "
      "CREATE ON SCHEMA \"public\" TO plain");
  ExpectOldThenNew("grant create on schema public to plain");
}

TEST_F(ChangesTest, AnOwnerThatChangesBeforeTheSwap) {
  Says("publish.verified", "alter table orders owner to stir",
       "right-missing: \"public\".\"orders\" belongs to stir; only its owner can replace it | GRANT stir TO plain");
  ExpectOldThenNew("alter table orders owner to plain");
}

TEST_F(ChangesTest, ARightToWriteThatGoesBeforeAMerge) {
  Merges();
  Sql("alter table orders owner to stir; grant all on orders to plain");
  Says("publish.verified", "revoke update, delete on orders from plain",
       "right-missing: plain may not update, delete in \"public\".\"orders\" | its owner can say: GRANT UPDATE, DELETE "
       "ON "
       "\"public\".\"orders\" TO plain");
  ExpectOldThenNew("grant update, delete on orders to plain");
}

TEST_F(ChangesTest, AColumnThatGoesOrChangesBeforeTheSwap) {
  for (const char* change : {"alter table orders drop column v; alter table orders add v text default 'old'",
                             "alter table orders rename v to w", "alter table orders alter v type varchar(10)"}) {
    Says("publish.copied", change,
         "table-changed: \"public\".\"orders\" was altered while its next generation was made | nothing was published; "
         "run "
         "it again");
    Sql("drop table orders; set role plain; create table orders (id bigint primary key, v text); insert into orders "
        "select "
        "i, 'old' from generate_series(0, 9) i");
  }
  ExpectOldThenNew("select from orders where false");
}

TEST_F(ChangesTest, AColumnThatGoesOrChangesBeforeAMerge) {
  Merges();
  for (const char* change :
       {"alter table orders drop column v", "alter table orders rename v to w",
        "alter table orders alter v type varchar(20)", "alter table orders add w int not null default 1"}) {
    Says("publish.copied", change,
         "table-changed: \"public\".\"orders\" was altered while its new rows were gathered | nothing was published; "
         "run it "
         "again");
    Sql("drop table orders; set role plain; create table orders (id bigint primary key, v text); insert into orders "
        "select "
        "i, 'old' from generate_series(0, 9) i");
  }
  ExpectOldThenNew("select from orders where false");
}

TEST_F(ChangesTest, ATableThatSomebodyElseSwaps) {
  const std::string swaps =
      "set role plain; create table another as select * from orders; begin; alter table orders rename to "
      "orders_before; "
      "alter table another rename to orders; commit";
  Says("publish.dressed", swaps,
       "table-changed: \"public\".\"orders\" was replaced by another table while its next generation was made | "
       "nothing was "
       "published; run it again");
  Merges();
  Says("publish.built", "drop table orders_before; " + swaps,
       "table-changed: \"public\".\"orders\" was replaced by another table while its new rows were gathered | nothing "
       "was "
       "published; run it again");
  ExpectOldThenNew("drop table orders_before");
}

TEST_F(ChangesTest, ATableThatIsDroppedOrMadeMeanwhile) {
  const std::string gone = "table-changed: \"public\".\"orders\" or a view of it was dropped or renamed while its ";
  Says("publish.dressed", "drop table orders", gone + "next generation was made | nothing was published; run it again");
  EXPECT_EQ(Tables(), "_stir_publications");
  const std::string made =
      "set role plain; create table orders (id bigint primary key, v text); insert into orders select i, 'old' from "
      "generate_series(0, 9) i";
  Says(
      "publish.dressed", made,
      "table-changed: \"public\".\"orders\" was made by somebody else while its next generation was made | nothing was "
      "published; run it again");
  Merges();
  Says("publish.built", "drop table orders", gone + "new rows were gathered | nothing was published; run it again");
  Sql(made);
  ExpectOldThenNew("select from orders where false");
}

}  // namespace
}  // namespace stir::transfer
