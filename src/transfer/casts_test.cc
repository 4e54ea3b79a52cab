// Types, what fits in what, and the width that two need.
#include "transfer/casts.h"

#include <gtest/gtest.h>

#include "transfer/columns.h"
#include "transfer/csv_records.h"
#include "transfer/drop.h"

namespace stir::transfer {
namespace {

bool FitsIn(std::string_view from, std::string_view to) { return Fits(ParseType(from), ParseType(to)); }

std::string Wider(std::string_view a, std::string_view b) {
  const auto type = Widen(ParseType(a), ParseType(b));
  return type ? type->name : "";
}

TEST(Casts, ATypeFitsWhereEveryValueDoes) {
  EXPECT_TRUE(FitsIn("INTEGER", "BIGINT"));
  EXPECT_FALSE(FitsIn("BIGINT", "INTEGER"));
  EXPECT_TRUE(FitsIn("UINTEGER", "BIGINT"));
  EXPECT_FALSE(FitsIn("UINTEGER", "INTEGER"));
  EXPECT_FALSE(FitsIn("INTEGER", "UINTEGER"));
  EXPECT_TRUE(FitsIn("INTEGER", "DECIMAL(12,2)"));
  EXPECT_FALSE(FitsIn("INTEGER", "DECIMAL(11,2)"));
  EXPECT_TRUE(FitsIn("INTEGER", "DOUBLE"));
  EXPECT_FALSE(FitsIn("BIGINT", "DOUBLE"));
  EXPECT_TRUE(FitsIn("DECIMAL(9,2)", "DECIMAL(10,3)"));
  EXPECT_FALSE(FitsIn("DECIMAL(10,2)", "DECIMAL(10,3)"));
  EXPECT_TRUE(FitsIn("DATE", "TIMESTAMP"));
  EXPECT_FALSE(FitsIn("TIMESTAMP", "DATE"));
  EXPECT_FALSE(FitsIn("VARCHAR", "BIGINT"));
  EXPECT_TRUE(FitsIn("STRUCT(a INTEGER)", "STRUCT(a INTEGER)"));
}

TEST(Casts, WideningStaysWithinANature) {
  EXPECT_EQ(Wider("INTEGER", "BIGINT"), "BIGINT");
  EXPECT_EQ(Wider("BIGINT", "UBIGINT"), "HUGEINT");
  EXPECT_EQ(Wider("INTEGER", "DECIMAL(5,2)"), "DECIMAL(12,2)");
  EXPECT_EQ(Wider("DECIMAL(10,2)", "DECIMAL(8,4)"), "DECIMAL(12,4)");
  EXPECT_EQ(Wider("BIGINT", "DOUBLE"), "DOUBLE");
  EXPECT_EQ(Wider("DATE", "TIMESTAMP"), "TIMESTAMP");
  EXPECT_EQ(Wider("BIGINT", "VARCHAR"), "");
  EXPECT_EQ(Wider("BOOLEAN", "INTEGER"), "");
}

TEST(Casts, ACastThatAlwaysFitsHasNoCondition) {
  EXPECT_TRUE(CastTo(ParseType("INTEGER"), ParseType("BIGINT"), "t", "v").misfit.empty());
  EXPECT_TRUE(CastTo(ParseType("VARCHAR"), ParseType("VARCHAR"), "t", "v").misfit.empty());
  EXPECT_FALSE(CastTo(ParseType("BIGINT"), ParseType("INTEGER"), "t", "v").misfit.empty());
  EXPECT_EQ(CastTo(ParseType("DOUBLE"), ParseType("BIGINT"), "t", "v").misfit,
            "t IS NOT NULL AND (v IS NULL OR v <> t)");
}

TEST(Drop, StarsStayInAFolderAndDoubleStarsDoNot) {
  EXPECT_TRUE(MatchesPath("us/2026-11-20/a.csv", "us/*/*.csv"));
  EXPECT_FALSE(MatchesPath("us/2026-11-20/a.csv", "us/*.csv"));
  EXPECT_TRUE(MatchesPath("us/2026-11-20/a.csv", "**/*.csv"));
  EXPECT_TRUE(MatchesPath("a.csv", "**/*.csv"));
  EXPECT_TRUE(MatchesPath("us/x/y/a.csv", "us/**/a.csv"));
  EXPECT_FALSE(MatchesPath("eu/a.csv", "us/**"));
}

TEST(Columns, NamesInSqlLeaveTextsOut) {
  EXPECT_EQ(NamesIn("status = 'not a name' and \"Is deleted\" and größe > 1"),
            (std::vector<std::string>{"status", "and", "Is deleted", "and", "größe"}));
}

TEST(CsvRecords, FieldsAndQuotes) {
  EXPECT_EQ(SplitCsvRecord("a,\"b, \"\"c\"\"\",,d", ",", "\""), (std::vector<std::string>{"a", "b, \"c\"", "", "d"}));
  EXPECT_EQ(SplitCsvRecord("a||b", "||", ""), (std::vector<std::string>{"a", "b"}));
}

}  // namespace
}  // namespace stir::transfer
