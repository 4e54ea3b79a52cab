// YAML nodes as frozen values, as written or with the Jinja in their texts rendered natively (dbt's YAML rendering).
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "jinja/template.h"
#include "jinja/value.h"
#include "yaml/node.h"

namespace stir::project {

// As written. Dates become ISO texts, as dbt keeps them in configurations.
jinja::Value ValueOf(const yaml::Node& node);

// True when the text holds Jinja, so that rendering may change it.
bool HasJinja(std::string_view text);

// A text natively rendered: one expression keeps its type. `node` is the scalar that it stands in.
Result<jinja::Value> RenderScalar(const yaml::Node& node, jinja::Scope& scope,
                                  jinja::UndefinedPolicy undefined = jinja::UndefinedPolicy::kDefault);
// The whole node rendered; values under keys that `keep` returns true for stay as written. All errors at once.
Result<jinja::Value> RenderTree(const yaml::Node& node, jinja::Scope& scope,
                                const std::function<bool(std::string_view key)>& keep = {});

// The node of a text: a template with its place, for rendering later.
Result<std::shared_ptr<const jinja::Template>> TemplateOf(const yaml::Node& node);

// "a string", "a list", "a mapping", "null", ...: what an error says it saw.
std::string_view Describe(const yaml::Node& node);

}  // namespace stir::project
