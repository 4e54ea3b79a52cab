// The names that templates of every phase see (dbt's base, target and configured contexts, dbt.md 2.2): env_var,
// fromjson, tojson, log, modules, flags, target, run_started_at, exceptions, ... The parse context here and the
// run-time context of `runtime` are built on it; `var` is made beside it, because its values differ by package.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.h"
#include "base/result.h"
#include "jinja/template.h"
#include "jinja/value.h"
#include "project/invocation.h"
#include "project/reads.h"
#include "project/text_map.h"

namespace stir::project {

// Immutable after construction; one serves all threads. The invocation's pointers must outlive it.
class BaseContext {
 public:
  // `target`: the dict of the active target, undefined where there is none yet. `project_name` may be empty.
  BaseContext(const Invocation& invocation, jinja::Value target, std::string_view project_name);
  bool Lookup(std::string_view name, jinja::Value& value) const;  // all names but `var`
  const Clock& clock() const { return clock_; }
  const jinja::Value& behavior() const { return behavior_; }          // adapter.behavior
  const jinja::Value& command_line() const { return command_line_; }  // --vars
  jinja::Value Modules(const Clock& clock) const;                     // `modules`; the clock outlives it

 private:
  void Add(std::string name, jinja::Function function);

  const Clock& clock_;
  const std::shared_ptr<const WarningSink> warnings_;
  TextMap<jinja::Value> names_;
  jinja::Value behavior_, command_line_;
};

// A base context for one rendering that notes what is read of it. Values found here must not outlive it.
class NotedContext {
 public:
  NotedContext(const BaseContext& base, Reads& reads) : base_(base), reads_(reads) {}
  bool Lookup(std::string_view name, jinja::Value& value);
  Reads& reads() { return reads_; }

 private:
  const BaseContext& base_;
  Reads& reads_;
  std::unique_ptr<Clock> clock_;
};

// log(): `about`, where there is one, adds to the data of its event.
jinja::Function MakeLog(EventSink* events, std::function<void(JsonWriter& json)> about);

// Finds a variable's value; null when nobody set it.
using FindVarFunction = std::function<const jinja::Value*(std::string_view name)>;
// Who asks for variables, by name, and a dict of all that it could have: for the error about one that it has not.
struct VarAsker {
  std::string name;
  std::function<jinja::Value()> supplied;
};
// The callable `var`, with `var.has_var`. Texts are themselves rendered against the caller's names. A missing variable
// is an error that names `asker`, or none without an asker (the parse phase).
jinja::Value MakeVar(FindVarFunction find, std::optional<VarAsker> asker);
// The same for properties files, where texts are taken as they are.
jinja::Value MakePlainVar(FindVarFunction find, jinja::Value command_line);
// What asks where there is no node: it is supplied with --vars.
VarAsker ConfigurationAsker(jinja::Value command_line);
// `find`, noting the names that it is asked for.
FindVarFunction Noting(FindVarFunction find, Reads& reads);
// The callable `env_var`. `secrets`: DBT_ENV_SECRET_* may be read (profiles and packages only) and are told to
// `on_secret`.
jinja::Value MakeEnvVar(const Environment& environment, bool secrets,
                        std::function<void(const std::string& value)> on_secret = {});

// The mapping `context`: a scope's names by attribute, item and get(). What `lookup` refers to outlives it.
using LookupFunction = std::function<bool(std::string_view name, jinja::Value& value)>;
jinja::Value MakeNames(LookupFunction lookup);

// Names from a BaseContext and a few of its own: enough for YAML files.
class SimpleScope final : public jinja::Scope {
 public:
  SimpleScope(const BaseContext& base, Reads& reads) : base_(base, reads) {}
  void Set(std::string name, jinja::Value value) { own_.emplace_back(std::move(name), std::move(value)); }
  bool Lookup(std::string_view name, jinja::Value& value) override;

 private:
  NotedContext base_;
  std::vector<std::pair<std::string, jinja::Value>> own_;
};

}  // namespace stir::project
