// Who a node is, as dbt's events say it under the key `node_info`.
#pragma once

#include <string_view>

#include "base/clock.h"
#include "base/json.h"
#include "project/manifest.h"

namespace stir::project {

// The key and its object. `status`: "started", "executing", "success", ...; "None" before anything is known. A time
// that is zero is not told.
void WriteNodeInfo(JsonWriter& json, const Node& node, std::string_view status, Timestamp started_at,
                   Timestamp finished_at);

}  // namespace stir::project
