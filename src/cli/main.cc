// The program, as a list of phases. Until the command line is understood nothing is opened and nothing is read.
#include <unistd.h>

#include <fmt/format.h>
#include <filesystem>

#include "base/files.h"
#include "cli/dot_env.h"
#include "cli/interrupts.h"
#include "cli/session.h"
#include "engine/supervisor.h"

namespace stir::cli {
namespace {

constexpr int kCannotRun = 2;

// What the program was called decides whether it answers as stir or as dbt.
Program WhoAnswers(std::string_view argv0) {
  const std::string name = std::filesystem::path(argv0).filename().string();
  return name == "dbt" ? Program{"dbt", true} : Program{"stir", false};
}

std::map<std::string, std::string> ReadEnvironment() {
  std::map<std::string, std::string> variables;
  for (char** each = environ; *each != nullptr; ++each) {
    const std::string_view entry(*each);
    const size_t equals = entry.find('=');
    if (equals != entry.npos) variables.emplace(entry.substr(0, equals), entry.substr(equals + 1));
  }
  return variables;
}

// dbt reads the .env of the current folder, or of the nearest above that has one.
void AddNearestDotEnv(std::map<std::string, std::string>& variables) {
  namespace fs = std::filesystem;
  std::error_code failed;
  for (fs::path folder = fs::current_path(failed); !failed && !folder.empty(); folder = folder.parent_path()) {
    if (fs::is_regular_file(folder / ".env", failed)) {
      const auto text = SystemFiles().Read(folder / ".env");
      if (text.ok()) AddDotEnv(*text, variables);
      return;
    }
    failed.clear();
    if (folder == folder.root_path()) return;
  }
}

int RefuseUsage(const Diagnostics& errors, const CommandSpec* command, const Program& program) {
  fmt::print(stderr, "{}\n", UsageLines(command, program));
  for (const Diagnostic& error : errors) {
    fmt::print(stderr, "Error: {}\n", error.message);
    if (!error.hint.empty()) fmt::print(stderr, "  hint: {}\n", error.hint);
  }
  return kCannotRun;
}

int Answer(const std::string& text) {
  fmt::print("{}", text);
  return 0;
}

// The command that the words name, if they name one: for the usage line of an error.
const CommandSpec* NamedCommand(const std::vector<std::string>& words, const Program& program) {
  for (const std::string& word : words) {
    const CommandSpec* command = word.starts_with('-') ? nullptr : FindCommand(word);
    if (command != nullptr && (!program.as_dbt || !command->dbt_word.empty())) return command;
  }
  return nullptr;
}

// Completes the layers below the command line: the environment, then the project's flags.
Status AddLowerLayers(Arguments& arguments, Session& session) {
  STIR_TRY(AddEnvironment(arguments, session.environment));
  session.project_dir = FindProjectDirectory(arguments);
  auto project_file = SystemFiles().Read(session.project_dir / "dbt_project.yml");
  if (project_file.ok()) STIR_TRY(AddProjectFlags(arguments, *project_file));
  return CheckArguments(arguments, session);
}

int Main(std::string_view argv0, std::vector<std::string> words) {
  const Program program = WhoAnswers(argv0);
  auto line = ParseCommandLine(words, program.as_dbt);
  if (!line.ok()) return RefuseUsage(line.error(), NamedCommand(words, program), program);
  if (line->version) return Answer(VersionText(program));
  if (line->command == nullptr) {
    const int shown = Answer(line->group.empty() ? OverviewHelp(program) : GroupHelp(line->group, program));
    return program.as_dbt && !line->help ? kCannotRun : shown;  // dbt was told nothing to do
  }
  if (line->help) return Answer(CommandHelp(*line->command, program));

  // From here on the command is known; what it needs from outside is read now and never again.
  std::map<std::string, std::string> environment = ReadEnvironment();
  AddNearestDotEnv(environment);
  Session session(program, std::move(words), std::move(environment));
  Arguments& arguments = *line->arguments;
  if (Status status = AddLowerLayers(arguments, session); !status.ok()) {
    const bool has_place = static_cast<bool>(status.error().front().span);
    return has_place && !program.as_dbt ? ReportFailure(status.error(), session)
                                        : RefuseUsage(status.error(), line->command, program);
  }
  return line->command->run(arguments, session);
}

}  // namespace
}  // namespace stir::cli

int main(int argc, char** argv) {
  using namespace stir::engine;
  if (argc == 2 && argv[1] == kSuperviseWord && IsToSupervise()) return Supervise();
  return stir::cli::Main(argv[0], std::vector<std::string>(argv + 1, argv + argc));
}
