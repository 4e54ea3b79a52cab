#include "project/dbt_version.h"

#include <gtest/gtest.h>

#include <vector>

namespace stir::project {
namespace {

bool Fits(std::vector<std::string> wanted) { return *IsDbtVersion("1.12.6", wanted); }

TEST(DbtVersion, Ranges) {
  EXPECT_TRUE(Fits({}));
  EXPECT_TRUE(Fits({">=1.6.0", "<2.0.0"}));
  EXPECT_TRUE(Fits({">=1.6.0,<2.0.0"}));
  EXPECT_TRUE(Fits({"1.12.6"}));
  EXPECT_TRUE(Fits({">1.12.6-rc1"}));
  EXPECT_FALSE(Fits({">=1.13.0"}));
  EXPECT_FALSE(Fits({"=1.12.5"}));
  EXPECT_FALSE(Fits({">=1.0.0", "<1.12.0"}));
}

TEST(DbtVersion, WhatIsNoneSaysSo) {
  EXPECT_EQ(IsDbtVersion("1.12.6", std::vector<std::string>{">=one"}).error().front().message,
            "`>=one` is no version of dbt");
}

}  // namespace
}  // namespace stir::project
