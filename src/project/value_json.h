// Template values as JSON, streamed.
#pragma once

#include "base/json.h"
#include "jinja/value.h"

namespace stir::project {

// Undefined and what has no JSON form (functions) are null; other objects are their text.
void WriteValue(JsonWriter& json, const jinja::Value& value);

}  // namespace stir::project
