// Unit tests: from properties to nodes, their rows read from where they stand.
#pragma once

#include "project/build_nodes.h"

namespace stir::project {

// The model is looked for when everything is joined.
Node BuildUnitTest(const PropertiesFile& file, const UnitTestPatch& test, NodeBuilder& builder);

}  // namespace stir::project
