// The command line, and the layers below it.
#include "cli/arguments.h"

#include <gtest/gtest.h>

namespace stir::cli {
namespace {

using Texts = std::vector<std::string>;

Result<CommandLine> ParseWords(Texts words) { return ParseCommandLine(std::move(words), false); }

TEST(CommandLine, TakesGlobalOptionsOnBothSides) {
  auto line =
      ParseWords({"--target", "prod", "build", "-s", "a", "b+", "--exclude", "c", "-x", "--no-write-json", "-q"});
  ASSERT_TRUE(line.ok());
  const Arguments& arguments = *line->arguments;
  EXPECT_EQ(arguments.command().name, "build");
  EXPECT_EQ(arguments.Text("target"), "prod");
  EXPECT_EQ(arguments.List("select"), (Texts{"a", "b+"}));
  EXPECT_EQ(arguments.List("exclude"), Texts{"c"});
  EXPECT_TRUE(arguments.Flag("fail-fast"));
  EXPECT_TRUE(arguments.Flag("quiet"));
  EXPECT_FALSE(arguments.Flag("write-json"));
  EXPECT_FALSE(arguments.Flag("debug"));
}

TEST(CommandLine, KnowsDbtsSpellings) {
  auto line = ParseWords(
      {"ls", "--models", "a", "-m", "run", "--output", "json", "--output-keys", "name", "config.materialized"});
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->arguments->command().name, "list");
  EXPECT_EQ(line->arguments->List("select"), (Texts{"a", "run"}));
  EXPECT_EQ(line->arguments->Text("list-output"), "json");
  EXPECT_EQ(line->arguments->List("output-keys"), (Texts{"name", "config.materialized"}));
}

TEST(CommandLine, KeepsNegativeNumbersAndPositionals) {
  auto line = ParseWords({"show", "-s", "a", "--limit", "-1"});
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->arguments->Integer("limit"), -1);
  line = ParseWords({"sql", "select -1", "-o", "csv"});
  ASSERT_TRUE(line.ok());
  EXPECT_EQ(line->arguments->Positional(0), "select -1");
}

TEST(CommandLine, RefusesWithWhatIsMeant) {
  auto line = ParseWords({"buid"});
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.error().front().message, "no such command `buid`");
  EXPECT_EQ(line.error().front().hint, "did you mean `build`?");
  line = ParseWords({"build", "--ful-refresh"});
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.error().front().message, "no such option `--ful-refresh`");
  line = ParseWords({"build", "--threads", "many"});
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.error().front().message, "`many` is not a value of `--threads`");
  line = ParseWords({"build", "stray"});
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.error().front().message, "unexpected argument `stray`");
  line = ParseWords({"build", "--target"});
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.error().front().message, "`--target` needs a value");
  line = ParseWords({"pipeline", "run"});
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.error().front().message, "`pipeline run` needs NAME");
}

TEST(CommandLine, SaysWhatIsNotBuilt) {
  const auto line = ParseWords({"build", "--sample", "3 days"});
  ASSERT_FALSE(line.ok());
  EXPECT_EQ(line.error().front().message, "`--sample` is not built yet");
  EXPECT_TRUE(ParseWords({"build", "--no-defer", "--no-partial-parse", "--no-static-parser"}).ok());
}

TEST(CommandLine, HidesItsOwnCommandsFromDbt) {
  EXPECT_FALSE(ParseCommandLine({"sql", "select 1"}, true).ok());
  EXPECT_TRUE(ParseCommandLine({"build"}, true).ok());
}

TEST(Layers, CommandLineBeatsEnvironmentBeatsProject) {
  auto line = ParseWords({"build", "--printer-width", "100"});
  ASSERT_TRUE(line.ok());
  Arguments& arguments = *line->arguments;
  ASSERT_TRUE(AddEnvironment(arguments, {{"DBT_PRINTER_WIDTH", "90"},
                                         {"DBT_FAIL_FAST", "1"},
                                         {"DBT_ENGINE_TARGET", "ci"},
                                         {"DBT_TARGET", "dev"},
                                         {"DBT_SELECT", "ignored"}})
                  .ok());
  ASSERT_TRUE(AddProjectFlags(arguments, "flags:\n  fail_fast: false\n  warn_error: true\n  unknown: 1\n").ok());
  EXPECT_EQ(arguments.Integer("printer-width"), 100);
  EXPECT_TRUE(arguments.Flag("fail-fast"));
  EXPECT_TRUE(arguments.Flag("warn-error"));
  EXPECT_EQ(arguments.Text("target"), "ci");
  EXPECT_TRUE(arguments.List("select").empty());
}

TEST(Layers, AWrongVariableIsNamed) {
  auto line = ParseWords({"build"});
  ASSERT_TRUE(line.ok());
  const Status status = AddEnvironment(*line->arguments, {{"DBT_LOG_FORMAT", "xml"}});
  ASSERT_FALSE(status.ok());
  EXPECT_EQ(status.error().front().message, "`xml` is not a value of `DBT_LOG_FORMAT`");
}

}  // namespace
}  // namespace stir::cli
