// The methods of `adapter` by name: queries and relations in adapter_methods.cc, names, types and macros in
// adapter_naming.cc, what snapshots ask in adapter_snapshots.cc, what concerns files in adapter_files.cc.
#pragma once

#include <string_view>

#include "jinja/template.h"
#include "runtime/node_run.h"

namespace stir::runtime {

using AdapterMethod = Result<jinja::Value> (*)(NodeRun& run, jinja::CallContext& context,
                                               const jinja::Arguments& arguments);

struct AdapterEntry {
  std::string_view name;
  AdapterMethod method;
};

// Null when the adapter has no method of that name.
AdapterMethod FindAdapterMethod(std::string_view name);
AdapterMethod FindNamingMethod(std::string_view name);
AdapterMethod FindSnapshotMethod(std::string_view name);
AdapterMethod FindFilesMethod(std::string_view name);

// The relation of an argument, or an error that names the callee.
Result<adapter::Relation> RelationArgument(std::string_view callee, const jinja::Value& value);
// The columns of a relation, through the macro that a project may replace.
Result<std::vector<jinja::Value>> ColumnsOf(NodeRun& run, jinja::CallContext& context, const jinja::Value& relation);

}  // namespace stir::runtime
