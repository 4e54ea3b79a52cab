#include "base/strings.h"

#include <gtest/gtest.h>

#include "base/utf8.h"

namespace stir {
namespace {

TEST(Strings, SplitKeepsEmptyParts) {
  EXPECT_EQ(Split("a,,b", ','), (std::vector<std::string_view>{"a", "", "b"}));
  EXPECT_EQ(Split("", ','), (std::vector<std::string_view>{""}));
}

TEST(Strings, ReplaceAllDoesNotLookAtWhatItWrote) { EXPECT_EQ(ReplaceAll("aaa", "a", "aa"), "aaaaaa"); }

TEST(Strings, GlobsFollowFnmatch) {
  EXPECT_TRUE(MatchesGlob("stg_orders", "stg_*"));
  EXPECT_TRUE(MatchesGlob("a/b/c.sql", "a*.sql"));
  EXPECT_TRUE(MatchesGlob("file1", "file[0-9]"));
  EXPECT_FALSE(MatchesGlob("file1", "file[!0-9]"));
  EXPECT_TRUE(MatchesGlob("a]b", "a[]]b"));
  EXPECT_TRUE(MatchesGlob("a[b", "a[b"));
  EXPECT_TRUE(MatchesGlob("a^", "a[^]"));
  EXPECT_TRUE(MatchesGlob("-", "[a-]"));
  EXPECT_FALSE(MatchesGlob("b", "[c-a]"));
  EXPECT_TRUE(MatchesGlob("é", "?"));
  EXPECT_TRUE(MatchesGlob("", "**"));
  EXPECT_FALSE(MatchesGlob("", "?"));
  EXPECT_TRUE(MatchesGlob(std::string(3000, 'a') + "b", "*a*a*a*b"));
  EXPECT_FALSE(MatchesGlob("orders", "order"));
}

TEST(Strings, SuggestsOnlyWhatIsNear) {
  const std::vector<std::string> names = {"stg_orders", "customers", "id"};
  EXPECT_EQ(DidYouMean("stg_order", names), "did you mean `stg_orders`?");
  EXPECT_EQ(DidYouMean("CUSTOMERS", names), "did you mean `customers`?");
  EXPECT_EQ(DidYouMean("payments", names), "");
  EXPECT_EQ(DidYouMean("x", names), "");
  EXPECT_EQ(DidYouMean("", names), "");
}

TEST(Utf8, IsStrict) {
  EXPECT_TRUE(IsUtf8("plain text of more than eight bytes, é 日本 😀"));
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xE2\x82", "12345678\xFF", "\x80"}) {
    EXPECT_FALSE(IsUtf8(bad));
  }
}

TEST(Utf8, RoundTrips) {
  for (char32_t c : {U'a', U'é', U'€', U'😀'}) {
    std::string text;
    AppendUtf8(text, c);
    EXPECT_EQ(DecodeUtf8(text, 0).value, c);
    EXPECT_EQ(DecodeUtf8(text, 0).length, text.size());
  }
  EXPECT_EQ(CountCodePoints("é日😀"), 3u);
  EXPECT_EQ(DisplayWidth(U'日'), 2);
  EXPECT_EQ(DisplayWidth(0x0301), 0);
}

}  // namespace
}  // namespace stir
