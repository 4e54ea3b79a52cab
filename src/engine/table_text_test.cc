// Rows as tables, JSON and CSV.
#include "engine/table_text.h"

#include <gtest/gtest.h>

#include <string_view>

namespace stir::engine {
namespace {

using namespace std::string_view_literals;

using adapter::Text;

const std::vector<adapter::ColumnInfo> kColumns{{"id", "INTEGER"}, {"name", "VARCHAR"}};
const std::vector<TableRow> kRows{{int64_t{1}, Text{"x"}}, {int64_t{20}, std::monostate{}}};

TEST(TableText, AlignsNumbersToTheRight) {
  EXPECT_EQ(TableText(kColumns, kRows), "| id | name |\n| -- | ---- |\n|  1 | x    |\n| 20 |      |\n");
  EXPECT_EQ(TableText(kColumns, {}), "| id | name |\n| -- | ---- |\n");
}

TEST(TableText, CutsAndMeasuresInColumns) {
  const std::vector<TableRow> rows{{int64_t{1}, Text{"日本語日本語"}}, {int64_t{2}, Text{"line\nbreak"}}};
  EXPECT_EQ(TableText(kColumns, rows, 10),
            "| id | name       |\n| -- | ---------- |\n|  1 | 日本語...  |\n|  2 | line break |\n");
}

// The expected text is agate's own for the same rows.
TEST(AgateText, WritesCellsAsAgateDoes) {
  const std::vector<adapter::ColumnInfo> columns{{"a_name_longer_than_twenty_characters", ""},
                                                 {"n", ""},
                                                 {"d", ""},
                                                 {"b", ""},
                                                 {"f", ""},
                                                 {"day", ""},
                                                 {"more", ""}};
  const adapter::Date day{19724};
  const std::vector<TableRow> rows{
      {Text{"x"}, int64_t{1234567}, adapter::Decimal{"0.12345"}, true, adapter::Decimal{"2.5"}, day, int64_t{1}},
      {Text{"a text of more than twenty characters"}, int64_t{-12}, adapter::Decimal{"-1000.0625"}, std::monostate{},
       1e20, std::monostate{}, int64_t{2}},
      {Text{"é"}, std::monostate{}, adapter::Decimal{"2.0005"}, false, 0.1, day, int64_t{3}}};
  EXPECT_EQ(AgateText(columns, rows), R"(
| a_name_longer_tha... |         n |           d |     b |                    f |        day | ... |
| -------------------- | --------- | ----------- | ----- | -------------------- | ---------- | --- |
| x                    | 1,234,567 |      0.123… |  True |                  2.5 | 2024-01-02 | ... |
| a text of more th... |       -12 | -1,000.062… |       | 100,000,000,000,0... |            | ... |
| é                    |           |      2.000… | False |                  0.1 | 2024-01-02 | ... |
)"sv.substr(1));
  EXPECT_EQ(AgateText(kColumns, {}), "| id | name |\n| -- | ---- |\n");
}

TEST(JsonRow, KeepsDigitsAndNull) {
  EXPECT_EQ(JsonRow(kColumns, {adapter::Decimal{"12345678901234567890.10"}, std::monostate{}}),
            R"({"id": 12345678901234567890.10, "name": null})");
  EXPECT_EQ(JsonRow(kColumns, kRows[0], 2), "{\n    \"id\": 1,\n    \"name\": \"x\"\n  }");
}

TEST(CsvRow, QuotesWhatNeedsIt) {
  EXPECT_EQ(CsvHeader(kColumns), "id,name\n");
  EXPECT_EQ(CsvRow({int64_t{1}, Text{"a,\"b\""}}), "1,\"a,\"\"b\"\"\"\n");
  EXPECT_EQ(CsvRow({std::monostate{}, Text{""}}), ",\"\"\n");
}

}  // namespace
}  // namespace stir::engine
