// What parsing a file asks of the world beside the file itself. With the file it is the key of the result: as long as
// all of it answers the same, the file need not be parsed again.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "project/macros.h"

namespace stir::project {

struct Reads {
  std::vector<MacroId> macros;                 // all that ran, also those called by other macros
  std::vector<std::string> vars, environment;  // names asked for, also those that nobody set
  bool flags = false, target = false, docs = false;
  bool others = false;     // rows and nodes of other files: the result holds only while nothing at all changes
  bool uncertain = false;  // the clock, the invocation's id, chance: never the same twice

  void AddMacro(const Macro& macro);
  void AddVar(std::string_view name);
  void AddVariable(std::string_view name);  // of the environment
  void Add(const Reads& other);
};

// True when the text uses the filter `random`.
bool UsesChance(std::string_view text);

}  // namespace stir::project
