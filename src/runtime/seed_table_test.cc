#include "runtime/seed_table.h"

#include <gtest/gtest.h>

namespace stir::runtime {
namespace {

// The type of a column `c` with these cells.
std::string TypeOf(const std::vector<std::string>& cells) {
  std::string csv = "c,z\n";
  for (const std::string& cell : cells) csv += cell + ",1\n";
  Result<SeedData> data = ParseSeed(csv, ',', {});
  if (!data.ok()) return data.error().front().message;
  return std::string(SeedTable(*std::move(data)).SqlType(0));
}

TEST(SeedTypes, Numbers) {
  for (const char* cell :
       {"1", "-1", "+5", "007", " 1 ", "1e5", "1_000", "\"1,000\"", "$5", "5%", "€5", "5.", "1.0", "20240101"})
    EXPECT_EQ(TypeOf({cell}), "integer") << cell;
  for (const char* cell : {"1.5", ".5", "-.5", "\"-1,000.5\"", "1.55e1", "nan", "1.50"})
    EXPECT_EQ(TypeOf({cell}), "float8") << cell;
  EXPECT_EQ(TypeOf({"1", "2.5"}), "float8");
  EXPECT_EQ(TypeOf({"2147483647", "-2147483648"}), "integer");
  EXPECT_EQ(TypeOf({"2147483648"}), "bigint");
  EXPECT_EQ(TypeOf({"1", "null", ""}), "integer");
  EXPECT_EQ(TypeOf({"", "NULL"}), "integer") << "nothing but nulls";
}

TEST(SeedTypes, DatesAndTimes) {
  EXPECT_EQ(TypeOf({"2024-01-01", "2024-1-1", "null"}), "date");
  EXPECT_EQ(TypeOf({"2024-01-01 10:00:00"}), "timestamp without time zone");
  for (const char* cell :
       {"2024-01-01T10:00:00", "2024-01-01T10:00", "2024-01-01T10:00:00Z", "2024-01-01T10:00:00+02:00",
        "20240101T101010", "2024-01-01T10:00:00.123456789", "2024-06-01T10"})
    EXPECT_EQ(TypeOf({cell}), "timestamp without time zone") << cell;
  for (const char* cell :
       {"2024-02-30", "24-01-01", "01/02/2024", "2024-01", "2024-01-01 10:00", "2024-01-01 10:00:00.123",
        "2024-01-01 10:00:00Z", "2024-01-01 25:00:00", "2024-01-01T24:00:00", "10:00", "T10:00", "2024-W01-1"})
    EXPECT_EQ(TypeOf({cell}), "text") << cell;
  EXPECT_EQ(TypeOf({"2024-01-01", "2024-01-01 10:00:00"}), "text");
}

TEST(SeedTypes, BooleansAndText) {
  EXPECT_EQ(TypeOf({"true", "FALSE", "null", ""}), "boolean");
  for (const char* cell : {"t", "yes", "none", "n/a", "x", "-", ".", "%", "0x10", "(5)", "5-", "1 000", "1.2.3"})
    EXPECT_EQ(TypeOf({cell}), "text") << cell;
  EXPECT_EQ(TypeOf({"true", "1"}), "text");
}

TEST(SeedTypes, NamedColumnsAreNotGuessed) {
  const std::vector<std::string> text{"A"};
  const Result<SeedData> data = ParseSeed("a,b\n1,2\n", ',', text);
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(SeedTable(*data).SqlType(0), "text");
  EXPECT_EQ(SeedTable(*data).SqlType(1), "integer");
}

TEST(ParseSeed, QuotesLineEndsAndLengths) {
  const Result<SeedData> data = ParseSeed(
      "\xEF\xBB\xBF"
      "a;b\r\n\"x;\"\"y\"\"\nz\";2\r\n\r\n3\n",
      ';', {});
  ASSERT_TRUE(data.ok()) << data.error().front().message;
  EXPECT_EQ(data->columns, (std::vector<std::string>{"a", "b"}));
  ASSERT_EQ(data->rows.size(), 2u);
  EXPECT_EQ(data->rows[0][0], "x;\"y\"\nz");
  EXPECT_EQ(data->rows[1], (std::vector<std::string>{"3", ""}));
  const Result<SeedData> wrong = ParseSeed("a,b\n1,2\n\"x\ny\",2,3\n", ',', {});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().front().message, "line 3 has 3 values, but the header has 2 columns");
}

}  // namespace
}  // namespace stir::runtime
