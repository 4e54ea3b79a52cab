// What Jinja2 calls a context: the names that templates of one inheritance chain share beside their slots, and their
// blocks. A template that neither names others nor has blocks runs without one.
#pragma once

#include <memory>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "jinja/compiled.h"

namespace stir::jinja {

// A block's body and the template it stands in.
struct BlockBody {
  std::shared_ptr<const CompiledTemplate> compiled;
  const Unit* unit = nullptr;
};

struct Context final : RefCounted {
  Ref<Context> outer;     // of an include: what the template around sees
  bool isolated = false;  // an import without context: only Jinja's own globals beside its own names
  std::vector<std::pair<std::string_view, Value>> locals;               // names of the place where it was entered
  Ref<Dict> exports = MakeRef<Dict>();                                  // assigned at the top of a template, by name
  std::unordered_set<std::string_view> imported;                        // exports that importing templates do not get
  std::unordered_map<std::string_view, std::vector<BlockBody>> blocks;  // the most derived first

  void AddBlocks(const std::shared_ptr<const CompiledTemplate>& compiled) {
    for (const BlockStatement* each : compiled->blocks) blocks[each->name].push_back({compiled, each->unit});
  }
  // Lets go of all values: contexts, modules and macros know each other in circles.
  void Clear() {
    outer = {};
    locals.clear();
    exports->Clear();
    blocks.clear();
  }
};

}  // namespace stir::jinja
