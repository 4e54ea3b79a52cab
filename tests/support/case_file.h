// A case file: a small project, commands run in it, and what they must say.
//
//   What the case shows, in a few lines.
//   --- models/a.sql              a file of the project
//   --- -profiles.yml             a file that every other project has and this one has not
//   >>> stir build                a command, run by the shell in the project's folder
//   <<< exit 1                    its exit code, when it is not 0
//   <<< stdout                    what it must print; a section that is left out means nothing at all
//   <<< stderr
//   <<< file target/run_results.json   what a file must hold after it
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace stir::testing_support {

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

// What cannot be read is a failure of the running test.
Case ParseCase(const std::string& text);
std::string FormatCase(const Case& shown);

// The cases below `folder`, named by their path without ".case"; sorted.
std::vector<std::string> CaseNames(const std::filesystem::path& folder);

// A case's name as the name of a test.
std::string TestName(std::string name);

// Text without the empty lines at its end, which separate sections and belong to none.
std::string WithoutGap(std::string body);

std::string ReadFile(const std::filesystem::path& path);
void WriteFile(const std::filesystem::path& path, std::string_view text);  // makes the folders above it

}  // namespace stir::testing_support
