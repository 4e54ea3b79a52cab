// Facts to text and back, and how two sets of them differ.
#include "tests/support/facts.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <set>
#include <sstream>

#include "base/strings.h"

namespace stir::testing_support {
namespace {

constexpr std::string_view kBetween = " = ";

std::string EscapedKey(std::string_view key) { return ReplaceAll(std::string(key), kBetween, " \\= "); }
std::string PlainKey(std::string_view text) { return ReplaceAll(std::string(text), " \\= ", kBetween); }

void WriteEntries(std::string& out, const Entries& entries, const Entries& defaults) {
  for (const auto& [key, value] : entries) {
    const auto usual = defaults.find(key);
    if (usual == defaults.end() || usual->second != value)
      out += fmt::format("  {}{}{}\n", EscapedKey(key), kBetween, value);
  }
  for (const auto& [key, value] : defaults) {
    if (!entries.contains(key)) out += fmt::format("  {} -\n", EscapedKey(key));
  }
}

const Entries& Usual(const Facts& defaults, std::string_view section) {
  static const Entries kNone;
  const auto found = defaults.find(std::string(KindOf(section)));
  return found == defaults.end() ? kNone : found->second;
}

void ReadEntry(std::string_view line, Entries& entries) {
  line.remove_prefix(2);
  if (const size_t at = line.find(kBetween); at != std::string_view::npos) {
    entries.insert_or_assign(PlainKey(line.substr(0, at)), std::string(line.substr(at + kBetween.size())));
  } else if (line.ends_with(" -")) {
    entries.erase(PlainKey(line.substr(0, line.size() - 2)));
  } else {
    ADD_FAILURE() << "neither `key = value` nor `key -`: " << line;
  }
}

}  // namespace

std::string_view KindOf(std::string_view section) { return section.substr(0, section.find('.')); }

std::string WriteFacts(const Facts& facts) {
  std::string out;
  for (const auto& [section, entries] : facts) {
    out += section + "\n";
    WriteEntries(out, entries, {});
  }
  return out;
}

std::string WriteSteps(const std::vector<Step>& steps, const Facts& defaults) {
  std::string out;
  const Facts nothing;
  const Facts* before = &nothing;
  for (const Step& step : steps) {
    out += fmt::format(">>> {}\n", step.command);
    for (const auto& [section, entries] : step.facts) {
      if (const auto old = before->find(section); old != before->end() && old->second == entries) continue;
      out += section + "\n";
      WriteEntries(out, entries, Usual(defaults, section));
    }
    for (const auto& [section, entries] : *before) {
      if (!step.facts.contains(section)) out += fmt::format("- {}\n", section);
    }
    before = &step.facts;
  }
  return out;
}

std::vector<Step> ReadSteps(const std::string& text, const Facts& defaults) {
  std::vector<Step> steps;
  Entries* section = nullptr;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with(">>> ")) {
      steps.push_back({line.substr(4), steps.empty() ? Facts{} : steps.back().facts});
    } else if (steps.empty()) {
      ADD_FAILURE() << "before any command: " << line;
    } else if (line.starts_with("- ")) {
      steps.back().facts.erase(line.substr(2));
    } else if (line.starts_with("  ") && section != nullptr) {
      ReadEntry(line, *section);
    } else {
      section = &(steps.back().facts[line] = Usual(defaults, line));
    }
  }
  return steps;
}

Facts ReadFacts(const std::string& text) {
  std::vector<Step> steps = ReadSteps(">>> \n" + text, {});
  return std::move(steps.front().facts);
}

Facts FindDefaults(const std::vector<std::vector<Step>>& recorded) {
  std::map<std::string, std::map<std::pair<std::string, std::string>, size_t>> counts;
  std::map<std::string, size_t> sections;
  for (const std::vector<Step>& steps : recorded) {
    std::set<std::string> seen;  // a section counts once a case
    for (const Step& step : steps) {
      for (const auto& [section, entries] : step.facts) {
        if (!seen.insert(section).second) continue;
        const std::string kind(KindOf(section));
        ++sections[kind];
        for (const auto& entry : entries) ++counts[kind][entry];
      }
    }
  }
  Facts defaults;
  for (const auto& [kind, entries] : counts) {
    if (sections[kind] < 3) continue;
    for (const auto& [entry, count] : entries) {
      if (count * 2 > sections[kind]) defaults[kind].insert(entry);
    }
  }
  return defaults;
}

std::vector<Difference> Compare(const Facts& expected, const Facts& actual) {
  std::vector<Difference> differences;
  for (const auto& [section, entries] : expected) {
    const auto found = actual.find(section);
    if (found == actual.end()) {
      differences.push_back({section, "", "there", ""});
      continue;
    }
    for (const auto& [key, value] : entries) {
      const auto other = found->second.find(key);
      if (other == found->second.end()) {
        differences.push_back({section, key, value, ""});
      } else if (other->second != value) {
        differences.push_back({section, key, value, other->second});
      }
    }
    for (const auto& [key, value] : found->second) {
      if (!entries.contains(key)) differences.push_back({section, key, "", value});
    }
  }
  for (const auto& [section, entries] : actual) {
    if (!expected.contains(section)) differences.push_back({section, "", "", "there"});
  }
  return differences;
}

}  // namespace stir::testing_support
