// Golden cases: each file of tests/cases is a small project, commands run in it by the real binary, and what they must
// say (tests/support/case_file.h). Times, versions and the folder are normalised before comparing. `--accept` rewrites
// what the commands say; read the difference. `--stir=PATH` runs another binary. A case is named err_* exactly when one
// of its commands is expected to fail.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <regex>

#include "base/clock.h"
#include "base/strings.h"
#include "tests/support/workplace.h"

namespace stir {
namespace {

namespace fs = std::filesystem;
using namespace testing_support;  // NOLINT(google-build-using-namespace): the words of this file

struct Settings {
  fs::path stir = STIR_BINARY;
  bool accept = false;
} settings;  // from the command line, before any test runs

std::string DaysAgo(int days) { return FormatTimestamp(SystemClock().Now() - std::chrono::days(days)).substr(0, 10); }

// What differs from run to run or from machine to machine gets a name instead.
std::string Normalised(std::string text, const fs::path& folder) {
  text = ReplaceAll(text, fs::canonical(folder).string(), "PROJECT");
  text = ReplaceAll(text, fs::canonical(folder.parent_path()).string(), "HOME");
  static const std::vector<std::pair<std::regex, std::string>> kRules = {
      {std::regex(R"(\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z?)"), "TIMESTAMP"},
      {std::regex(R"((^|\n)\d\d:\d\d:\d\d  )"), "$1TIME  "},
      {std::regex(R"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"), "UUID"},
      {std::regex(R"( (in|after) \d+\.\d+s)"), " $1 TIMEs"},
      {std::regex(R"(\| \d+\.\d\ds \|)"), "| 0.00s |"},
      {std::regex(R"(\b)" + DaysAgo(0) + R"( \d\d:\d\d:\d\d\b)"), "yyyy-mm-dd hh:mm:ss"},
      {std::regex(R"(\b)" + DaysAgo(1) + R"( 00:00:00\b)"), "the day before    "},
      {std::regex(R"(\d+ hours \d+ minutes and \d+\.\d+ seconds \(\d+\.\d+s\))"), "TIME"},
      {std::regex(R"(stir=\d+\.\d+\.\d+)"), "stir=VERSION"},
      {std::regex(R"(\b\d+ macros)"), "N macros"},
      {std::regex(R"re("(execution_time|elapsed|elapsed_time)": ?\d+(\.\d+)?(e-\d+)?)re"), "\"$1\": TIME"},
      {std::regex(R"(\b(pid|process) \d+)"), "$1 PID"},
      {std::regex(R"(os info: .*)"), "os info: OS"},
  };
  for (const auto& [pattern, name] : kRules) text = std::regex_replace(text, pattern, name);
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
  return WithoutGap(std::move(text));
}

Workplace PlaceOf(std::string_view name) { return Workplace(name, {{"stir", settings.stir}, {"dbt", settings.stir}}); }

Command Play(const Command& expected, const Workplace& place) {
  const Workplace::Said said = place.Run(expected.line);
  Command actual{
      expected.line, said.exit, Normalised(said.out, place.project()), Normalised(said.err, place.project()), {}};
  for (const Section& file : expected.files) {
    const fs::path path = place.project() / file.head;
    actual.files.push_back(
        {file.head, fs::exists(path) ? Normalised(ReadFile(path), place.project()) : "(there is no such file)\n"});
  }
  return actual;
}

void Compare(const Command& expected, const Command& actual) {
  const std::string what = "after: " + expected.line;
  EXPECT_EQ(expected.exit, actual.exit) << what << "\nstderr:\n" << actual.err << "stdout:\n" << actual.out;
  EXPECT_EQ(expected.out, actual.out) << what;
  EXPECT_EQ(expected.err, actual.err) << what;
  for (size_t i = 0; i < expected.files.size(); ++i) {
    EXPECT_EQ(expected.files[i].body, actual.files[i].body) << what << "\nfile: " << expected.files[i].head;
  }
}

fs::path CasesFolder() { return fs::path(STIR_SOURCE_DIR) / "tests/cases"; }

class CasesTest : public testing::TestWithParam<std::string> {};

TEST_P(CasesTest, SaysWhatItMust) {
  const fs::path path = CasesFolder() / (GetParam() + ".case");
  const Case expected = ParseCase(ReadFile(path));
  ASSERT_FALSE(expected.commands.empty()) << path << " runs no command";
  const Workplace place = PlaceOf(GetParam());
  place.Fill(expected);
  Case actual = expected;
  for (Command& command : actual.commands) command = Play(command, place);

  const bool fails = std::ranges::any_of(actual.commands, [](const Command& command) { return command.exit != 0; });
  EXPECT_EQ(fails, path.filename().string().starts_with("err_"))
      << "a case is named err_* exactly when a command fails";
  if (settings.accept) {
    WriteFile(path, FormatCase(actual));
    return;
  }
  for (size_t i = 0; i < expected.commands.size(); ++i) Compare(expected.commands[i], actual.commands[i]);
  if (HasFailure())
    std::cerr << "if this is right: cases_test --accept --gtest_filter='*" << TestName(GetParam()) << "*'\n";
}

INSTANTIATE_TEST_SUITE_P(Golden, CasesTest, testing::ValuesIn(CaseNames(CasesFolder())),
                         [](const auto& each) { return TestName(each.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(CasesTest);

}  // namespace
}  // namespace stir

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--accept") stir::settings.accept = true;
    if (word.starts_with("--stir=")) stir::settings.stir = word.substr(7);
  }
  return RUN_ALL_TESTS();
}
