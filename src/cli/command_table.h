// The commands and their options as data: the one place that parsing, help and shell completion read, so that none of
// them can fall behind. Everything is constant and built by the compiler; looking at it costs a start nothing.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace stir::cli {

class Arguments;
struct Session;

enum class OptionKind : uint8_t {
  kFlag,  // --x, --no-x
  kText,  // one value
  kInteger,
  kChoice,  // one of `values`, separated by |
  kList,    // any number of values after one flag, and any number of flags
};

enum class Effect : uint8_t {
  kActive,
  kIgnored,  // dbt has it and nothing here depends on it: taken without complaint
  kUnbuilt,  // dbt has it, ignoring it would give wrong results: refused
};

// What shells complete an option's value or an argument with.
enum class Completes : uint8_t { kNothing, kFile, kDirectory, kSelector };

struct OptionSpec {
  std::string_view name;       // "full-refresh": the key of its value
  std::string_view spellings;  // "--full-refresh,-f"; empty: -- and the name
  OptionKind kind;
  std::string_view values;   // kChoice: the choices; else what stands for the value in help
  std::string_view heading;  // of its group in help
  std::string_view help;
  std::string_view fallback = {};
  Effect effect = Effect::kActive;
  bool environment = true;  // also read as DBT_NAME and DBT_ENGINE_NAME, and from the project's `flags:`
  Completes completes = Completes::kNothing;
};

struct Example {
  std::string_view line;
  std::string_view meaning;
};

using Handler = int (*)(const Arguments&, Session&);

struct CommandSpec {
  std::string_view name;       // "build", "pipeline run"
  std::string_view alias;      // "ls"
  std::string_view dbt_word;   // dbt's `which`; empty: dbt has no such command
  std::string_view summary;    // one line of the list of commands
  std::string_view purpose;    // a paragraph
  std::string_view arguments;  // "[QUERY]": shown in usage; empty: takes none
  uint8_t min_arguments, max_arguments;
  std::string_view options;  // names of the options beside the common ones, separated by spaces
  std::span<const Example> examples;
  std::string_view exits;  // what 1 means; 0 and 2 mean the same everywhere
  Handler run;
};

// A command of dbt that is not built yet: named, so that its refusal can say so.
struct UnbuiltCommand {
  std::string_view name;
  std::string_view instead;  // what exists; may be empty
};

std::span<const CommandSpec> Commands();
std::span<const UnbuiltCommand> UnbuiltCommands();
std::span<const OptionSpec> CommonOptions();   // every command takes them, before or after its name
std::span<const OptionSpec> CommandOptions();  // each belongs to the commands that list it

const CommandSpec* FindCommand(std::string_view name);  // by name or alias
const OptionSpec* FindOption(const CommandSpec& command, std::string_view name);
std::vector<const OptionSpec*> OwnOptions(const CommandSpec& command);
std::vector<std::string_view> Words(std::string_view list);  // "a b" -> a, b

}  // namespace stir::cli
