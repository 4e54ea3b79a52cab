// `config` at run time: the node's final configuration to read; calling it changes nothing any more.
#pragma once

#include "jinja/value.h"
#include "project/manifest.h"

namespace stir::runtime {

// Valid as long as the node.
jinja::Value MakeConfig(const project::Node& node);

}  // namespace stir::runtime
