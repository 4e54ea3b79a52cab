// Golden cases: each file of tests/cases is a small project, commands run in it by the real binary, and what they must
// say.
//
//   What the case shows, in a few lines.
//   --- models/a.sql              a file of the project
//   >>> stir build                a command, run by the shell in the project's folder
//   <<< exit 1                    its exit code, when it is not 0
//   <<< stdout                    what it must print; a section that is left out means nothing at all
//   <<< stderr
//   <<< file target/run_results.json   what a file must hold after it
//
// A case without dbt_project.yml or profiles.yml gets plain ones: a project named `case` on a DuckDB file with one
// thread. Times, versions and the folder are normalised before comparing. `--accept` rewrites what the commands say;
// read the difference.
// `--stir=PATH` runs another binary. A case is named err_* exactly when one of its commands is expected to fail.
#include <gtest/gtest.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>

#include "base/clock.h"
#include "base/process.h"
#include "base/strings.h"

namespace stir {
namespace {

namespace fs = std::filesystem;

struct Settings {
  fs::path stir = STIR_BINARY;
  bool accept = false;
} settings;  // from the command line, before any test runs

struct Section {
  std::string head;  // without its marker
  std::string body;
};

struct Command {
  std::string line;
  int exit = 0;
  std::string out, err;
  std::vector<Section> files;
};

struct Case {
  std::string intro;
  std::vector<Section> files;
  std::vector<Command> commands;
};

std::string ReadFile(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

void WriteFile(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::vector<Section> SplitSections(const std::string& text) {
  std::vector<Section> sections{{"", ""}};
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::string_view mark = std::string_view(line).substr(0, 4);
    if (mark == "--- " || mark == ">>> " || mark == "<<< ") {
      sections.push_back({line, ""});
    } else {
      sections.back().body += line + "\n";
    }
  }
  return sections;
}

// Bodies end where the next section begins; empty lines before it belong to neither.
std::string WithoutGap(std::string body) {
  while (body == "\n" || body.ends_with("\n\n")) body.pop_back();
  return body;
}

Case ParseCase(const std::string& text) {
  Case parsed;
  for (Section& section : SplitSections(text)) {
    const std::string rest = section.head.size() > 4 ? section.head.substr(4) : "";
    if (section.head.empty()) {
      parsed.intro = section.body;
    } else if (section.head.starts_with("--- ")) {
      parsed.files.push_back({rest, WithoutGap(section.body)});
    } else if (section.head.starts_with(">>> ")) {
      parsed.commands.push_back({rest, 0, "", "", {}});
    } else if (parsed.commands.empty()) {
      ADD_FAILURE() << "`" << section.head << "` stands before any command";
    } else if (rest.starts_with("exit ")) {
      parsed.commands.back().exit = std::atoi(rest.c_str() + 5);
    } else if (rest == "stdout") {
      parsed.commands.back().out = WithoutGap(section.body);
    } else if (rest == "stderr") {
      parsed.commands.back().err = WithoutGap(section.body);
    } else if (rest.starts_with("file ")) {
      parsed.commands.back().files.push_back({rest.substr(5), WithoutGap(section.body)});
    } else {
      ADD_FAILURE() << "unknown section `" << section.head << "`";
    }
  }
  return parsed;
}

std::string FormatCase(const Case& shown) {
  std::string text = shown.intro;
  const auto add = [&](std::string_view head, std::string_view body) { text += fmt::format("{}\n{}\n", head, body); };
  for (const Section& file : shown.files) add("--- " + file.head, file.body);
  for (const Command& command : shown.commands) {
    text += ">>> " + command.line + "\n";
    if (command.exit != 0) text += fmt::format("<<< exit {}\n", command.exit);
    if (command.out.empty() && command.err.empty() && command.files.empty()) text += "\n";
    if (!command.out.empty()) add("<<< stdout", command.out);
    if (!command.err.empty()) add("<<< stderr", command.err);
    for (const Section& file : command.files) add("<<< file " + file.head, file.body);
  }
  while (text.ends_with("\n\n")) text.pop_back();
  return text;
}

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

constexpr std::string_view kProject = "name: case\nversion: \"1.0\"\nprofile: case\n";
constexpr std::string_view kProfiles =
    "case:\n  target: dev\n  outputs:\n    dev: {type: duckdb, path: case.duckdb, threads: 1}\n";

// A folder that goes when the test has passed, and stays to be looked at when it has not.
class Workplace {
 public:
  explicit Workplace(std::string_view name)
      : root_(fs::temp_directory_path() / fmt::format("stir-case-{}-{}", getpid(), name)) {
    fs::remove_all(root_);
    fs::create_directories(root_ / "bin");
    fs::create_directories(root_ / "project");
    fs::create_symlink(fs::canonical(settings.stir), root_ / "bin/stir");
    fs::create_symlink(fs::canonical(settings.stir), root_ / "bin/dbt");
  }
  ~Workplace() {
    if (!testing::Test::HasFailure()) fs::remove_all(root_);
  }
  Workplace(const Workplace&) = delete;
  Workplace& operator=(const Workplace&) = delete;

  fs::path project() const { return root_ / "project"; }

  void Fill(const Case& shown) const {
    WriteFile(project() / "dbt_project.yml", kProject);
    WriteFile(project() / "profiles.yml", kProfiles);
    for (const Section& file : shown.files) {
      if (file.head.starts_with("-")) {
        fs::remove(project() / file.head.substr(1));  // "--- -profiles.yml": there is none
      } else {
        WriteFile(project() / file.head, file.body);
      }
    }
  }

  Command Run(const Command& expected) const {
    Command actual{expected.line, 0, "", "", {}};
    ProcessSpec spec;
    spec.argv = {"/bin/bash", "-c", expected.line};
    spec.directory = project().string();
    spec.environment = {{"PATH", (root_ / "bin").string() + ":/usr/bin:/bin"},
                        {"HOME", root_.string()},
                        {"TZ", "UTC"},
                        {"LC_ALL", "C.UTF-8"},
                        {"NO_COLOR", "1"},
                        {"DBT_PROFILES_DIR", ""},
                        {"DBT_PROJECT_DIR", ""}};
    spec.timeout = std::chrono::seconds(60);
    auto result = RunProcess(spec, [&](Stream stream, std::string_view line) {
      (stream == Stream::kOut ? actual.out : actual.err).append(line).append("\n");
    });
    EXPECT_TRUE(result.ok()) << expected.line;
    if (!result.ok()) return actual;
    EXPECT_EQ(result->end, ProcessResult::End::kExited) << expected.line << " did not end by itself";
    actual.exit = result->code;
    actual.out = Normalised(std::move(actual.out), project());
    actual.err = Normalised(std::move(actual.err), project());
    for (const Section& file : expected.files) {
      const fs::path path = project() / file.head;
      actual.files.push_back(
          {file.head, fs::exists(path) ? Normalised(ReadFile(path), project()) : "(there is no such file)\n"});
    }
    return actual;
  }

 private:
  const fs::path root_;
};

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

std::vector<std::string> CaseNames() {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(CasesFolder())) {
    if (entry.path().extension() == ".case")
      names.push_back(fs::relative(entry.path(), CasesFolder()).replace_extension().string());
  }
  std::ranges::sort(names);
  return names;
}

class CasesTest : public testing::TestWithParam<std::string> {};

TEST_P(CasesTest, SaysWhatItMust) {
  const fs::path path = CasesFolder() / (GetParam() + ".case");
  const Case expected = ParseCase(ReadFile(path));
  ASSERT_FALSE(expected.commands.empty()) << path << " runs no command";
  const Workplace place(ReplaceAll(GetParam(), "/", "-"));
  place.Fill(expected);
  Case actual = expected;
  for (Command& command : actual.commands) command = place.Run(command);

  const bool fails = std::ranges::any_of(actual.commands, [](const Command& command) { return command.exit != 0; });
  EXPECT_EQ(fails, path.filename().string().starts_with("err_"))
      << "a case is named err_* exactly when a command fails";
  if (settings.accept) {
    WriteFile(path, FormatCase(actual));
    return;
  }
  for (size_t i = 0; i < expected.commands.size(); ++i) Compare(expected.commands[i], actual.commands[i]);
  if (HasFailure())
    std::cerr << "if this is right: cases_test --accept --gtest_filter='*" << ReplaceAll(GetParam(), "/", "_")
              << "*'\n";
}

INSTANTIATE_TEST_SUITE_P(Golden, CasesTest, testing::ValuesIn(CaseNames()), [](const auto& each) {
  std::string name = each.param;
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
});
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
