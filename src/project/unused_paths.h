// Configuration in dbt_project.yml that is of no node.
#pragma once

#include "project/project_context.h"

namespace stir::project {

void WarnUnusedPaths(const Manifest& manifest, const PackageContext& root, Diagnostics& warnings);

}  // namespace stir::project
