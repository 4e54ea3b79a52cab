// What the user gave: each option's values and where they came from, the strongest layer first. Values are checked when
// they are set, so that a wrong environment variable is refused in the same words as a wrong flag.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/command_table.h"

namespace stir::cli {

enum class Layer : uint8_t { kCommandLine, kEnvironment, kProject };

class Arguments {
 public:
  explicit Arguments(const CommandSpec& command) : command_(&command) {}

  // Layers are set strongest first: a value that is there already stays. `spelled` is what the user wrote ("-s",
  // "DBT_TARGET", "flags.fail_fast"), for errors. A flag's value is "true" or "false" in any of the usual spellings.
  Status Set(const OptionSpec& option, std::vector<std::string> values, Layer layer, std::string_view spelled);
  void AddPositional(std::string value) { positionals_.push_back(std::move(value)); }

  const CommandSpec& command() const { return *command_; }
  const std::vector<std::string>& positionals() const { return positionals_; }
  // A positional argument, or empty.
  std::string Positional(size_t index) const;
  const std::vector<std::string>& Positionals() const { return positionals_; }
  bool Given(std::string_view option) const { return values_.contains(option); }
  std::optional<Layer> LayerOf(std::string_view option) const;
  // The option's value, else its fallback, else false, "", nullopt, {}. The option must be one that the command takes,
  // else it is as if it was not given.
  bool Flag(std::string_view option) const;
  std::string Text(std::string_view option) const;
  std::optional<int64_t> Integer(std::string_view option) const;
  std::vector<std::string> List(std::string_view option) const;

 private:
  struct Value {
    std::vector<std::string> values;
    Layer layer;
  };
  const CommandSpec* command_;
  std::map<std::string, Value, std::less<>> values_;
  std::vector<std::string> positionals_;
};

// The command line's own layer.
struct CommandLine {
  const CommandSpec* command = nullptr;  // null: none was named
  std::string group;                     // "pipeline", of "pipeline run"; also without a command
  bool help = false;
  bool version = false;
  std::optional<Arguments> arguments;  // set when a command was named
};

// `args` without the program's name. `dbt_only` hides what dbt does not have.
Result<CommandLine> ParseCommandLine(std::vector<std::string> args, bool dbt_only);

// The layers below the command line: DBT_* variables, then the `flags:` of dbt_project.yml in `project_dir`.
Status AddEnvironment(Arguments& arguments, const std::map<std::string, std::string>& environment);
// `yaml_text` of dbt_project.yml; a file that does not parse adds nothing (reading the project reports it).
Status AddProjectFlags(Arguments& arguments, std::string_view yaml_text);

}  // namespace stir::cli
