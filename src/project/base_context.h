// The names that templates of every phase see (dbt's base, target and configured contexts, dbt.md 2.2): var, env_var,
// fromjson, tojson, log, modules, flags, target, run_started_at, ... The parse context here and the run-time context of
// `runtime` are built on it.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "jinja/template.h"
#include "jinja/value.h"
#include "project/invocation.h"

namespace stir::project {

// Finds a variable's value; null when nobody set it.
using FindVarFunction = std::function<const jinja::Value*(std::string_view name)>;

// Immutable after construction; one serves all threads.
class BaseContext {
 public:
  // `target`: the dict of the active target, or undefined where there is none yet.
  BaseContext(const Invocation& invocation, jinja::Value target, std::string project_name);
  bool Lookup(std::string_view name, jinja::Value& value) const;  // all names but `var`

 private:
  std::unordered_map<std::string, jinja::Value> names_;
};

// The callable `var`, with `var.has_var`. Text values are themselves rendered against the caller's names. A missing variable is an
// error, or none when `lenient` (the parse phase).
jinja::Value MakeVar(FindVarFunction find, bool lenient);
// The callable `env_var`. `secrets`: DBT_ENV_SECRET_* may be read (profiles and packages only).
jinja::Value MakeEnvVar(const Environment& environment, bool secrets);

}  // namespace stir::project
