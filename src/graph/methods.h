// The selection methods (`tag:`, `path:`, ...), one table entry each.
#pragma once

#include <span>
#include <string_view>

#include "base/result.h"
#include "graph/node_set.h"
#include "graph/selector.h"

namespace stir::graph {

// Adds the nodes that match the criterion's value; relatives are not its business.
using MatchNodes = Status (*)(const Criterion& criterion, const Selectable& project, NodeSet& matched);
// The same for methods that look at more than the project.
using MatchInContext = Status (*)(const Criterion& criterion, const SelectionContext& context, NodeSet& matched,
                                  Diagnostics& warnings);

struct Method {
  std::string_view name;
  MatchNodes match = nullptr;  // one of the two; `selector` has neither, because evaluation itself follows it
  MatchInContext match_in_context = nullptr;
};

// All of dbt's methods.
std::span<const Method> Methods();
const Method* FindMethod(std::string_view name);

}  // namespace stir::graph
