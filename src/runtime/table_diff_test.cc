#include "runtime/table_diff.h"

#include <gtest/gtest.h>

#include "base/strings.h"

namespace stir::runtime {
namespace {

using DiffRows = std::vector<std::vector<std::optional<std::string>>>;

std::string Diff(std::vector<std::string> columns, DiffRows expected, DiffRows actual, bool colors = false) {
  const TableDiff diff = CompareTables({columns, std::move(expected)}, {columns, std::move(actual)}, colors);
  EXPECT_EQ(diff.different, !diff.text.empty());
  return ReplaceAll(diff.text, "\r\n", "\n");
}

TEST(TableDiff, EqualTablesHaveNoText) {
  EXPECT_EQ(Diff({"id"}, {{"1"}, {std::nullopt}}, {{"1"}, {std::nullopt}}), "");
}

TEST(TableDiff, ChangesStandWithTheirNeighbours) {
  EXPECT_EQ(Diff({"id", "name"}, {{"1", "a"}, {"2", "b"}, {"3", "c"}, {"4", "d"}, {"5", "e"}},
                 {{"1", "a"}, {"2", "b"}, {"3", "x"}, {"4", "d"}, {"6", "f"}}),
            "@@ ,id ,name\n"
            "...,...,...\n"
            "   ,2  ,b\n"
            "→  ,3  ,c→x\n"
            "   ,4  ,d\n"
            "+++,6  ,f\n"
            "---,5  ,e\n");
}

TEST(TableDiff, ColumnsFarFromAChangeAreLeftOut) {
  EXPECT_EQ(Diff({"id", "n", "c3", "c4", "c5", "c6", "c7"},
                 {{"1", "3", "x", "y", "w", "q", "2"}, {"2", "1", "x", "y", "w", "q", "4"}},
                 {{"1", "2", "x", "y", "w", "q", "2"}, {"2", "1", "x", "y", "w", "q", "4"}}),
            "@@,id,n  ,c3,...\n"
            "→ ,1 ,3→2,x ,...\n"
            "  ,2 ,1  ,x ,...\n");
}

TEST(TableDiff, TextsThatLookLikeADiffAreToldApart) {
  EXPECT_EQ(Diff({"id", "t"}, {{"1", "a->b"}, {"2", "x y"}}, {{"1", std::nullopt}, {"2", "x  y"}}),
            "@@,id,t\n"
            "→ ,1 ,a->b→NULL\n"
            "→ ,2 ,x y→x ␣y\n");
}

TEST(TableDiff, NothingExpected) { EXPECT_EQ(Diff({"id"}, {}, {{"1"}}), "@@ ,id\n+++,1\n"); }

TEST(TableDiff, Colours) {
  EXPECT_EQ(Diff({"id"}, {}, {{"1"}}, true),
            "\x1b[0;1m@@\x1b[0m \x1b[33m,\x1b[0m\x1b[0;1mid\x1b[0m\n"
            "\x1b[32;1m+++\x1b[0m\x1b[33m,\x1b[0m\x1b[32;1m1\x1b[0m\n");
}

}  // namespace
}  // namespace stir::runtime
