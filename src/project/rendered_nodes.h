// What a run made of the nodes' templates, as far as manifest.json repeats it.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "graph/graph.h"
#include "project/macros.h"

namespace stir::project {

struct RenderedNode {
  struct Cte {
    std::string unique_id, sql;  // sql: " __dbt__cte__orders as (\n...\n)"; empty until it is there
  };
  std::optional<std::string> code;                 // compiled; none: it was not, or could not be
  std::vector<Cte> ctes;                           // the ephemeral models that the code needs
  bool has_ctes = false;                           // they are in the code
  std::string compiled_path, build_path;           // below the project's folder; empty: nothing was written
  std::string relation_name;                       // what the run gave it in place of the parsed one; empty: nothing
  int hook_number = 0;                             // a hook's place among those that were run with it, from 1
  std::map<std::string, std::string> key_targets;  // what foreign keys point at, as written -> the relation
  std::vector<MacroId> macros;                     // that rendering called and parsing did not know of
};

using RenderedNodes = std::unordered_map<graph::NodeId, RenderedNode>;

}  // namespace stir::project
