#include "project/ignore_rules.h"

#include <gtest/gtest.h>

namespace stir::project {
namespace {

TEST(IgnoreRules, PatternsOfGitignore) {
  const IgnoreRules rules("# drafts\n*_draft.sql\n\nmodels/old/\n/seeds/big.csv\nmodels/**/tmp.sql\n!keep_draft.sql\n");
  EXPECT_TRUE(rules.Ignores("models/a_draft.sql"));
  EXPECT_TRUE(rules.Ignores("models/old/deep/a.sql"));
  EXPECT_TRUE(rules.Ignores("seeds/big.csv"));
  EXPECT_TRUE(rules.Ignores("models/a/b/tmp.sql"));
  EXPECT_TRUE(rules.Ignores("models/tmp.sql"));
  EXPECT_FALSE(rules.Ignores("models/keep_draft.sql"));
  EXPECT_FALSE(rules.Ignores("models/old"));
  EXPECT_FALSE(rules.Ignores("other/seeds/big.csv"));
  EXPECT_FALSE(IgnoreRules().Ignores("a.sql"));
}

}  // namespace
}  // namespace stir::project
