#include "engine/warning_policy.h"

#include <gtest/gtest.h>

namespace stir::engine {
namespace {

WarningPolicy Parsed(std::string_view yaml) {
  SourceMap sources;
  auto policy = ParseWarningPolicy(yaml, sources);
  EXPECT_TRUE(policy.ok()) << yaml;
  return policy.ok() ? *policy : WarningPolicy{};
}

std::string MessageOf(std::string_view yaml) {
  SourceMap sources;
  auto policy = ParseWarningPolicy(yaml, sources);
  return policy.ok() ? "" : policy.error().front().message;
}

TEST(WarningPolicyTest, NothingGivenWarns) {
  EXPECT_EQ(Parsed("").For("NothingToDo", "Q035"), Treatment::kWarn);
  EXPECT_EQ(Parsed("{}").For("NothingToDo", "Q035"), Treatment::kWarn);
}

TEST(WarningPolicyTest, ListedNamesCountMoreThanAll) {
  const WarningPolicy policy = Parsed("{error: all, warn: [NothingToDo], silence: [NoNodesSelected]}");
  EXPECT_EQ(policy.For("LogTestResult", "Q007"), Treatment::kError);
  EXPECT_EQ(policy.For("NothingToDo", "Q035"), Treatment::kWarn);
  EXPECT_EQ(policy.For("NoNodesSelected", "Q038"), Treatment::kSilence);
}

TEST(WarningPolicyTest, SilenceBeatsWarnBeatsError) {
  const WarningPolicy policy = Parsed("{error: all, warn: [NothingToDo], silence: [NothingToDo]}");
  EXPECT_EQ(policy.For("NothingToDo", "Q035"), Treatment::kSilence);
}

TEST(WarningPolicyTest, DeprecationsAreAGroup) {
  const WarningPolicy policy = Parsed("{error: [Deprecations], warn: [DuplicateYAMLKeysDeprecation]}");
  EXPECT_EQ(policy.For("CustomKeyInConfigDeprecation", "D026"), Treatment::kError);
  EXPECT_EQ(policy.For("DuplicateYAMLKeysDeprecation", "D024"), Treatment::kWarn);
  EXPECT_EQ(policy.For("NothingToDo", "Q035"), Treatment::kWarn);
}

TEST(WarningPolicyTest, WhatDbtDoesNotWarnOfFailsOnlyByName) {
  EXPECT_EQ(Parsed("{error: all}").For("StirWarning", "S001"), Treatment::kWarn);
  EXPECT_EQ(Parsed("{error: [StirWarning]}").For("StirWarning", "S001"), Treatment::kError);
}

TEST(WarningPolicyTest, OldNamesOfTheKeys) {
  const WarningPolicy policy = Parsed("{include: '*', exclude: [NothingToDo]}");
  EXPECT_EQ(policy.For("NothingToDo", "Q035"), Treatment::kWarn);
  EXPECT_EQ(policy.For("LogTestResult", "Q007"), Treatment::kError);
}

TEST(WarningPolicyTest, Mistakes) {
  EXPECT_EQ(MessageOf("{error: [NoSuchEvent]}"), "NoSuchEvent is not a valid dbt error name.");
  EXPECT_EQ(MessageOf("{errors: all}"), "`errors` is not a key of warn-error-options");
  EXPECT_EQ(MessageOf("[1]"), "warn-error-options has to be a mapping");
  EXPECT_EQ(MessageOf("{error: some}"), "a list of event names belongs here");
  EXPECT_TRUE(MessageOf("{warn: [NothingToDo]}").starts_with("`warn` can only be specified if"));
}

}  // namespace
}  // namespace stir::engine
