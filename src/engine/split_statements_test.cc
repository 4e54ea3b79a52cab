// Statements are found whole, whatever hides a semicolon.
#include <gtest/gtest.h>

#include "engine/sql.h"

namespace stir::engine {
namespace {

std::vector<std::string> Statements(std::string_view text) {
  std::vector<std::string> result;
  for (const StatementRange& range : SplitStatements(text))
    result.emplace_back(text.substr(range.begin, range.end - range.begin));
  return result;
}

using Texts = std::vector<std::string>;

TEST(SplitStatements, EndsAtSemicolons) {
  EXPECT_EQ(Statements("select 1; select 2 ;\n"), (Texts{"select 1", "select 2"}));
  EXPECT_EQ(Statements("select 1"), Texts{"select 1"});
  EXPECT_EQ(Statements(" ;; \n;"), Texts{});
}

TEST(SplitStatements, LeavesStringsWhole) {
  EXPECT_EQ(Statements("select ';', 'it''s;' ; select \"a;b\""), (Texts{"select ';', 'it''s;'", "select \"a;b\""}));
  EXPECT_EQ(Statements("select $$a;b$$; select $x$ ; $$ ; $x$"), (Texts{"select $$a;b$$", "select $x$ ; $$ ; $x$"}));
  EXPECT_EQ(Statements("select $1; select 2"), (Texts{"select $1", "select 2"}));
}

TEST(SplitStatements, LeavesCommentsOut) {
  EXPECT_EQ(Statements("-- a; b\nselect 1 /* ; /* ; */ ; */ + 1; -- end;"), Texts{"select 1 /* ; /* ; */ ; */ + 1"});
  EXPECT_EQ(Statements("/* only ; this */"), Texts{});
}

TEST(SplitStatements, TakesWhatIsNotClosedToTheEnd) {
  EXPECT_EQ(Statements("select 'a; b"), Texts{"select 'a; b"});
  EXPECT_EQ(Statements("select 1 /* ; "), Texts{"select 1"});
}

}  // namespace
}  // namespace stir::engine
