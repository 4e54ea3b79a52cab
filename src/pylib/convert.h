// Between the document types and template values: YAML nodes and JSON to values, values to JSON and YAML text, Python's
// way.
#pragma once

#include <string>

#include "base/json.h"
#include "base/result.h"
#include "jinja/value.h"
#include "yaml/node.h"

namespace stir::pylib {

jinja::Value FromYaml(const yaml::Node& node);  // dates become pylib's date and datetime objects
jinja::Value FromJson(const Json& json);
Result<Json> ToJson(const jinja::Value& value);  // dates and Decimals as dbt's encoder does (ISO text, float)
// json.dumps(value, sort_keys=...): ", " and ": " separators, non-ASCII escaped.
Result<std::string> DumpJson(const jinja::Value& value, bool sort_keys = false);
// yaml.safe_dump(value, sort_keys=...).
Result<std::string> DumpYaml(const jinja::Value& value, bool sort_keys = false);

}  // namespace stir::pylib
