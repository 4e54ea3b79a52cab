// `stir init`: the project's name from the argument, or asked for on a terminal.
#include <unistd.h>

#include <iostream>

#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/kinds.h"
#include "cli/session.h"
#include "engine/commands.h"

namespace stir::cli {
namespace {

Result<std::string> NameFor(const Arguments& arguments) {
  std::string name = arguments.Positional(0);
  if (!name.empty()) return name;
  if (isatty(STDIN_FILENO) != 0) {
    fmt::print("Name of the project (lower case letters, digits, underscores): ");
    std::fflush(stdout);
  }
  std::getline(std::cin, name);
  if (name.empty()) return Diagnostic(kBadUsage, "the project needs a name").Hint("for example: stir init my_shop");
  return name;
}

}  // namespace

int RunInit(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  auto name = NameFor(arguments);
  if (!name.ok()) return ReportFailure(name.error(), session);
  const std::string parent = arguments.Text("project-dir");
  const engine::InitRequest request{
      .directory = parent.empty() ? std::filesystem::path(*name) : std::filesystem::path(parent) / *name,
      .name = *name,
      .with_profile = !arguments.Flag("skip-profile-setup")};
  auto result = engine::Init(session.host(), request);
  return result.ok() ? 0 : ReportFailure(result.error(), session);
}

}  // namespace stir::cli
