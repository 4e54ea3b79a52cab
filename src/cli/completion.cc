// Completion scripts for three shells, written from the command table.
#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "base/strings.h"
#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/help.h"
#include "cli/kinds.h"
#include "cli/session.h"

namespace stir::cli {
namespace {

using Options = std::vector<const OptionSpec*>;

bool Offered(const OptionSpec& option) { return option.effect == Effect::kActive; }

std::vector<std::string> SpellingsOf(const OptionSpec& option) {
  if (option.spellings.empty()) return {"--" + std::string(option.name)};
  std::vector<std::string> spellings;
  for (std::string_view spelling : Split(option.spellings, ',')) spellings.emplace_back(spelling);
  return spellings;
}

Options OptionsOf(const CommandSpec& command) {
  Options options = OwnOptions(command);
  for (const OptionSpec& option : CommonOptions()) options.push_back(&option);
  std::erase_if(options, [](const OptionSpec* option) { return !Offered(*option); });
  return options;
}

std::string Flags(const CommandSpec& command) {
  std::vector<std::string> flags{"--help"};
  for (const OptionSpec* option : OptionsOf(command)) {
    for (std::string& spelling : SpellingsOf(*option)) flags.push_back(std::move(spelling));
  }
  return Join(flags, " ");
}

// The words that can follow a word: "" -> the commands, "pipeline" -> its own.
std::string NextWords(std::string_view group) {
  std::vector<std::string> words;
  for (const CommandSpec& command : Commands()) {
    std::string_view name = command.name;
    if (!group.empty()) {
      if (!name.starts_with(group) || name.size() <= group.size() || name[group.size()] != ' ') continue;
      name.remove_prefix(group.size() + 1);
    }
    const std::string word(name.substr(0, name.find(' ')));
    if (std::ranges::find(words, word) == words.end()) words.push_back(word);
    if (group.empty() && !command.alias.empty()) words.emplace_back(command.alias);
  }
  return Join(words, " ");
}

std::vector<std::string> Groups() {
  std::vector<std::string> groups;
  for (const CommandSpec& command : Commands()) {
    const size_t space = command.name.find(' ');
    if (space == command.name.npos) continue;
    std::string group(command.name.substr(0, space));
    if (std::ranges::find(groups, group) == groups.end()) groups.push_back(std::move(group));
  }
  return groups;
}

// "--log-format|--log-format-file) words="text json" ;;": what may follow an option, in bash.
std::string BashValues() {
  std::string text;
  std::vector<std::string> seen;
  const auto add = [&](const OptionSpec& option) {
    if (!Offered(option) || option.kind == OptionKind::kFlag) return;
    const std::string pattern = Join(SpellingsOf(option), "|");
    if (std::ranges::find(seen, pattern) != seen.end()) return;
    seen.push_back(pattern);
    if (option.kind == OptionKind::kChoice) {
      text += fmt::format("    {}) COMPREPLY=($(compgen -W \"{}\" -- \"$cur\")); return ;;\n", pattern,
                          ReplaceAll(option.values, "|", " "));
    } else if (option.completes == Completes::kDirectory) {
      text += fmt::format("    {}) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n", pattern);
    } else if (option.completes == Completes::kFile) {
      text += fmt::format("    {}) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", pattern);
    }
  };
  for (const OptionSpec& option : CommonOptions()) add(option);
  for (const OptionSpec& option : CommandOptions()) {
    if (option.spellings != "--output") add(option);
  }
  return text;
}

std::string BashScript() {
  std::string cases;
  for (const CommandSpec& command : Commands()) {
    const std::string names = command.alias.empty() ? fmt::format("\"{}\"", command.name)
                                                    : fmt::format("\"{}\"|\"{}\"", command.name, command.alias);
    cases += fmt::format("    {}) words=\"{}\" ;;\n", names, Flags(command));
  }
  for (const std::string& group : Groups())
    cases += fmt::format("    \"{}\") words=\"{}\" ;;\n", group, NextWords(group));
  std::string groups = Join(Groups(), "|");
  return fmt::format(R"(# bash completion of stir
_stir() {{
  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=${{COMP_WORDS[COMP_CWORD-1]}} command="" words="" word i
  case $prev in
{}  esac
  for ((i = 1; i < COMP_CWORD; i++)); do
    word=${{COMP_WORDS[i]}}
    case $word in
      -*) continue ;;
    esac
    if [[ -z $command ]]; then command=$word
    elif [[ $command =~ ^({})$ ]]; then command="$command $word"; break
    else break; fi
  done
  case $command in
    "") words="{} --help --version" ;;
{}  esac
  COMPREPLY=($(compgen -W "$words" -- "$cur"))
}}
complete -o default -F _stir stir
)",
                     BashValues(), groups.empty() ? "-" : groups, NextWords(""), cases);
}

std::string ZshQuoted(std::string_view text) {
  std::string quoted = ReplaceAll(text, "'", "'\\''");
  quoted = ReplaceAll(ReplaceAll(quoted, "[", "\\["), "]", "\\]");
  return ReplaceAll(quoted, ":", "\\:");
}

std::string ZshAction(const OptionSpec& option) {
  if (option.kind == OptionKind::kFlag) return "";
  if (option.kind == OptionKind::kChoice) return fmt::format(":value:({})", ReplaceAll(option.values, "|", " "));
  if (option.completes == Completes::kDirectory) return ":folder:_files -/";
  return option.completes == Completes::kFile ? ":file:_files" : ":value: ";
}

std::string ZshScript() {
  std::string commands, cases;
  for (const CommandSpec& command : Commands()) {
    if (command.name.find(' ') == command.name.npos) {
      commands += fmt::format("    '{}:{}'\n", command.name, ZshQuoted(command.summary));
    }
    cases += fmt::format("    '{}'{})\n      _arguments", command.name,
                         command.alias.empty() ? "" : fmt::format("|'{}'", command.alias));
    for (const OptionSpec* option : OptionsOf(command)) {
      for (const std::string& spelling : SpellingsOf(*option)) {
        cases += fmt::format(" \\\n        '{}[{}]{}'", spelling, ZshQuoted(option->help), ZshAction(*option));
      }
    }
    cases += " \\\n        '*: :_files' ;;\n";
  }
  for (const std::string& group : Groups()) commands += fmt::format("    '{0}:{0} commands'\n", group);
  std::string groups;
  for (const std::string& group : Groups()) {
    groups += fmt::format(
        "    {}) if (( CURRENT == 3 )); then _values 'command' {}; return; fi; command=\"$words[2] $words[3]\" ;;\n",
        group, NextWords(group));
  }
  return fmt::format(R"(#compdef stir
_stir() {{
  local -a commands=(
{}  )
  if (( CURRENT == 2 )); then _describe 'command' commands; return; fi
  local command=$words[2]
  case $command in
{}  esac
  case $command in
{}  esac
}}
_stir "$@"
)",
                     commands, groups, cases);
}

std::string FishQuoted(std::string_view text) { return "'" + ReplaceAll(text, "'", "\\'") + "'"; }

std::string FishScript() {
  std::string text = "# fish completion of stir\ncomplete -c stir -f\n";
  for (const CommandSpec& command : Commands()) {
    const size_t space = command.name.find(' ');
    const std::string_view word = space == command.name.npos ? command.name : command.name.substr(space + 1);
    const std::string when = space == command.name.npos
                                 ? "__fish_use_subcommand"
                                 : fmt::format("__fish_seen_subcommand_from {}", command.name.substr(0, space));
    text += fmt::format("complete -c stir -n '{}' -a {} -d {}\n", when, word, FishQuoted(command.summary));
    for (const OptionSpec* option : OptionsOf(command)) {
      text += fmt::format("complete -c stir -n '__fish_seen_subcommand_from {}'", word);
      for (const std::string& spelling : SpellingsOf(*option)) {
        text += spelling.starts_with("--") ? " -l " + spelling.substr(2) : " -s " + spelling.substr(1);
      }
      if (option->kind == OptionKind::kChoice) text += fmt::format(" -x -a '{}'", ReplaceAll(option->values, "|", " "));
      if (option->kind != OptionKind::kFlag && option->kind != OptionKind::kChoice) text += " -r";
      if (option->completes != Completes::kNothing && option->completes != Completes::kSelector) text += " -F";
      text += fmt::format(" -d {}\n", FishQuoted(option->help));
    }
  }
  for (const std::string& group : Groups()) {
    text += fmt::format("complete -c stir -n '__fish_use_subcommand' -a {0} -d '{0} commands'\n", group);
  }
  return text;
}

}  // namespace

std::string CompletionScript(Shell shell) {
  switch (shell) {
    case Shell::kBash:
      return BashScript();
    case Shell::kZsh:
      return ZshScript();
    case Shell::kFish:
      return FishScript();
  }
  return {};
}

int RunCompletion(const Arguments& arguments, Session& session) {
  static constexpr std::array<std::string_view, 3> kShells{"bash", "zsh", "fish"};
  const std::string name = arguments.Positional(0);
  const auto found = std::ranges::find(kShells, name);
  if (found == kShells.end()) {
    return ReportFailure({Diagnostic(kBadUsage, fmt::format("no completion for the shell `{}`", name))
                              .Hint("there are: bash, zsh, fish")},
                         session);
  }
  fmt::print("{}", CompletionScript(static_cast<Shell>(found - kShells.begin())));
  return 0;
}

}  // namespace stir::cli
