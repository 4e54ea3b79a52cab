// `stir up`: one process that follows the schedules of a project. It decides (scheduler/clockwork.h), writes every
// decision to the store before it acts on it, runs several runs at once with the same executor as the command line, and
// reads the project anew when its files change.
#pragma once

#include "base/result.h"
#include "engine/commands.h"
#include "engine/host.h"
#include "engine/options.h"

namespace stir::engine {

// Returns when host.cancel is requested: what runs is stopped and left for the next service to go on with. Fails when
// another service has the project, or when the project cannot be read at the beginning.
Result<CommandResult> RunService(const Host& host, const Options& options);

}  // namespace stir::engine
