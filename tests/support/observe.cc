// A command's traces: on the terminal, in target/ and logs/, and in the engine's databases.
#include "tests/support/observe.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>
#include <sstream>

#include "base/strings.h"
#include "tests/support/artifact_facts.h"

namespace stir::testing_support {
namespace {

namespace fs = std::filesystem;

constexpr const char* kArtifacts[] = {"manifest.json", "run_results.json", "catalog.json", "sources.json",
                                      "semantic_manifest.json"};

std::string WithoutPaths(std::string text, const Workplace& place) {
  text = ReplaceAll(std::move(text), fs::canonical(place.project()).string(), "PROJECT");
  text = ReplaceAll(std::move(text), fs::canonical(place.root()).string(), "HOME");
  return place.engine().WithoutPlace(std::move(text));
}

std::string WithoutRun(std::string text) {
  static const std::vector<std::pair<std::regex, std::string>> kRules = {
      {std::regex(R"(^\d\d:\d\d:\d\d  ?)"), ""},
      {std::regex(R"([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})"), "<uuid>"},
      {std::regex(R"( (in|after) \d+\.\d+s)"), " $1 <time>"},
      {std::regex(R"(\d+ hours \d+ minutes and \d+\.\d+ seconds \(\d+\.\d+s\))"), "<time>"},
      {std::regex(R"(\b\d+ macros)"), "N macros"},
  };
  for (const auto& [pattern, name] : kRules) text = std::regex_replace(text, pattern, name);
  return WithoutNow(std::move(text));
}

// Models are numbered when they wait, those with unit tests and these tests when they start: with several of the latter
// it is chance who comes first.
bool HasModelsWithUnitTests(const std::string& out) {
  static const std::regex kStart(R"( START unit_test ([^: ]+)::)");
  std::set<std::string> models;
  for (std::sregex_iterator each(out.begin(), out.end(), kStart), end; each != end; ++each) models.insert(each->str(1));
  return models.size() > 1;
}

// The lines, each with how often it stands there; those of an explanation that ends a command are marked as that. With
// several threads it is chance who starts first.
Entries TerminalLines(const std::string& out, const Workplace& place) {
  static const std::regex kThreads(R"(Concurrency: (\d+) threads.*)"), kNumber(R"(^\d+ of (\d+) )"), kDots(R"(\.{3,})");
  std::map<std::string, int> counts;
  bool threads = HasModelsWithUnitTests(out), explains = false;
  std::istringstream lines(WithoutPaths(out, place));
  for (std::string line; std::getline(lines, line);) {
    line = WithoutRun(std::move(line));
    if (Strip(line).empty()) continue;
    if (std::smatch found; std::regex_match(line, found, kThreads)) threads = threads || found.str(1) != "1";
    if (threads) line = std::regex_replace(std::regex_replace(line, kNumber, "_ of $1 "), kDots, "...");
    ++counts[explains ? "explained: " + line : line];
    explains = explains || line.find("Encountered an error") != std::string::npos;
  }
  Entries entries;
  for (const auto& [line, count] : counts) entries[line] = std::to_string(count);
  return entries;
}

// Names of temporary tables hold the time, those of indexes are drawn.
std::string WithoutDrawnNames(const std::string& sql) {
  static const std::regex kTemporary(R"(__dbt_tmp[_T\d]*\d{6})"), kHash(R"(\b[0-9a-f]{32}\b)");
  return std::regex_replace(std::regex_replace(sql, kTemporary, "__dbt_tmp<time>"), kHash, "<hash>");
}

void AddSql(const std::string& section, const fs::path& folder, const Workplace& place, Facts& facts) {
  if (!fs::exists(folder)) return;
  Entries& entries = facts[section];
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file()) continue;
    entries[fs::relative(entry.path(), folder).string()] =
        JsonText(WithoutDrawnNames(WithoutPaths(ReadFile(entry.path()), place)));
  }
}

}  // namespace

Observer::Observer(const Workplace& place) : place_(place) {}

Observer::Stamps Observer::Artifacts() const {
  Stamps stamps;
  for (const char* name : kArtifacts) {
    std::error_code absent;
    const auto time = fs::last_write_time(place_.project() / "target" / name, absent);
    if (!absent) stamps[name] = time;
  }
  return stamps;
}

Step Observer::Run(const std::string& line) {
  Step step{line, {}};
  const fs::path log = place_.project() / "logs/dbt.log";
  fs::remove(log);
  const Stamps before = Artifacts();
  const Workplace::Said said = place_.Run(line);

  Entries& outcome = step.facts["outcome"];
  outcome["exit"] = std::to_string(said.exit);
  for (const auto& [name, time] : Artifacts()) {
    const auto old = before.find(name);
    if (old == before.end() || old->second != time) outcome["wrote " + name] = "true";
    AddArtifact(name, WithoutPaths(ReadFile(place_.project() / "target" / name), place_), step.facts);
  }
  if (const fs::path osi = place_.project() / "target/osi_document.json"; fs::exists(osi))
    AddArtifact("osi_document.json", WithoutPaths(ReadFile(osi), place_), step.facts);
  step.facts["terminal"] = TerminalLines(said.out, place_);
  AddEvents(ReadFile(log), step.facts);
  AddSql("compiled", place_.project() / "target/compiled", place_, step.facts);
  if (place_.engine().ShowsRunSql()) AddSql("run", place_.project() / "target/run", place_, step.facts);
  place_.engine().Look(place_.project(), step.facts);
  return step;
}

}  // namespace stir::testing_support
