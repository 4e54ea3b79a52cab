#include "engine/definition_files.h"

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"

namespace stir::engine {
namespace {

TEST(DefinitionFiles, AWrongFileGoesBackToItsLastGoodVersionAndTheOthersStay) {
  const DefinitionTexts good{{"a.yml", "a1"}, {"b.yml", "b1"}};
  DefinitionTexts tried{{"a.yml", "a2"}, {"b.yml", "b1"}, {"c.yml", "c1"}};
  // b only misses what the new a does not give.
  ASSERT_TRUE(StepBack(tried, {"a.yml", "b.yml"}, good));
  EXPECT_EQ(tried, (DefinitionTexts{{"a.yml", "a1"}, {"b.yml", "b1"}, {"c.yml", "c1"}}));
}

TEST(DefinitionFiles, AFileThatWasNeverGoodIsLeftOut) {
  DefinitionTexts tried{{"a.yml", "a1"}, {"b.yml", "b1"}};
  ASSERT_TRUE(StepBack(tried, {"b.yml"}, {{"a.yml", "a1"}}));
  EXPECT_EQ(tried, (DefinitionTexts{{"a.yml", "a1"}, {"b.yml", std::nullopt}}));
  // Good once, wrong now: what it stands on has changed.
  ASSERT_TRUE(StepBack(tried, {"a.yml"}, {{"a.yml", "a1"}}));
  EXPECT_EQ(tried.at("a.yml"), std::nullopt);
  EXPECT_FALSE(StepBack(tried, {"a.yml", "b.yml"}, {{"a.yml", "a1"}}));
}

TEST(DefinitionFiles, TheLastGoodVersionsSurviveTheirProcess) {
  test::TempFolder folder;
  GoodDefinitions good(SystemFiles(), folder.path() / "good");
  ASSERT_TRUE(good.Load().ok());
  ASSERT_TRUE(good.Keep({{"a.yml", "a1"}, {"deep/b.yml", "b1"}}).ok());
  ASSERT_TRUE(good.Keep({{"a.yml", "a2"}, {"deep/b.yml", std::nullopt}}).ok());
  GoodDefinitions again(SystemFiles(), folder.path() / "good");
  ASSERT_TRUE(again.Load().ok());
  EXPECT_EQ(again.texts(), (DefinitionTexts{{"a.yml", "a2"}, {"deep/b.yml", "b1"}}));
  ASSERT_TRUE(again.Keep({{"a.yml", "a2"}}).ok());
  EXPECT_FALSE(SystemFiles().Exists(folder.path() / "good" / "deep/b.yml")) << "its file is gone";
}

}  // namespace
}  // namespace stir::engine
