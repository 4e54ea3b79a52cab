// Events as lines.
#include <gtest/gtest.h>

#include "cli/sinks.h"

namespace stir::cli {
namespace {

const Timestamp kTime{std::chrono::microseconds(45'296'000'789)};  // 12:34:56.000789

std::string Line(const Event& event, const LineStyle& style = {}) { return FormatLine(event, style, kTime, "some-id"); }

TEST(FormatLine, IsDbtsTextLine) {
  EXPECT_EQ(Line({"Q011", "LogStartLine", Level::kInfo, "1 of 2 START x [RUN]"}), "12:34:56  1 of 2 START x [RUN]\n");
  EXPECT_EQ(Line({"Z017", "Formatting", Level::kInfo, ""}), "12:34:56  \n");
  EXPECT_EQ(Line({"Q024", "NodeStart", Level::kDebug, "Began"}), "");
}

TEST(FormatLine, ShowsAnswersBareAndWhenQuiet) {
  const Event answer{"Z052", "PrintEvent", Level::kInfo, "shop.a"};
  EXPECT_EQ(Line(answer), "shop.a\n");
  EXPECT_EQ(Line(answer, {.quiet = true}), "shop.a\n");
  EXPECT_EQ(Line(answer, {.prints = false}), "");
  EXPECT_EQ(Line({"Q011", "LogStartLine", Level::kInfo, "x"}, {.quiet = true}), "");
  EXPECT_EQ(Line({"Z022", "RunResultFailure", Level::kError, "x"}, {.quiet = true}), "12:34:56  x\n");
}

TEST(FormatLine, HasADebugForm) {
  EXPECT_EQ(Line({"Q024", "NodeStart", Level::kWarn, "Began"}, {.format = LineFormat::kDebug}),
            "12:34:56.000789 [warn ] [MainThread]: Began\n");
}

TEST(FormatLine, HasAJsonForm) {
  const std::string line =
      Line({"Z023", "StatsLine", Level::kInfo, "Done.", R"({"stats": {}})"}, {.format = LineFormat::kJson});
  EXPECT_TRUE(line.starts_with(R"({"data":{"stats": {}},"info":{"category":"","code":"Z023")")) << line;
  EXPECT_NE(line.find(R"("name":"StatsLine")"), line.npos) << line;
}

TEST(Colored, ColoursTheStateAndNotTheTime) {
  EXPECT_EQ(Colored({"Q012", "LogModelResult", Level::kInfo, "1 of 1 OK x [OK in 0.05s]"}),
            "1 of 1 OK x [\x1b[32mOK\x1b[0m in 0.05s]");
  EXPECT_EQ(Colored({"Q012", "LogModelResult", Level::kError, "x [ERROR in 0.05s]"}),
            "x [\x1b[31mERROR\x1b[0m in 0.05s]");
  EXPECT_EQ(Colored({"Q011", "LogStartLine", Level::kInfo, "x [RUN]"}), "x [RUN]");
  EXPECT_EQ(Colored({"M030", "X", Level::kWarn, "[WARNING]: x"}), "[\x1b[33mWARNING\x1b[0m]: x");
}

}  // namespace
}  // namespace stir::cli
