// `branch`, `gate` and `notify` tasks: nothing is done here but to look at the run's values and say what follows.
#include <fmt/format.h>

#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/task_job.h"

namespace stir::engine {
namespace {

std::string Printed(const jinja::Value& value) {
  auto text = value.Str();
  return text.ok() ? *text : std::string(value.TypeName());
}

// A condition written as text is no decision: '{{ a }} > 5' would always hold.
Status CheckCondition(const jinja::Value& value, Span span) {
  if (!value.IsString()) return {};
  const std::string text = ToLower(Strip(value.AsString()));
  if (text.empty() || text == "true" || text == "false") return {};
  return Diagnostic(kBadCondition,
                    fmt::format("the condition is the text `{}`, neither true nor false", Printed(value)), span)
      .Hint("put the whole comparison between `{{` and `}}`");
}

bool Holds(const jinja::Value& value) {
  if (value.IsString()) return ToLower(Strip(value.AsString())) == "true";
  return value.Truthy();
}

std::string NamesOf(const platform::Pipeline& pipeline, const std::vector<platform::TaskIndex>& tasks) {
  std::string names;
  for (platform::TaskIndex task : tasks)
    names += fmt::format("{}{}", names.empty() ? "" : ", ", pipeline.tasks[task].name);
  return names;
}

}  // namespace

TaskResult RunBranchTask(TaskJob& job, const platform::Task& bound) {
  TaskResult result;
  for (const platform::BranchArm& arm : bound.arms) {
    if (!arm.otherwise) {
      if (Status good = CheckCondition(arm.when, arm.span); !good.ok()) return FailedTask(good.error());
      if (!Holds(arm.when)) continue;
    }
    result.chosen = arm.to;
    break;
  }
  result.message = result.chosen.empty() ? "no way is open" : "goes on with " + NamesOf(job.pipeline, result.chosen);
  job.log.Write(result.message);
  return result;
}

TaskResult RunGateTask(TaskJob& job, const platform::Task& bound) {
  if (Status good = CheckCondition(bound.condition, bound.span); !good.ok()) return FailedTask(good.error());
  TaskResult result;
  result.outcome.gate_open = Holds(bound.condition);
  result.message = result.outcome.gate_open ? "open" : "closed";
  job.log.Write("the gate is " + result.message);
  return result;
}

TaskResult RunNotifyTask(TaskJob& job, const platform::Task& bound) {
  TaskResult result;
  for (const auto& channel : bound.channels) result.alert_channels.push_back(*channel);
  result.message = *bound.text;
  job.log.Write(result.message);
  return result;
}

}  // namespace stir::engine
