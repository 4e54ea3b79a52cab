#include "runtime/inject_ctes.h"

#include <gtest/gtest.h>

namespace stir::runtime {
namespace {

std::string Inject(std::string sql, std::vector<std::pair<std::string, std::string>> ctes) {
  std::vector<NamedCte> named;
  for (auto& [name, query] : ctes) named.push_back({name, {query, {}}});
  // One piece for all of it, so that what is cut and joined is what was there.
  const auto length = static_cast<uint32_t>(sql.size());
  CompiledNode query{std::move(sql), {{0, Span{SourceId{1}, 0, length}, {}}}};
  for (NamedCte& cte : named)
    cte.query.pieces = {{0, Span{SourceId{2}, 0, static_cast<uint32_t>(cte.query.sql.size())}, {}}};
  return InjectCtes(std::move(query), named).sql;
}

TEST(InjectCtes, NothingToInjectChangesNothing) { EXPECT_EQ(Inject("select 1; select 2", {}), "select 1; select 2"); }

TEST(InjectCtes, GoesBeforeTheFirstToken) {
  EXPECT_EQ(Inject("select * from a", {{"a", "\nselect 1"}}), "with a as (\n\nselect 1\n) select * from a");
  EXPECT_EQ(Inject("-- c1\n/* c2 */ select 1", {{"a", "x"}, {"b", "y"}}),
            "with a as (\nx\n),  b as (\ny\n) -- c1\n/* c2 */ select 1");
  EXPECT_EQ(Inject("\n\n   (select 1)", {{"a", "x"}}), "\n\n   with a as (\nx\n) (select 1)");
}

TEST(InjectCtes, JoinsTheQuerysOwnWith) {
  EXPECT_EQ(Inject("with x as (select 1) select 2", {{"a", "y"}}), "with  a as (\ny\n), x as (select 1) select 2");
  EXPECT_EQ(Inject("WITH\nRECURSIVE x as (s) t", {{"a", "y"}}), "WITH\nRECURSIVE  a as (\ny\n), x as (s) t");
  EXPECT_EQ(Inject("/* c2 */\nwith\n  /* c3 */\n  x as (s) t", {{"a", "y"}}),
            "/* c2 */\nwith\n   a as (\ny\n), /* c3 */\n  x as (s) t");
  EXPECT_EQ(Inject("with\tx as (s) t", {{"a", "y"}}), "with\t a as (\ny\n), x as (s) t");
  EXPECT_EQ(Inject("without_x", {{"a", "y"}}), "with a as (\ny\n) without_x");
}

TEST(InjectCtes, EndsWithTheFirstStatement) {
  EXPECT_EQ(Inject("select ';' from t; -- tail", {{"a", "y"}}), "with a as (\ny\n) select ';' from t;");
  EXPECT_EQ(Inject("select 1 -- a; b\n from t", {{"a", "y"}}), "with a as (\ny\n) select 1 -- a; b\n from t");
}

TEST(InjectCtes, KeepsThePlaces) {
  CompiledNode query{"with x as (s) t", {{0, Span{SourceId{1}, 10, 25}, {}}}};
  const std::vector<NamedCte> ctes{{"a", {"yy", {{0, Span{SourceId{2}, 3, 5}, {}}}}}};
  const CompiledNode result = InjectCtes(std::move(query), ctes);
  ASSERT_EQ(result.sql, "with  a as (\nyy\n), x as (s) t");
  ASSERT_EQ(result.pieces.size(), 6u);
  EXPECT_EQ(result.pieces[0].span, (Span{SourceId{1}, 10, 15}));
  EXPECT_EQ(result.pieces[2].span, (Span{SourceId{2}, 3, 5}));
  EXPECT_EQ(result.sql.substr(result.pieces[2].begin, 2), "yy");
  EXPECT_EQ(result.pieces[5].span, (Span{SourceId{1}, 15, 25}));
}

}  // namespace
}  // namespace stir::runtime
