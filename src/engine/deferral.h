// What --defer and `clone` read of another run: which relations its manifest.json says it built.
#pragma once

#include "base/result.h"
#include "engine/host.h"
#include "engine/options.h"
#include "project/manifest.h"
#include "runtime/runner.h"

namespace stir::engine {

// The relations of nodes that this project has too, from --defer-state, else --state. Nothing without --defer, unless
// `required`.
Result<runtime::Deferral> ReadDeferral(const Host& host, const Options& options, const project::Manifest& manifest,
                                       bool required);

}  // namespace stir::engine
