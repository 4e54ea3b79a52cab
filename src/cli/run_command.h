// The frame around every command that tells its story: where lines go, ^C, the first and the last event, the exit code.
#pragma once

#include <functional>

#include "base/result.h"
#include "cli/arguments.h"
#include "cli/session.h"
#include "engine/commands.h"

namespace stir::cli {

using Command = std::function<Result<engine::CommandResult>(const engine::Host&, const engine::Options&)>;

// 0: it succeeded, 1: something that it ran failed, 2: it could not be carried out (and why was reported).
int RunCommand(const Arguments& arguments, Session& session, const Command& command);

}  // namespace stir::cli
