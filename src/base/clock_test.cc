#include "base/clock.h"

#include <gtest/gtest.h>

namespace stir {
namespace {

std::string Normal(std::string_view text) {
  const auto time = ParseTimestamp(text);
  return time ? FormatTimestamp(*time) : "refused";
}

TEST(Clock, ReadsTheFormsOfATimestamp) {
  EXPECT_EQ(Normal("2026-11-21"), "2026-11-21T00:00:00.000000Z");
  EXPECT_EQ(Normal("2026-11-21 10:00:01"), "2026-11-21T10:00:01.000000Z");
  EXPECT_EQ(Normal("2026-11-21T10:00:01.5Z"), "2026-11-21T10:00:01.500000Z");
  EXPECT_EQ(Normal("2026-11-21T00:30:00+05:30"), "2026-11-20T19:00:00.000000Z");
  EXPECT_EQ(Normal("1969-12-31T23:59:59.999999999-01:00"), "1970-01-01T00:59:59.999999Z");
  for (const char* bad : {"", "2026", "2026-02-30", "2026-13-01", "2026-11-21T", "2026-11-21T10:00",
                          "2026-11-21T25:00:00Z", "2026-11-21T10:00:00Zx", "2026-11-21T10:00:00.Z"}) {
    EXPECT_EQ(Normal(bad), "refused") << bad;
  }
}

TEST(Clock, DurationsRoundTrip) {
  for (const char* text : {"5m", "1h30m", "2d", "2.5s", "250ms", "1.5ms", "7us", "1d1h1m1.001s", "0s"}) {
    const auto duration = ParseDuration(text);
    ASSERT_TRUE(duration) << text;
    EXPECT_EQ(FormatDuration(*duration), text);
  }
  EXPECT_EQ(FormatDuration(*ParseDuration("90s")), "1m30s");
  EXPECT_EQ(FormatDuration(-*ParseDuration("90s")), "-1m30s");
  for (const char* bad : {"", "5", "m", "5 m", "-5m", "5x", "infs", "nans", "99999999999999d", "1h30"}) {
    EXPECT_FALSE(ParseDuration(bad)) << bad;
  }
}

}  // namespace
}  // namespace stir
