// The names that texts of stir/*.yml may use: dbt's own for YAML (env_var, var, target, modules, ...) at any time, and
// what only a run knows (the interval, parameters, outputs of tasks) once there is a run.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "jinja/template.h"
#include "platform/definitions.h"
#include "platform/reader.h"
#include "platform/secrets.h"
#include "project/base_context.h"
#include "project/invocation.h"
#include "project/manifest.h"
#include "project/profile.h"
#include "scheduler/calendar.h"

namespace stir::platform {

// Names that are known before any run. The references must outlive it; one serves all threads.
class ProjectValues {
 public:
  ProjectValues(const project::Invocation& invocation, const project::Manifest& manifest,
                const project::Target& target);
  bool Lookup(std::string_view name, jinja::Value& value) const;
  const jinja::Value& modules() const { return modules_; }

 private:
  project::BaseContext base_;
  jinja::Value var_, modules_;
};

// For LoadDefinitions: a run's names are there, without values.
class LoadScope final : public LoadTimeScope {
 public:
  explicit LoadScope(const ProjectValues& values) : values_(values) {}
  bool Lookup(std::string_view name, jinja::Value& value) override;
  bool TakeLate() override { return std::exchange(late_, false); }

 private:
  const ProjectValues& values_;
  bool late_ = false;
};

// Every name that a run gives, sorted. `ds` and its kin are in the pipeline's time zone, datetimes in UTC.
const std::vector<std::string>& RunNames();
// What to write instead of a name that Airflow once had; empty when it never had it.
std::string_view ReplacementOf(std::string_view name);

struct TaskFacts {
  std::string state;     // "success"
  jinja::Value outputs;  // a dict, for loops a list of dicts; undefined: none yet
};

// What a run knows.
struct RunFacts {
  std::string run_id, pipeline;
  scheduler::Interval interval;
  scheduler::Zone zone = scheduler::Zone::Utc();
  jinja::Value params;                                  // a dict
  std::optional<scheduler::Interval> previous_success;  // of the same pipeline
  std::map<std::string, TaskFacts, std::less<>> tasks;  // by name, "extract.us_east"
  std::string task;                                     // the one that asks; empty: the run itself
  int attempt = 1;
  jinja::Value item;  // of a loop; undefined outside
  int64_t index = 0;
};

// For the Bind functions, and for rendering a task. References must outlive it; used by one thread.
class RunScope final : public jinja::Scope {
 public:
  RunScope(const ProjectValues& values, const Definitions& definitions, Secrets& secrets, RunFacts facts);
  bool Lookup(std::string_view name, jinja::Value& value) override;

 private:
  using Maker = jinja::Value (*)(const RunScope&);
  static const std::map<std::string_view, Maker>& Makers();
  friend const std::vector<std::string>& RunNames();
  Timestamp LogicalDate() const { return facts_.interval.start; }
  std::string DateText(Timestamp time) const;
  std::string TimeText(Timestamp time) const;
  std::string CompactTime(Timestamp time) const;
  jinja::Value MakeTasks() const;
  jinja::Value MakeConn() const;
  jinja::Value MakeMacros() const;
  jinja::Value MakeDag() const;
  jinja::Value MakeDagRun() const;
  jinja::Value MakeTaskInstance() const;
  jinja::Value MakeSecret() const;

  const ProjectValues& values_;
  const Definitions& definitions_;
  Secrets& secrets_;
  const RunFacts facts_;
};

}  // namespace stir::platform
