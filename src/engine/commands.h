// dbt's commands, each one function that reads as its phases. A failed Result means the command could not be carried
// out (exit code 2); a CommandResult that is no success means something that it ran failed (exit code 1).
#pragma once

#include <filesystem>
#include <string>

#include "base/result.h"
#include "engine/host.h"
#include "engine/options.h"

namespace stir::engine {

struct CommandResult {
  bool success = true;
};

Result<CommandResult> Build(const Host& host, const Options& options);
Result<CommandResult> Run(const Host& host, const Options& options);
Result<CommandResult> Test(const Host& host, const Options& options);
Result<CommandResult> Seed(const Host& host, const Options& options);
Result<CommandResult> Snapshot(const Host& host, const Options& options);
Result<CommandResult> Compile(const Host& host, const Options& options);
Result<CommandResult> Show(const Host& host, const Options& options);
Result<CommandResult> List(const Host& host, const Options& options);
Result<CommandResult> Parse(const Host& host, const Options& options);
Result<CommandResult> Debug(const Host& host, const Options& options);
Result<CommandResult> RunOperation(const Host& host, const Options& options);
Result<CommandResult> Retry(const Host& host, const Options& options);
Result<CommandResult> Clone(const Host& host, const Options& options);
Result<CommandResult> CheckFreshness(const Host& host, const Options& options);
Result<CommandResult> GenerateDocs(const Host& host, const Options& options);
Result<CommandResult> InstallPackages(const Host& host, const Options& options);
Result<CommandResult> Clean(const Host& host, const Options& options);

struct InitRequest {
  std::filesystem::path directory;  // the project's folder; it may exist when it is empty
  std::string name;                 // lower case letters, digits, underscores
  bool with_profile = true;
};
// Writes a project that runs at once. Refuses a folder that holds anything already.
Result<CommandResult> Init(const Host& host, const InitRequest& request);

}  // namespace stir::engine
