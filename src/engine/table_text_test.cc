// Rows as tables, JSON and CSV.
#include "engine/table_text.h"

#include <gtest/gtest.h>

namespace stir::engine {
namespace {

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
