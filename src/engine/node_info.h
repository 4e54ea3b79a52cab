// The parts of dbt's event data that several events share: who a node is and how it ended. Internal to the narrator.
#pragma once

#include <string_view>

#include "base/json.h"
#include "engine/narrator.h"

namespace stir::engine {

// The key `node_info` and its object. `status`: "started", "success", ...; "None" before anything is known.
void WriteNodeInfo(JsonWriter& json, const NodeStory& story, std::string_view status);
// A result's object, without its key.
void WriteRunResult(JsonWriter& json, const project::NodeResult& result);

}  // namespace stir::engine
