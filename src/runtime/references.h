// ref() and source() at run time: relations of the nodes that parsing resolved.
#pragma once

#include "jinja/value.h"

namespace stir::runtime {

class NodeRun;

jinja::Value MakeRef(NodeRun& run);
jinja::Value MakeSource(NodeRun& run);

}  // namespace stir::runtime
