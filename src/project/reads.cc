// Lists are short, so they are searched rather than hashed.
#include "project/reads.h"

#include <algorithm>

namespace stir::project {

namespace {

template <typename T, typename U>
void AddOnce(std::vector<T>& list, const U& item) {
  if (std::ranges::find(list, item) == list.end()) list.emplace_back(item);
}

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; }

}  // namespace

void Reads::AddMacro(const Macro& macro) {
  if (std::ranges::find(macros, macro.id) != macros.end()) return;
  macros.push_back(macro.id);
  uncertain = uncertain || UsesChance(macro.sql);
}

void Reads::AddVar(std::string_view name) { AddOnce(vars, name); }
void Reads::AddVariable(std::string_view name) { AddOnce(environment, name); }

void Reads::Add(const Reads& other) {
  for (MacroId macro : other.macros) AddOnce(macros, macro);
  for (const std::string& name : other.vars) AddOnce(vars, name);
  for (const std::string& name : other.environment) AddOnce(environment, name);
  flags = flags || other.flags;
  target = target || other.target;
  docs = docs || other.docs;
  others = others || other.others;
  uncertain = uncertain || other.uncertain;
}

// A filter stands behind a bar, in quotes (as an argument of `map`), or in a block; SQL's own random() does not.
bool UsesChance(std::string_view text) {
  constexpr std::string_view kName = "random", kBlock = "filter";
  for (size_t at = text.find(kName); at != std::string_view::npos; at = text.find(kName, at + 1)) {
    size_t end = at;
    while (end > 0 && IsBlank(text[end - 1])) --end;
    const std::string_view before = text.substr(0, end);
    if (before.ends_with('|') || before.ends_with('\'') || before.ends_with('"') || before.ends_with(kBlock))
      return true;
  }
  return false;
}

}  // namespace stir::project
