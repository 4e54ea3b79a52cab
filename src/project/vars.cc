#include "project/vars.h"

#include <algorithm>

namespace stir::project {

using jinja::Value;

namespace {

const Value* FindInVars(const Value* vars, std::string_view package, std::string_view name) {
  if (!vars || !vars->IsDict()) return nullptr;
  if (const Value* scoped = vars->AsDict().Find(package); scoped && scoped->IsDict()) {
    if (const Value* value = scoped->AsDict().Find(name)) return value;
  }
  return vars->AsDict().Find(name);
}

}  // namespace

const Value* FindVarIn(const Value& command_line, const Value& root, const Value* own, std::string_view package,
                       std::string_view name) {
  if (command_line.IsDict()) {
    if (const Value* value = command_line.AsDict().Find(name)) return value;
  }
  if (const Value* value = FindInVars(&root, package, name)) return value;
  return FindInVars(own, package, name);
}

Value AllVars(const Manifest& manifest, const Value& command_line, std::string_view package) {
  Value all = Value::MakeDict();
  const auto add = [&all](const Value* vars) {
    if (!vars || !vars->IsDict()) return;
    for (const auto& [name, value] : vars->AsDict().entries()) all.AsDict().Set(name.AsString(), value);
  };
  const auto add_package = [&](const Value& vars) {
    add(&vars);
    if (vars.IsDict()) add(vars.AsDict().Find(package));
  };
  const auto own = std::ranges::find(manifest.packages(), package, &Package::name);
  if (own != manifest.packages().end()) add_package(own->vars);
  add_package(manifest.packages().front().vars);
  add(&command_line);
  return all;
}

}  // namespace stir::project
