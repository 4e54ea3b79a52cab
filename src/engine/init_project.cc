// init: the starter project, written under a name.
#include <fmt/format.h>
#include <algorithm>
#include <cctype>

#include "base/strings.h"
#include "embedded/embedded.h"
#include "engine/commands.h"
#include "engine/kinds.h"
#include "engine/narrator.h"

namespace stir::engine {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPlaceholder = "__project__";

Status CheckName(const std::string& name) {
  const bool starts =
      !name.empty() && (std::islower(static_cast<unsigned char>(name.front())) != 0 || name.front() == '_');
  const bool rest = std::ranges::all_of(name, [](char c) {
    return std::islower(static_cast<unsigned char>(c)) != 0 || std::isdigit(static_cast<unsigned char>(c)) != 0 ||
           c == '_';
  });
  if (starts && rest) return {};
  return Diagnostic(kBadProjectName, fmt::format("`{}` cannot be the name of a project", name))
      .Hint("use lower case letters, digits and underscores, and begin with a letter: `my_shop`");
}

// Files whose own names would act on the repository that holds the starter stand in it under another one.
std::string NameInProject(std::string_view path) {
  if (path == "gitignore") return ".gitignore";
  return path == "readme.md" ? "README.md" : std::string(path);
}

}  // namespace

Result<CommandResult> Init(const Host& host, const InitRequest& request) {
  STIR_TRY(CheckName(request.name));
  if (host.files.Exists(request.directory)) {
    STIR_ASSIGN(const std::vector<WalkEntry> present, host.files.Walk(request.directory));
    if (!present.empty()) {
      return Diagnostic(kProjectExists, fmt::format("the folder `{}` is not empty", request.directory.string()))
          .Hint("give another name, or remove what is in it");
    }
  }
  for (const embedded::EmbeddedFile& file : embedded::Starter()) {
    if (file.path == "profiles.yml" && !request.with_profile) continue;
    const fs::path path = request.directory / NameInProject(file.path);
    STIR_TRY(host.files.Write(path, ReplaceAll(file.text, kPlaceholder, request.name)));
  }
  const Narrator narrator(host.events, host.sources, {});
  narrator.Print(
      fmt::format("The project `{0}` is in {1}. Next:\n\n  cd {1}\n  stir build             # seed, models, tests\n"
                  "  stir show -s daily_sales\n",
                  request.name, request.directory.string()));
  return CommandResult{};
}

}  // namespace stir::engine
