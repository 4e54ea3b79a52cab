// What a task of a run stands for, and how tasks are expanded: a pipeline's definition becomes the plan's first tasks,
// a selection its nodes, a loop its items.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/narrator.h"
#include "graph/graph.h"
#include "graph/node_set.h"
#include "jinja/value.h"
#include "platform/definitions.h"
#include "project/manifest.h"
#include "scheduler/plan.h"

namespace stir::engine {

// Of tasks that are processes, which outlive whoever starts them.
constexpr bool IsProcessKind(std::string_view kind) { return kind == "shell" || kind == "python" || kind == "ssh"; }

// One task of the plan, by TaskId beside it.
struct RunTask {
  const platform::Task* definition = nullptr;  // the pipeline's task that it is, or that it was expanded from
  std::string kind, subject;                   // as stored: "ingest", "sales_us_east"; "model", "model.shop.orders"
  std::optional<graph::NodeId> node;           // a node of a selection
  enum class Hooks : uint8_t { kNone, kStart, kEnd } hooks = Hooks::kNone;  // the project's on-run-start or on-run-end
  bool in_loop = false;
  jinja::Value item;  // of a loop
  int64_t index = 0;

  bool IsProcess() const { return !IsLoop() && IsProcessKind(kind); }
  bool IsNodeWork() const { return node.has_value() || hooks != Hooks::kNone; }
  bool IsLoop() const { return !IsNodeWork() && !in_loop && !definition->for_each.IsUndefined(); }
  // Is replaced by tasks of its own when it starts.
  bool Expands() const { return IsLoop() || (!IsNodeWork() && platform::IsSelection(definition->kind)); }
};

// Specs with what each stands for; needs and targets are indexes into them.
struct TaskList {
  std::vector<scheduler::TaskSpec> specs;
  std::vector<RunTask> tasks;
};

// The lane of node work: as wide as the profile's threads.
inline constexpr std::string_view kThreadsLane = "(threads)";
// The lane of publications, one at a time: each keeps all of the engine's cores busy; two at once take twice the memory
// and are done no sooner.
inline constexpr std::string_view kPublishLane = "(publish)";

// The pipeline's tasks, groups flattened. `durations`: of earlier runs, by task; they weigh the longest path.
TaskList TasksOf(const platform::Pipeline& pipeline, const std::map<std::string, Duration>& durations);
// One task for each item of a loop.
Result<TaskList> ItemsOf(const jinja::Value& items, const platform::Task& definition, const std::string& name);
// The nodes that a bound selection chooses, with hooks around them where the project has any; `selected` gets the
// nodes.
Result<TaskList> NodesOf(const platform::Task& bound, const platform::Task& definition, const std::string& name,
                         const project::Manifest& manifest, SourceMap& sources, const Narrator& narrator,
                         graph::NodeSet& selected);

// The plan's id of a pipeline's task or, for a group, nothing.
std::optional<scheduler::TaskId> IdOf(const platform::Pipeline& pipeline, platform::TaskIndex index);

}  // namespace stir::engine
