// References between definitions, and from them to the dbt project.
#pragma once

#include "base/result.h"
#include "platform/definitions.h"
#include "project/manifest.h"

namespace stir::platform {

// Fills in the graph ids of sources and models; returns everything that refers to what is not there or does not fit.
Diagnostics ResolveReferences(Definitions& definitions, const project::Manifest& manifest);

}  // namespace stir::platform
