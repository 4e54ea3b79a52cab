// What a whole project must keep to: groups that exist, access to models, configurations that fit their kind.
#pragma once

#include "base/clock.h"
#include "base/result.h"
#include "project/manifest.h"

namespace stir::project {

// Reads a finished manifest. `now` decides which models are past their deprecation date. All problems at once.
void CheckManifest(const Manifest& manifest, Timestamp now, Diagnostics& errors, Diagnostics& warnings);

}  // namespace stir::project
