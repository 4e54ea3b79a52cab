// `semantic_models:`, `metrics:` and `saved_queries:` of a properties file: read, checked in shape, and put into the
// form of dbt's artifact. What only a semantic layer would know of them is not checked.
#pragma once

#include "base/result.h"
#include "project/parse_context.h"
#include "project/properties.h"

namespace stir::project {

SemanticPatch ReadMetric(const yaml::Node& node, jinja::Scope& scope, Diagnostics& errors, Diagnostics& warnings);
// The second and later ones are the metrics that its measures ask to be created.
std::vector<SemanticPatch> ReadSemanticModel(const yaml::Node& node, const ParseContext& context, jinja::Scope& scope,
                                             Diagnostics& errors, Diagnostics& warnings);
SemanticPatch ReadSavedQuery(const yaml::Node& node, const ParseContext& context, jinja::Scope& scope,
                             Diagnostics& errors, Diagnostics& warnings);

}  // namespace stir::project
