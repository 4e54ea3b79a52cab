// Names, the registry, and cells as text.
#include <gtest/gtest.h>

#include "adapter/cell.h"
#include "adapter/connection.h"
#include "adapter/kinds.h"

namespace stir::adapter {
namespace {

Dialect MakeDialect() {
  Dialect dialect;
  dialect.name = "test";
  return dialect;
}

TEST(Dialect, QuotesAndRenders) {
  const Dialect dialect = MakeDialect();
  EXPECT_EQ(dialect.Quote("a\"b"), "\"a\"\"b\"");
  EXPECT_EQ(dialect.QuoteLiteral("it's"), "'it''s'");
  Relation relation;
  relation.database = "db";
  relation.schema = "s";
  relation.identifier = "t";
  EXPECT_EQ(dialect.Render(relation), "\"db\".\"s\".\"t\"");
  relation.include.database = false;
  relation.quote.identifier = false;
  EXPECT_EQ(dialect.Render(relation), "\"s\".t");
  relation.schema.clear();
  EXPECT_EQ(dialect.Render(relation), "t");
}

TEST(Dialect, NamesCompareByItsFolding) {
  Dialect dialect = MakeDialect();
  EXPECT_TRUE(dialect.SameName("Orders", "orders"));
  dialect.fold_to_lower = false;
  EXPECT_FALSE(dialect.SameName("Orders", "orders"));
}

TEST(AdapterRegistry, AnUnknownTypeNamesTheKnown) {
  AdapterRegistry registry;
  registry.Add("duckdb", [](const Profile&) { return Result<std::unique_ptr<Adapter>>(nullptr); }, MakeDialect());
  EXPECT_TRUE(registry.Knows("duckdb"));
  EXPECT_EQ((*registry.FindDialect("duckdb"))->name, "test");
  Profile profile;
  profile.type = "duckdbb";
  const auto near = registry.Open(profile);
  ASSERT_FALSE(near.ok());
  EXPECT_EQ(near.error().front().kind, kUnknownAdapter);
  EXPECT_EQ(near.error().front().hint, "did you mean `duckdb`?");
  profile.type = "oracle";
  EXPECT_NE(registry.Open(profile).error().front().hint.find("duckdb"), std::string::npos);
}

TEST(CellText, KeepsEveryDigit) {
  EXPECT_EQ(CellText(std::monostate{}), "");
  EXPECT_EQ(CellText(true), "true");
  EXPECT_EQ(CellText(int64_t{-5}), "-5");
  EXPECT_EQ(CellText(1.0), "1.0");
  EXPECT_EQ(CellText(0.1), "0.1");
  EXPECT_EQ(CellText(Decimal{"1.50"}), "1.50");
  EXPECT_EQ(CellText(Date{-1}), "1969-12-31");
  EXPECT_EQ(CellText(TimestampCell{-1, false}), "1969-12-31 23:59:59.999999");
  EXPECT_EQ(CellText(TimestampCell{1'500'000, true}), "1970-01-01 00:00:01.5+00");
  EXPECT_EQ(CellText(Text{"x"}), "x");
  EXPECT_EQ(CellText(Other{"UUID", "y"}), "y");
}

}  // namespace
}  // namespace stir::adapter
