// ref(), source() and function() at run time: relations of the nodes that parsing resolved.
#pragma once

#include "jinja/value.h"

namespace stir::runtime {

class NodeRun;

jinja::Value MakeRef(NodeRun& run);
jinja::Value MakeSource(NodeRun& run);
jinja::Value MakeFunctionReference(NodeRun& run);

}  // namespace stir::runtime
