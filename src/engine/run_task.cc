#include "engine/run_task.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "engine/kinds.h"
#include "engine/node_plan.h"
#include "engine/select.h"

namespace stir::engine {
namespace {

using platform::TaskKind;
using scheduler::TaskId;
using scheduler::TaskSpec;

// A group's rule is that of the tasks it begins with.
scheduler::TriggerRule RuleOf(const platform::Pipeline& pipeline, platform::TaskIndex index) {
  const platform::Task& task = pipeline.tasks[index];
  if (task.rule != scheduler::TriggerRule::kDefault) return task.rule;
  for (int group = task.group; group >= 0; group = pipeline.tasks[static_cast<size_t>(group)].group) {
    const auto& entries = pipeline.wired.entries[static_cast<size_t>(group)];
    const auto rule = pipeline.tasks[static_cast<size_t>(group)].rule;
    if (rule != scheduler::TriggerRule::kDefault && std::ranges::find(entries, index) != entries.end()) return rule;
  }
  return scheduler::TriggerRule::kDefault;
}

// Most of its time nobody works on it.
bool OnlyLooks(const platform::Task& task) { return task.kind == TaskKind::kWait || task.kind == TaskKind::kTrigger; }

TaskSpec SpecOf(const platform::Task& task, std::string name) {
  TaskSpec spec;
  spec.name = std::move(name);
  spec.is_gate = task.kind == TaskKind::kGate;
  spec.allow_failure = task.allow_failure;
  if (!OnlyLooks(task)) spec.pool = task.pool, spec.slots = task.slots;
  if (task.kind == TaskKind::kPublish) spec.lane = kPublishLane;
  spec.retry = task.retry;
  spec.timeout = task.timeout;
  return spec;
}

// Names of items: the item itself where it is short and tells them apart, else its place.
std::vector<std::string> ItemNames(const std::vector<jinja::Value>& items, const std::string& name) {
  std::vector<std::string> names;
  for (const jinja::Value& item : items) {
    const bool scalar = item.IsString() || item.type() == jinja::Type::kInt;
    auto text = item.Str();
    const bool plain =
        scalar && text.ok() && text->size() <= 60 && text->find_first_of("/[]\n\t ") == std::string::npos;
    names.push_back(plain ? fmt::format("{}[{}]", name, *text) : std::string());
  }
  const std::set<std::string> unique(names.begin(), names.end());
  if (unique.size() == names.size() && !unique.contains("")) return names;
  for (size_t i = 0; i < names.size(); ++i) names[i] = fmt::format("{}[{}]", name, i);
  return names;
}

constexpr std::array<std::string_view, 5> kBuildTaskTypes{"model", "seed", "snapshot", "test", "unit_test"};
constexpr std::array<std::string_view, 1> kRunTaskTypes{"model"};
constexpr std::array<std::string_view, 2> kTestTaskTypes{"test", "unit_test"};
constexpr std::array<std::string_view, 1> kSeedTaskTypes{"seed"};
constexpr std::array<std::string_view, 1> kSnapshotTaskTypes{"snapshot"};

std::span<const std::string_view> TypesOf(TaskKind kind) {
  switch (kind) {
    case TaskKind::kRun:
      return kRunTaskTypes;
    case TaskKind::kTest:
      return kTestTaskTypes;
    case TaskKind::kSeed:
      return kSeedTaskTypes;
    case TaskKind::kSnapshot:
      return kSnapshotTaskTypes;
    default:
      return kBuildTaskTypes;
  }
}

// What each planned node waits for once the ephemeral models are taken out: what these waited for.
std::vector<std::vector<TaskId>> NeedsWithoutEphemeral(const NodePlan& plan) {
  std::vector<std::vector<TaskId>> through(plan.nodes.size());
  std::vector<bool> known(plan.nodes.size(), false);
  const auto resolve = [&](TaskId root) {
    std::vector<TaskId> stack = {root};
    while (!stack.empty()) {
      const TaskId id = stack.back();
      bool ready = true;
      for (TaskId need : plan.plan.needs(id))
        if (plan.nodes[need].ephemeral && !known[need]) stack.push_back(need), ready = false;
      if (!ready) continue;
      stack.pop_back();
      if (known[id]) continue;
      std::set<TaskId> needs;
      for (TaskId need : plan.plan.needs(id)) {
        if (plan.nodes[need].ephemeral)
          needs.insert(through[need].begin(), through[need].end());
        else
          needs.insert(need);
      }
      through[id].assign(needs.begin(), needs.end());
      known[id] = true;
    }
  };
  for (TaskId id = 0; id < plan.nodes.size(); ++id) resolve(id);
  return through;
}

void AddHooks(TaskList& list, const platform::Task& bound, const platform::Task& definition, const std::string& name,
              const project::Manifest& manifest) {
  const TaskId nodes = static_cast<TaskId>(list.specs.size());
  if (nodes == 0) return;
  const auto add = [&](RunTask::Hooks hooks, std::string_view label) {
    TaskSpec spec = SpecOf(bound, fmt::format("{}.{}", name, label));
    spec.lane = kThreadsLane;
    list.specs.push_back(std::move(spec));
    list.tasks.push_back({.definition = &definition,
                          .kind = "operation",
                          .subject = std::string(label),
                          .node = {},
                          .hooks = hooks,
                          .item = {}});
  };
  if (!manifest.on_run_start().empty()) {
    const TaskId start = static_cast<TaskId>(list.specs.size());
    for (TaskSpec& spec : list.specs)
      if (spec.needs.empty()) spec.needs.push_back(start);
    add(RunTask::Hooks::kStart, "on-run-start");
  }
  if (!manifest.on_run_end().empty()) {
    add(RunTask::Hooks::kEnd, "on-run-end");
    list.specs.back().rule = scheduler::TriggerRule::kAllDone;
    for (TaskId id = 0; id < nodes; ++id) list.specs.back().needs.push_back(id);
  }
}

}  // namespace

std::optional<TaskId> IdOf(const platform::Pipeline& pipeline, platform::TaskIndex index) {
  if (pipeline.tasks[index].kind == TaskKind::kGroup) return std::nullopt;
  TaskId id = 0;
  for (platform::TaskIndex i = 0; i < index; ++i)
    if (pipeline.tasks[i].kind != TaskKind::kGroup) ++id;
  return id;
}

TaskList TasksOf(const platform::Pipeline& pipeline, const std::map<std::string, Duration>& durations) {
  std::vector<TaskId> ids(pipeline.tasks.size());
  TaskId next = 0;
  for (platform::TaskIndex i = 0; i < pipeline.tasks.size(); ++i)
    if (pipeline.tasks[i].kind != TaskKind::kGroup) ids[i] = next++;

  TaskList list;
  for (platform::TaskIndex i = 0; i < pipeline.tasks.size(); ++i) {
    const platform::Task& task = pipeline.tasks[i];
    if (task.kind == TaskKind::kGroup) continue;
    RunTask run{.definition = &task,
                .kind = std::string(platform::ToString(task.kind)),
                .subject = *task.subject,
                .node = {},
                .item = {}};
    TaskSpec spec = SpecOf(task, task.name);
    spec.rule = RuleOf(pipeline, i);
    for (platform::TaskIndex need : pipeline.wired.needs[i]) spec.needs.push_back(ids[need]);
    for (platform::TaskIndex target : pipeline.wired.targets[i]) spec.targets.push_back(ids[target]);
    for (platform::TaskIndex setup : task.setups) spec.setups.push_back(ids[setup]);
    if (run.Expands()) spec.slots = 0, spec.timeout = Duration{0}, spec.retry.retries = 0;  // those are its children's
    if (const auto known = durations.find(task.name); known != durations.end())
      spec.expected = std::max(known->second, Duration(1));
    list.specs.push_back(std::move(spec));
    list.tasks.push_back(std::move(run));
  }
  return list;
}

Result<TaskList> ItemsOf(const jinja::Value& list_of_items, const platform::Task& definition, const std::string& name) {
  if (!list_of_items.IsSequence())
    return Diagnostic(
        kBadLoop, fmt::format("`for_each` of task `{}` is of type `{}`, not a list", name, list_of_items.TypeName()),
        definition.span);
  const std::vector<jinja::Value>& items = list_of_items.Items();
  const std::vector<std::string> names = ItemNames(items, name);
  TaskList list;
  for (size_t i = 0; i < items.size(); ++i) {
    RunTask run{.definition = &definition,
                .kind = std::string(platform::ToString(definition.kind)),
                .subject = *definition.subject,
                .node = {},
                .in_loop = true,
                .item = items[i],
                .index = static_cast<int64_t>(i)};
    TaskSpec spec = SpecOf(definition, names[i]);
    if (run.Expands()) spec.slots = 0, spec.timeout = Duration{0}, spec.retry.retries = 0;
    list.specs.push_back(std::move(spec));
    list.tasks.push_back(std::move(run));
  }
  return list;
}

Result<TaskList> NodesOf(const platform::Task& bound, const platform::Task& definition, const std::string& name,
                         const project::Manifest& manifest, SourceMap& sources, const Narrator& narrator,
                         graph::NodeSet& selected) {
  SelectionOptions options;
  options.select = bound.select;
  options.exclude = bound.exclude;
  STIR_ASSIGN(selected, SelectNodes(manifest, options, TypesOf(bound.kind), sources, narrator));
  STIR_ASSIGN(const NodePlan plan,
              MakeNodePlan(manifest, selected,
                           bound.kind == TaskKind::kBuild ? PlanEdges::kParentsAndTests : PlanEdges::kParents));
  const auto needs = NeedsWithoutEphemeral(plan);
  std::vector<TaskId> ids(plan.nodes.size());
  TaskId next = 0;
  for (TaskId id = 0; id < plan.nodes.size(); ++id)
    if (!plan.nodes[id].ephemeral) ids[id] = next++;

  TaskList list;
  for (TaskId id = 0; id < plan.nodes.size(); ++id) {
    if (plan.nodes[id].ephemeral) continue;
    const project::Node& node = manifest.node(plan.nodes[id].node);
    TaskSpec spec = SpecOf(bound, fmt::format("{}.{}", name, node.unique_id));
    spec.slots = 1;
    spec.lane = kThreadsLane;
    spec.allow_failure = false;  // its parent's covers it
    for (TaskId need : needs[id]) spec.needs.push_back(ids[need]);
    list.specs.push_back(std::move(spec));
    list.tasks.push_back({.definition = &definition,
                          .kind = std::string(project::ResourceTypeName(node.type)),
                          .subject = std::string(node.unique_id),
                          .node = node.id,
                          .item = {}});
  }
  AddHooks(list, bound, definition, name, manifest);
  return list;
}

}  // namespace stir::engine
