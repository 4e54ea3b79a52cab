// Where a node's relation is: generate_database_name, generate_schema_name and generate_alias_name, then the adapter's
// rendering.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "project/config.h"
#include "project/project_context.h"

namespace stir::project {

struct RelationNames {
  std::string database, schema, alias;
};

// What the naming macros may ask about the node.
struct NamedNode {
  ResourceType type = ResourceType::kModel;
  std::string_view name, unique_id, path, original_file_path;
  std::span<const std::string_view> fqn;
  std::string_view version;  // of a model; empty without
};

// Calls (and notes in `reads`) the macros of the node's package, of the root project, or the built-in rule: the custom
// schema after the target's.
Result<RelationNames> NameRelation(const NamedNode& node, const Config& config, const PackageContext& package,
                                   Reads& reads);

// Which naming macros count for nodes of `package`.
NamingMacros FindNamingMacros(std::string_view package, const MacroIndex& macros);

}  // namespace stir::project
