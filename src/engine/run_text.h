// What a run did, in a page: what came in and what did not, what the gates said, what went out, what failed and who was
// told.
#pragma once

#include <span>
#include <string>

#include "store/records.h"

namespace stir::engine {

// From the rows of the store alone, so that the end of a run and `runs show` say the same. Tables and lines separated
// by line ends, without one at the end; empty for a run that neither moved rows nor decided nor failed. `tasks`: as the
// store lists them. `alerts`: the run's messages.
std::string RunText(std::span<const store::Task> tasks, std::span<const store::Message> alerts);

}  // namespace stir::engine
