// The texts of --help and --version.
#include "cli/help.h"

#include <fmt/format.h>
#include <algorithm>

#include "base/strings.h"
#include "embedded/embedded.h"
#include "project/invocation.h"

namespace stir::cli {
namespace {

constexpr size_t kWidth = 100;
constexpr size_t kColumn = 34;  // where explanations start

// Text broken at spaces; lines after the first are indented.
std::string Wrapped(std::string_view text, size_t indent, size_t first_column) {
  std::string out;
  size_t column = first_column;
  for (std::string_view word : Words(text)) {
    if (column > indent && column + 1 + word.size() > kWidth) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column > indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
  }
  return out;
}

std::string Row(std::string_view left, std::string_view right, size_t column) {
  std::string line = "  " + std::string(left);
  if (right.empty()) return line + "\n";
  if (line.size() + 2 > column) {
    line += "\n" + std::string(column, ' ');
  } else {
    line.append(column - line.size(), ' ');
  }
  return line + Wrapped(right, column, column) + "\n";
}

std::string FirstSpelling(const OptionSpec& option) {
  if (option.spellings.empty()) return "--" + std::string(option.name);
  return std::string(Split(option.spellings, ',').front());
}

std::string Left(const OptionSpec& option) {
  std::vector<std::string> spellings;
  if (option.spellings.empty()) {
    spellings.push_back("--" + std::string(option.name));
  } else {
    for (std::string_view spelling : Split(option.spellings, ',')) spellings.emplace_back(spelling);
  }
  std::ranges::stable_sort(spellings, {}, [](const std::string& s) { return s.starts_with("--") ? 1 : 0; });
  std::string text = Join(spellings, ", ");
  if (option.kind == OptionKind::kFlag) return text;
  return text + " " +
         (option.kind == OptionKind::kChoice ? fmt::format("[{}]", option.values) : std::string(option.values));
}

std::string Right(const OptionSpec& option) {
  std::string text(option.help);
  if (option.kind == OptionKind::kFlag) {
    if (option.fallback == "true") text += fmt::format("; --no-{} for not", FirstSpelling(option).substr(2));
  } else if (!option.fallback.empty()) {
    text += fmt::format(" [{}]", option.fallback);
  }
  return text;
}

using Options = std::vector<const OptionSpec*>;

std::string Group(std::string_view heading, const Options& options) {
  std::string text;
  for (const OptionSpec* option : options) {
    if (option->heading == heading && option->effect == Effect::kActive)
      text += Row(Left(*option), Right(*option), kColumn);
  }
  return text.empty() ? text : fmt::format("\n{}:\n{}", heading, text);
}

std::string Mentioned(Effect effect, const Options& options) {
  std::vector<std::string> names;
  std::string_view heading;
  for (const OptionSpec* option : options) {
    if (option->effect != effect) continue;
    heading = option->heading;
    names.push_back(FirstSpelling(*option));
  }
  return names.empty() ? std::string() : fmt::format("\n{}:\n  {}\n", heading, Wrapped(Join(names, " "), 2, 2));
}

std::string OptionsHelp(const Options& options) {
  std::vector<std::string_view> headings;
  for (const OptionSpec* option : options) {
    if (std::ranges::find(headings, option->heading) == headings.end()) headings.push_back(option->heading);
  }
  std::string text;
  for (std::string_view heading : headings) text += Group(heading, options);
  return text + Mentioned(Effect::kIgnored, options) + Mentioned(Effect::kUnbuilt, options);
}

std::string CommandRows(bool dbt_words) {
  std::string text;
  for (const CommandSpec& command : Commands()) {
    if (command.dbt_word.empty() == dbt_words) continue;
    const std::string name =
        command.alias.empty() ? std::string(command.name) : fmt::format("{}, {}", command.name, command.alias);
    text += Row(name, command.summary, 22);
  }
  return text;
}

std::string UnbuiltNames() {
  std::vector<std::string> names;
  for (const UnbuiltCommand& command : UnbuiltCommands()) names.emplace_back(command.name);
  return Join(names, ", ");
}

}  // namespace

std::string OverviewHelp(const Program& program) {
  std::string text;
  if (program.as_dbt) {
    text =
        "Usage: dbt [OPTIONS] COMMAND [ARGS]...\n\n  Builds the tables, views and tests of a dbt project. "
        "This is stir under the name dbt.\n";
  } else {
    text = fmt::format(
        "stir {}: runs dbt projects, and what stands around them: loading, publishing, pipelines\n\n"
        "Usage: stir [OPTIONS] COMMAND [ARGS]...\n",
        embedded::Version());
  }
  text += "\ndbt's commands:\n" + CommandRows(true);
  text += fmt::format("  not built yet: {}\n", UnbuiltNames());
  if (!program.as_dbt) text += "\nstir's own commands:\n" + CommandRows(false);
  Options common;
  for (const OptionSpec& option : CommonOptions()) common.push_back(&option);
  text +=
      "\nThese options may stand before or after the command; most are also read from DBT_<NAME> in the environment\n"
      "and from `flags:` in dbt_project.yml.\n";
  text += OptionsHelp(common);
  text += "\nOthers:\n" + Row("-h, --help", "this text; after a command, the command's", kColumn) +
          Row("-V, -v, --version", "the version", kColumn);
  return text + fmt::format(
                    "\nExit codes: 0 all went well, 1 something that was run failed, 2 it could not be run.\n"
                    "Next: {} COMMAND --help\n",
                    program.name);
}

std::string GroupHelp(std::string_view group, const Program& program) {
  std::string text = fmt::format("Usage: {} {} COMMAND [OPTIONS]\n\nCommands:\n", program.name, group);
  for (const CommandSpec& command : Commands()) {
    if (command.name.starts_with(std::string(group) + " ")) text += Row(command.name, command.summary, 22);
  }
  return text + fmt::format("\nNext: {} {} COMMAND --help\n", program.name, group);
}

std::string CommandHelp(const CommandSpec& command, const Program& program) {
  std::string text =
      fmt::format("Usage: {} {} [OPTIONS]{}{}\n\n  {}\n", program.name, command.name,
                  command.arguments.empty() ? "" : " ", command.arguments, Wrapped(command.purpose, 2, 2));
  if (!command.examples.empty()) {
    text += "\nExamples:\n";
    for (const Example& example : command.examples) {
      text += fmt::format("  {} {}\n      {}\n", program.name, example.line, Wrapped(example.meaning, 6, 6));
    }
  }
  Options options = OwnOptions(command);
  text += OptionsHelp(options);
  Options common;
  for (const OptionSpec& option : CommonOptions()) {
    if (option.effect == Effect::kActive) common.push_back(&option);
  }
  text += OptionsHelp(common);
  text += "\nExit codes:\n" + Row("0", "all went well", 5);
  if (!command.exits.empty()) text += Row("1", command.exits, 5);
  return text + Row("2", "the command could not be run: wrong usage, project, profile or connection", 5);
}

std::string UsageLines(const CommandSpec* command, const Program& program) {
  if (command == nullptr) {
    return fmt::format("Usage: {0} [OPTIONS] COMMAND [ARGS]...\nTry '{0} --help' for help.\n", program.name);
  }
  return fmt::format("Usage: {0} {1} [OPTIONS]{2}{3}\nTry '{0} {1} --help' for help.\n", program.name, command->name,
                     command->arguments.empty() ? "" : " ", command->arguments);
}

std::string VersionText(const Program& program) {
  if (!program.as_dbt) {
    return fmt::format("stir {}\ndbt behaviour {}\n", embedded::Version(), project::kDbtVersion);
  }
  return fmt::format(
      "Core:\n  - installed: {0}\n  - latest:    {0} - Up to date!\n\nPlugins:\n"
      "  - duckdb: {1} - Up to date!\n\nThis is stir {2} under the name dbt.\n",
      project::kDbtVersion, "1.11.1", embedded::Version());
}

}  // namespace stir::cli
