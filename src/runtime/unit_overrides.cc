#include "runtime/unit_overrides.h"

#include <map>

#include <fmt/format.h>

#include "project/base_context.h"
#include "runtime/node_names.h"
#include "runtime/object_tools.h"

namespace stir::runtime {

namespace {

using jinja::Arguments;
using jinja::CallContext;
using jinja::Value;

Value Answering(std::string name, const Value& value) {
  return jinja::MakeFunction(std::move(name),
                             [value](CallContext&, const Arguments&) -> Result<Value> { return project::Thaw(value); });
}

using Members = std::vector<std::pair<std::string, Value>>;

// A package with some of its macros replaced.
class ChangedNamespace final : public jinja::Object {
 public:
  ChangedNamespace(Value package, Members members) : package_(std::move(package)), members_(std::move(members)) {}
  std::string_view TypeName() const override { return "MacroNamespace"; }
  Result<std::optional<Value>> GetAttribute(CallContext& context, std::string_view name) override {
    for (const auto& [member, value] : members_)
      if (member == name) return {value};
    jinja::Object* package = package_.AsObject();
    return package ? package->GetAttribute(context, name) : Result<std::optional<Value>>(std::nullopt);
  }
  Result<std::optional<Value>> GetItem(CallContext& context, const Value& key) override {
    return key.IsString() ? GetAttribute(context, key.AsString()) : Result<std::optional<Value>>(std::nullopt);
  }

 private:
  Value package_;
  Members members_;
};

const Value* Section(const Value& overrides, std::string_view name) {
  const Value* found = overrides.IsDict() ? overrides.AsDict().Find(name) : nullptr;
  return found && found->IsDict() && found->AsDict().size() > 0 ? found : nullptr;
}

// "is_incremental" and "dbt_utils.star". What is built in is replaced under both of its names.
void OverrideMacros(NodeRun& run, const Value& macros) {
  std::map<std::string, Members, std::less<>> packages;
  const project::MacroIndex& known = run.manifest().macros();
  for (const auto& [key, value] : macros.AsDict().entries()) {
    if (!key.IsString()) continue;
    const std::string_view text = key.AsString();
    const size_t dot = text.find('.');
    const std::string package(dot == text.npos ? std::string_view() : text.substr(0, dot));
    const std::string name(dot == text.npos ? text : text.substr(dot + 1));
    if (package.empty()) {
      const bool macro = known.Resolve(run.node().package, name) != nullptr;
      run.Override(name, macro ? Answering(name, value) : project::Thaw(value));
      if (known.Find("dbt", name)) packages["dbt"].emplace_back(name, Answering(name, value));
    } else if (known.Find(package, name)) {
      packages[package].emplace_back(name, Answering(name, value));
      if (package == "dbt") run.Override(name, Answering(name, value));
    }
  }
  for (auto& [package, members] : packages) {
    Value original;
    if (run.Lookup(package, original))
      run.Override(package, Value::New<ChangedNamespace>(original, std::move(members)));
  }
}

void OverrideVars(NodeRun& run, const Value& vars) {
  const auto find = [&run, vars](std::string_view name) {
    const Value* own = vars.AsDict().Find(name);
    return own ? own : run.manifest().FindVar(run.node().package, name);
  };
  run.Override("var", project::MakeVar(find, AskerOf(run)));
}

void OverrideEnvironment(NodeRun& run, const Value& variables) {
  Value original;
  run.LookupBuiltin("env_var", original);
  run.Override("env_var",
               jinja::MakeFunction(
                   "env_var", [variables, original](CallContext& context, const Arguments& arguments) -> Result<Value> {
                     if (!arguments.positional.empty() && arguments.positional[0].IsString()) {
                       const Value* own = variables.AsDict().Find(arguments.positional[0].AsString());
                       if (own) return *own;
                     }
                     return context.Call(original, arguments);
                   }));
}

}  // namespace

void ApplyOverrides(NodeRun& run, const Value& overrides) {
  if (const Value* vars = Section(overrides, "vars")) OverrideVars(run, *vars);
  if (const Value* variables = Section(overrides, "env_vars")) OverrideEnvironment(run, *variables);
  if (const Value* macros = Section(overrides, "macros")) OverrideMacros(run, *macros);
}

}  // namespace stir::runtime
