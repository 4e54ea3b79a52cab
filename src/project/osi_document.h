// osi_document.json: the semantic layer in the form of Open Semantic Interchange, for tools that do not know
// MetricFlow. Measures become fields, and metrics one SQL expression each.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "project/dbt_warnings.h"

namespace stir::project {

struct OsiDocument {
  std::string text;
  std::vector<DbtEvent> losses;  // what that form cannot say
};

// `semantic_manifest`: the text of semantic_manifest.json.
Result<OsiDocument> MakeOsiDocument(std::string_view semantic_manifest);

}  // namespace stir::project
