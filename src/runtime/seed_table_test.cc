#include "runtime/seed_table.h"

#include <gtest/gtest.h>

#include "runtime/seed_csv.h"

namespace stir::runtime {
namespace {

// The type of a column `c` with these cells.
std::string TypeOf(const std::vector<std::string>& cells) {
  std::string csv = "c,z\n";
  for (const std::string& cell : cells) csv += cell + ",1\n";
  Result<SeedData> data = ReadSeed(csv, ',', {});
  if (!data.ok()) return data.error().front().message;
  return std::string(SeedTable(*std::move(data)).SqlType(0));
}

TEST(SeedTypes, Numbers) {
  for (const char* cell : {"1",   "-1",         "+5",    "007", " 1 ",       "1e5", "1_000",  "\"1,000\"", "$5",
                           "5%",  "€5",         "5.",    "1.0", "20240101",  "$ 5", "5 %",    "-$5",       "$-5",
                           "--5", "2147483648", "1E+20", "inf", "-Infinity", "nan", "5\u00a0"})
    EXPECT_EQ(TypeOf({cell}), "integer") << cell;
  for (const char* cell :
       {"1.5", ".5", "-.5", "\"-1,000.5\"", "1.55e1", "1.50", "1e-3", "12345678901234567890123456789"})
    EXPECT_EQ(TypeOf({cell}), "float8") << cell;
  EXPECT_EQ(TypeOf({"1", "2.5"}), "float8");
  EXPECT_EQ(TypeOf({"1", "null", ""}), "integer");
  EXPECT_EQ(TypeOf({"", " NULL "}), "integer") << "nothing but nulls";
  for (const char* cell : {"x", "-", ".", "%", "0x10", "(5)", "5-", "1 000", "1.2.3", "€$5", "1$5", "1e", "snan"})
    EXPECT_EQ(TypeOf({cell}), "text") << cell;
}

TEST(SeedTypes, DatesAndTimes) {
  EXPECT_EQ(TypeOf({"2024-01-01", "2024-1-1", "2024-01- 5", "null"}), "date");
  for (const char* cell : {"2024-01-01 10:00:00", "2024-1-1 1:2:3", "2024-01-01  10:00:00", " 2024-01-01\t10:00:00 "})
    EXPECT_EQ(TypeOf({cell}), "timestamp without time zone") << cell;
  for (const char* cell :
       {"2024-01-01T10:00:00", "2024-01-01T10:00", "2024-01-01T10:00:00Z", "2024-01-01T10:00:00+02:00",
        "20240101T101010", "2024-01-01T10:00:00.123456789", "2024-06-01T10", "\"2024-06-01T10:30,5\"", "2024-W01-1T10",
        "2024W011T10", "2024-060T10", "2024060T1030-0530", "2024-00-01T10", "2024T10", "20T10", "2024-02T10.25"})
    EXPECT_EQ(TypeOf({cell}), "timestamp without time zone") << cell;
  for (const char* cell : {"2024-02-30",
                           "24-01-01",
                           "01/02/2024",
                           "2024-01",
                           "2024-01-01 10:00",
                           "2024-01-01 10:00:00.123",
                           "2024-01-01 10:00:00Z",
                           "2024-01-01 25:00:00",
                           "2024-01-01T24:00:00",
                           "10:00",
                           "T10:00",
                           "2024-W01-1",
                           "2024-01-01 10:00:60",
                           "2024-01-00",
                           "0000-01-01",
                           "2024-1-1T10",
                           "2024-01-01T1:00",
                           "2024-01-01T10:00:00+2",
                           "2024-01-01t10:00:00",
                           "2024-01-01T10:00T",
                           "2024-01-01T10.5:00"})
    EXPECT_EQ(TypeOf({cell}), "text") << cell;
  EXPECT_EQ(TypeOf({"2024-01-01", "2024-01-01 10:00:00"}), "text");
  for (const char* second : {"2023-02-29", "0000-01-01", "2024-13-01", "2024-01-0x", "2024/01/01", "2024-00-10"})
    EXPECT_EQ(TypeOf({"2024-01-01", second}), "text") << second;
  for (const char* second : {"2024-01-31", "2024-02-29", "2024-1-1", "null"})
    EXPECT_EQ(TypeOf({"2024-01-01", second}), "date") << second;
  for (const char* second :
       {"2024-01-01 24:00:00", "2024-01-01 10:60:00", "2024-01-01 10:00:6x", "2023-02-29 10:00:00"})
    EXPECT_EQ(TypeOf({"2024-01-01 23:59:59", second}), "text") << second;
  EXPECT_EQ(TypeOf({"2024-01-01 23:59:59", "2024-01-31 1:2:3", ""}), "timestamp without time zone");
  EXPECT_EQ(TypeOf({"2024-01-01 10:00:00", "2024-01-01T10:00:00"}), "text");
}

TEST(SeedTypes, BooleansAndText) {
  EXPECT_EQ(TypeOf({"true", "FALSE", "null", "", "\",true\"", "\",\""}), "boolean");
  for (const char* cell : {"t", "yes", "none", "n/a"}) EXPECT_EQ(TypeOf({cell}), "text") << cell;
  EXPECT_EQ(TypeOf({"true", "1"}), "text");
}

TEST(SeedTypes, NamedColumnsAreNotGuessed) {
  const std::vector<std::string> text{"a", "B"};
  const Result<SeedData> data = ReadSeed("a,b\n1,2\n", ',', text);
  ASSERT_TRUE(data.ok());
  EXPECT_EQ(SeedTable(*data).SqlType(0), "text");
  EXPECT_EQ(SeedTable(*data).SqlType(1), "integer") << "names are exact";
}

std::vector<std::vector<std::string>> RowsOf(std::string_view csv, char delimiter = ',') {
  CsvReader reader(csv, delimiter);
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string_view> cells;
  while (reader.Next(cells)) rows.emplace_back(cells.begin(), cells.end());
  return rows;
}

using Rows = std::vector<std::vector<std::string>>;

TEST(CsvReader, ReadsAsPythonDoes) {
  EXPECT_EQ(RowsOf("a;b\r\n\"x;\"\"y\"\"\r\nz\";2\r\n\r\n3", ';'), (Rows{{"a", "b"}, {"x;\"y\"\nz", "2"}, {}, {"3"}}));
  EXPECT_EQ(RowsOf("a,\n,\n"), (Rows{{"a", ""}, {"", ""}}));
  EXPECT_EQ(RowsOf("\"a\"b\"c\",x\"y\"\n"), (Rows{{"ab\"c\"", "x\"y\""}}));
  EXPECT_EQ(RowsOf("\"\"\n\"a\rb\",\"no end\n"), (Rows{{""}, {"a\nb", "no end\n"}}));
  EXPECT_EQ(RowsOf(" \"a\"\r"), (Rows{{" \"a\""}}));
}

TEST(ReadSeed, NamesLengthsAndLines) {
  const Result<SeedData> data = ReadSeed("\xEF\xBB\xBFid,,id,id\n1,2\n\n3\n", ',', {});
  ASSERT_TRUE(data.ok()) << data.error().front().message;
  EXPECT_EQ(data->columns, (std::vector<std::string>{"id", "b", "id_2", "id_3"}));
  EXPECT_EQ(data->rows, 3u) << "an empty line is a row of nulls";
  const Result<SeedData> wrong = ReadSeed("a,b\n1,2\n\"x\ny\",2,3\n", ',', {});
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().front().message, "Row 1 has 3 values, but Table only has 2 columns.");
  EXPECT_FALSE(ReadSeed("", ',', {}).ok());
  EXPECT_FALSE(ReadSeed("a\n\xff\n", ',', {}).ok());
}

// Stretches read apart say the same as the whole.
TEST(ReadSeed, SeveralCoresAgreeWithOne) {
  constexpr size_t kRows = 400'000;
  std::string csv = "id,amount,day,flag,note\n";
  for (size_t i = 0; i < kRows; ++i) csv += std::to_string(i) + ",1.25,2024-01-05,true,n\n";
  std::string odd = csv + "x,,,,1\n";
  for (std::string* text : {&csv, &odd}) {
    const SeedTable table(*ReadSeed(*text, ',', {}));
    EXPECT_EQ(table.row_count(), text == &csv ? kRows : kRows + 1);
    EXPECT_EQ(table.SqlType(0), text == &csv ? "integer" : "text");
    EXPECT_EQ(table.SqlType(1), "float8");
    EXPECT_EQ(table.SqlType(2), "date");
    EXPECT_EQ(table.SqlType(3), "boolean");
    EXPECT_EQ(table.SqlType(4), "text");
  }
  csv += "1,2,3,4,5,6\n";
  EXPECT_EQ(ReadSeed(csv, ',', {}).error().front().message, "Row 400000 has 6 values, but Table only has 5 columns.");
}

}  // namespace
}  // namespace stir::runtime
