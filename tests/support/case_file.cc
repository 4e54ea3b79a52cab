// Reading and writing of case files: three markers at the start of a line, everything else is body.
#include "tests/support/case_file.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace stir::testing_support {
namespace {

namespace fs = std::filesystem;

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

}  // namespace

std::string WithoutGap(std::string body) {
  while (body == "\n" || body.ends_with("\n\n")) body.pop_back();
  return body;
}

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

std::vector<std::string> CaseNames(const fs::path& folder) {
  std::vector<std::string> names;
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".case")
      names.push_back(fs::relative(entry.path(), folder).replace_extension().string());
  }
  std::ranges::sort(names);
  return names;
}

std::string TestName(std::string name) {
  std::ranges::replace_if(name, [](char c) { return std::isalnum(static_cast<unsigned char>(c)) == 0; }, '_');
  return name;
}

}  // namespace stir::testing_support
