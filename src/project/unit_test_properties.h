// `unit_tests:` of a properties file.
#pragma once

#include "base/result.h"
#include "jinja/template.h"
#include "project/properties.h"

namespace stir::project {

UnitTestPatch ReadUnitTest(const yaml::Node& node, jinja::Scope& scope, Diagnostics& errors, Diagnostics& warnings);

}  // namespace stir::project
