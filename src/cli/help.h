// Help, usage lines and completion scripts, all written from the command table.
#pragma once

#include <string>
#include <string_view>

#include "cli/command_table.h"

namespace stir::cli {

// Who answers: the name in usage lines, and whether what dbt does not have is left out.
struct Program {
  std::string name = "stir";
  bool as_dbt = false;
};

std::string OverviewHelp(const Program& program);
// The commands of a group: "pipeline".
std::string GroupHelp(std::string_view group, const Program& program);
std::string CommandHelp(const CommandSpec& command, const Program& program);
// "Usage: stir build [OPTIONS]\nTry 'stir build --help' for help.\n"; `command` may be null.
std::string UsageLines(const CommandSpec* command, const Program& program);
std::string VersionText(const Program& program);

enum class Shell : uint8_t { kBash, kZsh, kFish };
std::string CompletionScript(Shell shell);

}  // namespace stir::cli
