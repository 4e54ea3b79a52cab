// selectors.yml: named selections, as graph evaluates them and as dbt's artifact shows them.
#pragma once

#include <vector>

#include "base/result.h"
#include "base/source_map.h"
#include "graph/selector.h"
#include "jinja/template.h"
#include "jinja/value.h"

namespace stir::project {

struct SelectorsFile {
  std::vector<graph::NamedSelector> selectors;
  jinja::Value artifact;  // dict by name, in dbt's normal form; frozen
};

// Jinja in the file is rendered in `scope`. All errors at once.
Result<SelectorsFile> ReadSelectors(const SourceMap& sources, SourceId file, jinja::Scope& scope);

}  // namespace stir::project
