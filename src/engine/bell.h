// How a command tells a running service that the store has changed: a file that is written, and watched. Who is not
// heard loses nothing: the service looks by itself once a minute.
#pragma once

#include "base/files.h"
#include "engine/state_folder.h"

namespace stir::engine {

std::filesystem::path BellOf(const StateFolder& folder);
Status RingBell(Files& files, const StateFolder& folder);

}  // namespace stir::engine
