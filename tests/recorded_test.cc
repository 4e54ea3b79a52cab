// dbt's own behaviour as a test. Each file of tests/oracle/cases is a small project and commands called as `dbt`;
// tests/oracle/recorded holds what dbt itself did with it: exit code, terminal, events, artifacts, compiled SQL,
// relations and rows (tests/support/facts.h). stir has to do the same, or docs/differences.md says why not, or
// tests/oracle/gaps when.
//
//   recorded_test [--gtest_filter='*name*']      stir against the records; --all shows all that differs, not the first
//   60 recorded_test --dbt=PROGRAM [--accept]       dbt against the records, or: records what dbt does recorded_test
//   --defaults                     records anew what entries usually are, and the rest without them
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>

#include "base/process.h"
#include "base/strings.h"
#include "tests/support/compatibility.h"
#include "tests/support/differences.h"
#include "tests/support/observe.h"

namespace stir {
namespace {

namespace fs = std::filesystem;
using namespace testing_support;  // NOLINT(google-build-using-namespace): the words of this file

struct Settings {
  fs::path program = STIR_BINARY;
  bool is_dbt = false, accept = false, defaults = false, compatibility = false;
  fs::path project;  // to compare both programs in; empty: the cases
  std::vector<std::string> commands;
  fs::path artifacts;      // where to keep what each command wrote; empty: nowhere
  size_t most_shown = 60;  // differences of a command
} settings;                // from the command line, before any test runs

fs::path Source(std::string_view path) { return fs::path(STIR_SOURCE_DIR) / path; }
fs::path CasesFolder() { return Source("tests/oracle/cases"); }
fs::path RecordOf(std::string_view name) { return Source("tests/oracle/recorded") / (std::string(name) + ".txt"); }
bool IsLarge(std::string_view name) { return name.starts_with("large/"); }
fs::path DefaultsFile() { return Source("tests/oracle/recorded/defaults"); }

// The file of a case; one that is played on PostgreSQL too is named postgres/<its name>.
fs::path FileOf(std::string_view name) {
  const fs::path own = CasesFolder() / (std::string(name) + ".case");
  constexpr std::string_view kPostgres = "postgres/";
  return fs::exists(own) || !name.starts_with(kPostgres)
             ? own
             : CasesFolder() / (std::string(name.substr(kPostgres.size())) + ".case");
}

std::vector<std::string> AllCases() {
  std::vector<std::string> names = CaseNames(CasesFolder());
  const std::string list = ReadFile(CasesFolder() / "on_postgres");
  for (const std::string_view line : Split(list, '\n')) {
    if (!line.empty() && !line.starts_with('#')) names.push_back("postgres/" + std::string(line));
  }
  std::ranges::sort(names);
  return names;
}

// The record of a large case is compressed: nobody reads it but this.
std::string ReadRecord(std::string_view name) {
  if (!IsLarge(name)) return ReadFile(RecordOf(name));
  std::string text;
  ProcessSpec unpack;
  unpack.argv = {"gzip", "-dc", RecordOf(name).string() + ".gz"};
  const auto ended = RunProcess(unpack, [&](Stream, std::string_view line) { text.append(line).append("\n"); });
  EXPECT_TRUE(ended.ok() && ended->code == 0) << text;
  return text;
}

void WriteRecord(std::string_view name, const std::vector<Step>& steps, const Facts& defaults) {
  WriteFile(RecordOf(name), WriteSteps(steps, defaults));
  if (!IsLarge(name)) return;
  ProcessSpec pack;
  pack.argv = {"gzip", "-n9f", RecordOf(name).string()};
  const auto ended = RunProcess(pack, [](Stream, std::string_view) {});
  EXPECT_TRUE(ended.ok() && ended->code == 0);
}

// What the whole run learns, case by case.
struct Seen {
  Facts defaults = ReadFacts(ReadFile(DefaultsFile()));
  std::vector<KnownDifference> differences = ReadDifferencesPage(ReadFile(Source("docs/differences.md")));
  std::vector<KnownDifference> gaps = ReadGaps(ReadFile(Source("tests/oracle/gaps")));
  std::vector<CaseOutcome> cases;
};

Seen& SeenSoFar() {
  static Seen seen;
  return seen;
}

void KeepArtifacts(const Workplace& place, const std::string& name) {
  for (const char* artifact : {"manifest.json", "run_results.json", "catalog.json", "sources.json"}) {
    const fs::path made = place.project() / "target" / artifact;
    if (fs::exists(made)) WriteFile(settings.artifacts / artifact / (name + ".json"), ReadFile(made));
  }
}

std::vector<Step> Play(const Case& shown, std::string_view name, const fs::path& program) {
  const Workplace place(name,
                        {{"dbt", program},
                         {"generate", Source("tests/oracle/generate")},
                         {"generate_project", Source("bench/generate_project")}},
                        {{"DBT_LOG_FORMAT_FILE", "json"},
                         {"DBT_USE_COLORS", "false"},
                         {"DBT_USE_COLORS_FILE", "false"},
                         {"DBT_SEND_ANONYMOUS_USAGE_STATS", "false"}});
  place.Fill(shown);
  Observer observer(place);
  std::vector<Step> steps;
  for (const Command& command : shown.commands) {
    steps.push_back(observer.Run(command.line));
    if (!settings.artifacts.empty())
      KeepArtifacts(place, fmt::format("{}-{}", TestName(std::string(name)), steps.size()));
  }
  return steps;
}

std::string Shown(const std::vector<Difference>& differences) {
  std::string text;
  for (size_t i = 0; i < differences.size() && i < settings.most_shown; ++i) {
    const Difference& each = differences[i];
    text +=
        fmt::format("  {} : {}\n    recorded: {}\n    now:      {}\n", each.section, each.key,
                    each.expected.empty() ? "(absent)" : each.expected, each.actual.empty() ? "(absent)" : each.actual);
  }
  if (differences.size() > settings.most_shown)
    text += fmt::format("  and {} more\n", differences.size() - settings.most_shown);
  return text;
}

// What differs in a case differs in it on every engine.
std::string OnAnyEngine(const std::string& name) {
  constexpr std::string_view kPostgres = "postgres/";
  return name.starts_with(kPostgres) ? name.substr(kPostgres.size()) : name;
}

// What may differ in any project stands above the list of them.
constexpr std::string_view kAnyCase = "*";

bool IsOfOneCase(const KnownDifference& gap) { return gap.case_name.find('*') == std::string::npos; }

void TakeAllKnown(const std::string& name, std::vector<Difference>& found) {
  Seen& seen = SeenSoFar();
  CaseOutcome& outcome = seen.cases.back();
  for (const std::string& as : {name, OnAnyEngine(name)}) {
    for (const KnownDifference* each : TakeKnown(as, seen.differences, found)) {
      if (each->case_name != kAnyCase) outcome.differences.insert(each->reason);
    }
    for (const KnownDifference* each : TakeKnown(as, seen.gaps, found)) {
      if (IsOfOneCase(*each)) outcome.gaps.insert(each->reason);
    }
  }
}

// All that differs and is not known as a difference that stays, with the command it shows after.
std::vector<std::pair<std::string, std::vector<Difference>>> Unknown(const std::string& name,
                                                                     const std::vector<Step>& recorded,
                                                                     const std::vector<Step>& actual) {
  std::vector<std::pair<std::string, std::vector<Difference>>> unknown;
  for (size_t i = 0; i < actual.size(); ++i) {
    std::vector<Difference> found = Compare(recorded[i].facts, actual[i].facts);
    if (!settings.is_dbt) TakeAllKnown(name, found);
    if (!found.empty()) unknown.emplace_back(actual[i].command, std::move(found));
  }
  return unknown;
}

class RecordedTest : public testing::TestWithParam<std::string> {};

TEST_P(RecordedTest, DoesWhatDbtDoes) {
  const std::string& name = GetParam();
  const Case shown = ParseCase(ReadFile(FileOf(name)));
  ASSERT_FALSE(shown.commands.empty()) << name << " runs no command";
  const Facts& defaults = SeenSoFar().defaults;
  SeenSoFar().cases.push_back({name, shown.intro.substr(0, shown.intro.find('\n')), {}, {}});
  const std::vector<Step> actual = Play(shown, name, settings.program);
  if (settings.accept) {
    WriteRecord(name, actual, defaults);
    return;
  }
  const std::vector<Step> recorded = ReadSteps(ReadRecord(name), defaults);
  ASSERT_EQ(recorded.size(), actual.size()) << "the record is of other commands: make oracle ACCEPT=1";
  for (const auto& [command, differences] : Unknown(name, recorded, actual)) {
    ADD_FAILURE() << "after: " << command << "\n" << Shown(differences);
  }
}

INSTANTIATE_TEST_SUITE_P(Oracle, RecordedTest, testing::ValuesIn(AllCases()),
                         [](const auto& each) { return TestName(each.param); });
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RecordedTest);

// After all cases: the lists of known differences say no more than is so.
class Lists : public testing::Environment {
 public:
  void TearDown() override {
    const Seen& seen = SeenSoFar();
    if (settings.is_dbt || seen.cases.size() != AllCases().size()) return;
    for (const KnownDifference& each : seen.differences) {
      EXPECT_TRUE(each.seen) << "docs/differences.md: nothing differs like this any more: " << Pattern(each);
    }
    for (const KnownDifference& each : seen.gaps) {
      EXPECT_TRUE(each.seen) << "tests/oracle/gaps: this gap is closed, take it out: " << Pattern(each);
    }
    const std::string page = CompatibilityPage(seen.cases, Everywhere(seen), InAnyCase(seen));
    if (settings.compatibility) {
      // What the page says is what passed.
      ASSERT_FALSE(testing::UnitTest::GetInstance()->Failed()) << "docs/compatibility.md stays as it is";
      WriteFile(Source("docs/compatibility.md"), page);
    }
    EXPECT_EQ(page, ReadFile(Source("docs/compatibility.md"))) << "as it is now: recorded_test --compatibility";
  }

 private:
  static std::set<std::string> Everywhere(const Seen& seen) {
    std::set<std::string> reasons;
    for (const KnownDifference& each : seen.gaps) {
      if (!IsOfOneCase(each)) reasons.insert(each.reason);
    }
    return reasons;
  }

  static std::set<std::string> InAnyCase(const Seen& seen) {
    std::set<std::string> headings;
    for (const KnownDifference& each : seen.differences) {
      if (each.case_name == kAnyCase) headings.insert(each.reason);
    }
    return headings;
  }

  static std::string Pattern(const KnownDifference& each) {
    return fmt::format("{} : {} : {}", each.case_name, each.section, each.key);
  }
};

void RecordDefaults() {
  const std::vector<std::string> names = AllCases();
  std::vector<std::vector<Step>> recorded;
  for (const std::string& name : names) recorded.push_back(ReadSteps(ReadRecord(name), SeenSoFar().defaults));
  Facts defaults = FindDefaults(recorded);
  for (const char* kind : {"terminal", "compiled", "schemas"}) defaults.erase(kind);
  WriteFile(DefaultsFile(), WriteFacts(defaults));
  for (size_t i = 0; i < names.size(); ++i) WriteRecord(names[i], recorded[i], defaults);
}

// dbt and stir at the same project, without a record.
int CompareInProject() {
  Case shown;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(settings.project)) {
    const std::string path = fs::relative(entry.path(), settings.project).string();
    if (entry.is_regular_file() && !path.starts_with(".git/")) shown.files.push_back({path, ReadFile(entry.path())});
  }
  for (const std::string& line : settings.commands) shown.commands.push_back({line, 0, "", "", {}});
  const std::string name = "public/" + settings.project.filename().string();
  SeenSoFar().cases.push_back({name, "", {}, {}});
  const std::vector<Step> dbts = Play(shown, name, settings.program);
  settings.is_dbt = false;
  const std::vector<Step> ours = Play(shown, name, STIR_BINARY);
  const auto unknown = Unknown(name, dbts, ours);
  for (const auto& [command, differences] : unknown) {
    std::cout << name << ", after: " << command << "\n" << Shown(differences);
  }
  return unknown.empty() && !testing::Test::HasFailure() ? 0 : 1;
}

}  // namespace
}  // namespace stir

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--accept") stir::settings.accept = true;
    if (word == "--defaults") stir::settings.defaults = true;
    if (word == "--compatibility") stir::settings.compatibility = true;
    if (word.starts_with("--artifacts=")) stir::settings.artifacts = word.substr(12);
    if (word.starts_with("--project=")) stir::settings.project = word.substr(10);
    if (!word.starts_with("--")) stir::settings.commands.emplace_back(word);
    if (word == "--all") stir::settings.most_shown = 100'000;
    if (word.starts_with("--stir=")) stir::settings.program = word.substr(7);
    if (word.starts_with("--dbt=")) {
      stir::settings.program = word.substr(6);
      stir::settings.is_dbt = true;
    }
  }
  if (stir::settings.defaults) {
    stir::RecordDefaults();
    return testing::Test::HasFailure() ? 1 : 0;
  }
  if (!stir::settings.project.empty()) return stir::CompareInProject();
  testing::AddGlobalTestEnvironment(new stir::Lists);
  return RUN_ALL_TESTS();
}
