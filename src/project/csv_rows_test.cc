#include "project/csv_rows.h"

#include <gtest/gtest.h>

namespace stir::project {
namespace {

std::string Rows(std::string_view text) { return *CsvRows(text).Repr(); }

TEST(CsvRows, AreDictsByTheFirstRow) {
  EXPECT_EQ(Rows("id,name\n1,a\n2,b\n"), "[{'id': '1', 'name': 'a'}, {'id': '2', 'name': 'b'}]");
  EXPECT_EQ(Rows("id\r\n1\r\n"), "[{'id': '1'}]");
  EXPECT_EQ(Rows(""), "[]");
  EXPECT_EQ(Rows("id,name"), "[]");
}

TEST(CsvRows, QuotesAndGaps) {
  EXPECT_EQ(Rows("a,b\n\"x, \"\"y\"\"\nz\",\n\n,2\n"), "[{'a': 'x, \"y\"\\nz', 'b': ''}, {'a': '', 'b': '2'}]");
  EXPECT_EQ(Rows("a,b\n1\n1,2,3,4\n"), "[{'a': '1', 'b': None}, {'a': '1', 'b': '2', None: ['3', '4']}]");
}

}  // namespace
}  // namespace stir::project
