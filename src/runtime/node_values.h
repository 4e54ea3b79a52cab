// Nodes as the dicts that templates read: `model`, and `graph` with every node of the project.
#pragma once

#include <string_view>

#include "jinja/value.h"
#include "project/manifest.h"

namespace stir::runtime {

struct CompiledNode;

enum class Nulls : uint8_t { kKept, kLeftOut };

// A fresh dict, the caller's to change. `compiled`: adds the compiled SQL when given.
jinja::Value NodeDict(const project::Manifest& manifest, const project::Node& node, Nulls nulls,
                      const CompiledNode* compiled = nullptr);

// `graph`: nodes, sources, exposures, groups, ...; each node's dict is made when it is looked at. Valid as long as the
// manifest.
jinja::Value MakeGraph(const project::Manifest& manifest);

}  // namespace stir::runtime
