// The command table handed to CLI11, and what CLI11 found handed back. CLI11 splits and pairs; all checks and messages
// are ours.
#include <fmt/format.h>
#include <CLI/CLI.hpp>
#include <algorithm>

#include "base/strings.h"
#include "cli/arguments.h"
#include "cli/kinds.h"

namespace stir::cli {
namespace {

std::vector<std::string> Spellings(const OptionSpec& option) {
  if (option.spellings.empty()) return {"--" + std::string(option.name)};
  std::vector<std::string> result;
  for (std::string_view spelling : Split(option.spellings, ',')) result.emplace_back(spelling);
  return result;
}

CLI::Option* AddOption(CLI::App& app, const OptionSpec& option) {
  const std::vector<std::string> spellings = Spellings(option);
  const std::string names = Join(spellings, ",");
  if (option.kind == OptionKind::kFlag) return app.add_flag(names + ",!--no-" + spellings.front().substr(2));
  CLI::Option* added = app.add_option(names);
  return option.kind == OptionKind::kList
             ? added->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args()
             : added->expected(1)->take_last();
}

// One parse: the CLI11 objects and which of our specs each stands for.
class Parser {
 public:
  explicit Parser(bool dbt_only) : dbt_only_(dbt_only) {
    Prepare(app_);
    app_.add_flag("--version,-V,-v", version_);
    app_.add_flag("--help,-h", help_);
    for (const OptionSpec& option : CommonOptions()) options_.emplace_back(AddOption(app_, option), &option);
    for (const CommandSpec& command : Commands()) {
      if (!dbt_only_ || !command.dbt_word.empty()) AddCommand(command);
    }
  }

  Result<CommandLine> Parse(std::vector<std::string> args) {
    std::reverse(args.begin(), args.end());  // CLI11 takes them from the back
    try {
      app_.parse(std::move(args));
    } catch (const CLI::ParseError& error) {
      return Explain(error);
    }
    CommandLine line;
    line.help = help_;
    line.version = version_;
    line.command = Chosen();
    for (const auto& [name, app] : groups_) {
      if (app->parsed()) line.group = name;
    }
    if (line.command == nullptr) return line.help ? Result<CommandLine>(std::move(line)) : NoCommand(std::move(line));
    line.arguments.emplace(*line.command);
    STIR_TRY(TakeRest(*line.arguments));
    if (!line.help) STIR_TRY(TakeOptions(*line.arguments));
    return line;
  }

 private:
  static void Prepare(CLI::App& app) {
    app.set_help_flag();
    app.allow_extras();
    app.require_subcommand(0, 1);
  }

  // "pipeline run" stands below "pipeline", which is made when its first command comes.
  void AddCommand(const CommandSpec& command) {
    CLI::App* parent = &app_;
    std::string_view name = command.name;
    if (const size_t space = name.find(' '); space != name.npos) {
      CLI::App*& group = groups_[std::string(name.substr(0, space))];
      if (group == nullptr) {
        group = app_.add_subcommand(std::string(name.substr(0, space)));
        Prepare(*group);
        group->fallthrough();
      }
      parent = group;
      name = name.substr(space + 1);
    }
    CLI::App* sub = parent->add_subcommand(std::string(name));
    Prepare(*sub);
    sub->fallthrough();
    if (!command.alias.empty()) sub->alias(std::string(command.alias));
    for (const OptionSpec* option : OwnOptions(command)) options_.emplace_back(AddOption(*sub, *option), option);
    commands_.emplace_back(sub, &command);
  }

  const CommandSpec* Chosen() const {
    for (const auto& [sub, command] : commands_) {
      if (sub->parsed()) return command;
    }
    return nullptr;
  }

  Result<CommandLine> NoCommand(CommandLine line) {
    const std::vector<std::string> rest = app_.remaining(true);
    std::string group;
    for (const CLI::App* sub : app_.get_subcommands()) group = sub->get_name();
    if (rest.empty() && group.empty()) return line;
    const std::string first = rest.empty() ? "" : rest.front();
    if (first.starts_with("-")) return UnknownOption(first, nullptr);
    return UnknownCommand(group, first);
  }

  Diagnostic UnknownCommand(const std::string& group, const std::string& word) const {
    for (const UnbuiltCommand& unbuilt : UnbuiltCommands()) {
      if (group.empty() && unbuilt.name == word) return NotBuilt(unbuilt);
    }
    std::vector<std::string> names;
    const std::string prefix = group.empty() ? "" : group + " ";
    for (const auto& [sub, command] : commands_) {
      if (!command->name.starts_with(prefix)) continue;
      const std::string_view name = command->name.substr(prefix.size());
      std::string first(name.substr(0, name.find(' ')));
      if (std::ranges::find(names, first) == names.end()) names.push_back(std::move(first));
    }
    const std::string what = word.empty() ? fmt::format("`{}` needs one of its commands", group)
                                          : fmt::format("no such command `{}{}`", prefix, word);
    std::string hint = DidYouMean(word, names);
    if (hint.empty()) hint = "there are: " + Join(names, ", ");
    return Diagnostic(kBadUsage, what).Hint(std::move(hint));
  }

  Diagnostic NotBuilt(const UnbuiltCommand& unbuilt) const {
    std::vector<std::string> names;
    for (const auto& [sub, command] : commands_) {
      if (!command->dbt_word.empty()) names.emplace_back(command->name);
    }
    std::string hint = unbuilt.instead.empty() || dbt_only_ ? std::string() : fmt::format("{}; ", unbuilt.instead);
    hint += "of dbt's commands there are: " + Join(names, ", ");
    return Diagnostic(kNotBuilt, fmt::format("`{}` is not built yet", unbuilt.name)).Hint(std::move(hint));
  }

  Diagnostic UnknownOption(std::string_view word, const CommandSpec* command) const {
    const std::string_view name = word.substr(0, word.find('='));
    std::vector<std::string> known;
    for (const auto& [option, spec] : options_) {
      if (command == nullptr || FindOption(*command, spec->name) == spec) {
        for (const std::string& spelling : Spellings(*spec)) known.push_back(spelling);
      }
    }
    return Diagnostic(kBadUsage, fmt::format("no such option `{}`", name)).Hint(DidYouMean(name, known));
  }

  Status TakeRest(Arguments& arguments) const {
    const CommandSpec& command = arguments.command();
    bool only_values = false;
    for (const std::string& word : app_.remaining(true)) {
      if (word == "--" && !only_values) {
        only_values = true;
      } else if (word.starts_with("-") && word != "-" && !only_values) {
        return UnknownOption(word, &command);
      } else if (arguments.positionals().size() == command.max_arguments) {
        return Diagnostic(kBadUsage, fmt::format("unexpected argument `{}`", word))
            .Hint(command.max_arguments == 0 ? fmt::format("`{}` takes options only", command.name)
                                             : fmt::format("quote it, if it belongs to {}", command.arguments));
      } else {
        arguments.AddPositional(word);
      }
    }
    if (arguments.positionals().size() >= command.min_arguments || help_) return {};
    return Diagnostic(kBadUsage, fmt::format("`{}` needs {}", command.name, command.arguments));
  }

  Status TakeOptions(Arguments& arguments) const {
    for (const auto& [option, spec] : options_) {
      if (option->count() == 0) continue;
      STIR_TRY(arguments.Set(*spec, option->results(), Layer::kCommandLine, Spellings(*spec).front()));
    }
    return {};
  }

  static Diagnostic Explain(const CLI::ParseError& error) {
    const std::string text = error.what();
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr) {
      return Diagnostic(kBadUsage, fmt::format("`{}` needs a value", text.substr(0, text.find_first_of(": "))));
    }
    return {kBadUsage, text};
  }

  bool dbt_only_;
  bool help_ = false;
  bool version_ = false;
  CLI::App app_;
  std::vector<std::pair<CLI::Option*, const OptionSpec*>> options_;
  std::vector<std::pair<CLI::App*, const CommandSpec*>> commands_;
  std::map<std::string, CLI::App*> groups_;
};

}  // namespace

Result<CommandLine> ParseCommandLine(std::vector<std::string> args, bool dbt_only) {
  return Parser(dbt_only).Parse(std::move(args));
}

}  // namespace stir::cli
