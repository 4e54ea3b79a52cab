#include "cli/dot_env.h"

#include <gtest/gtest.h>

namespace stir::cli {
namespace {

using Variables = std::map<std::string, std::string>;

Variables Read(std::string_view text, Variables environment = {}) {
  AddDotEnv(text, environment);
  return environment;
}

TEST(DotEnvTest, PlainLinesCommentsAndExport) {
  EXPECT_EQ(Read("# first\nA=1\n\n  export B = two words # not this\nC=a#b\n"),
            (Variables{{"A", "1"}, {"B", "two words"}, {"C", "a#b"}}));
}

TEST(DotEnvTest, Quotes) {
  EXPECT_EQ(Read("A='x $Y ${Z}'\nB=\"line\\nnext \\\"q\\\"\" # comment\nC=\"two\nlines\"\nD=\n"),
            (Variables{{"A", "x $Y ${Z}"}, {"B", "line\nnext \"q\""}, {"C", "two\nlines"}, {"D", ""}}));
}

TEST(DotEnvTest, WhatTheShellHasStays) {
  EXPECT_EQ(Read("A=file\nB=${A}\n", {{"A", "shell"}}), (Variables{{"A", "shell"}, {"B", "shell"}}));
}

TEST(DotEnvTest, ValuesKnownByThen) {
  EXPECT_EQ(Read("A=1\nB=${A}${NONE}-${NONE:-other}\nC=${open\n"),
            (Variables{{"A", "1"}, {"B", "1-other"}, {"C", "${open"}}));
}

TEST(DotEnvTest, LinesThatSetNothingAreSkipped) {
  EXPECT_EQ(Read("\xEF\xBB\xBF"
                 "A=1\r\nnonsense\n=x\nB=2"),
            (Variables{{"A", "1"}, {"B", "2"}}));
}

}  // namespace
}  // namespace stir::cli
