// `pipelines:`: everything around the tasks, and the tasks' places among each other. What a task does is in
// read_tasks.cc.
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/digest.h"
#include "base/strings.h"
#include "platform/kinds.h"
#include "platform/read.h"
#include "project/kinds.h"
#include "project/yaml_values.h"
#include "scheduler/kinds.h"

namespace stir::platform {
namespace {

constexpr std::array<std::string_view, 2> kBackoffs = {"constant", "exponential"};
constexpr std::array<std::string_view, 18> kKinds = {"group",  "build",   "run",  "test",  "seed",    "snapshot",
                                                     "ingest", "publish", "sql",  "shell", "python",  "http",
                                                     "ssh",    "branch",  "gate", "wait",  "trigger", "notify"};

// What a task takes from the pipeline's `defaults` and from the groups around it.
struct Inherited {
  scheduler::RetryPolicy retry;
  Duration timeout{0};
  std::string pool;
  uint32_t slots = 1;
  int priority = 0;
  bool allow_failure = false;
  std::vector<std::string> on_failure;
};

Inherited ReadInherited(Fields& fields, const Inherited& above) {
  Inherited own = above;
  own.retry.retries = static_cast<int>(fields.Int("retries", above.retry.retries, 0, 1000));
  own.retry.delay = fields.Time("retry_delay", above.retry.delay);
  own.retry.max_delay = std::max(fields.Time("max_retry_delay", above.retry.max_delay), Duration{0});
  own.retry.backoff = fields.OneOf<scheduler::Backoff>("backoff", kBackoffs, above.retry.backoff).value;
  own.retry.factor = fields.Number("retry_factor", above.retry.factor, 1, 100);
  own.retry.jitter = fields.Number("retry_jitter", above.retry.jitter, 0, 1);
  own.timeout = fields.Time("timeout", above.timeout);
  own.pool = fields.Text("pool", above.pool);
  own.slots = static_cast<uint32_t>(fields.Int("slots", above.slots, 1, 100000));
  own.priority = static_cast<int>(fields.Int("priority", above.priority, -1000, 1000));
  own.allow_failure = fields.Bool("allow_failure", above.allow_failure);
  if (fields.Has("on_failure")) own.on_failure = fields.Texts("on_failure");
  return own;
}

// Where names of tasks stand, until all tasks are known.
struct Reference {
  TaskIndex from = 0;
  enum class Use : uint8_t { kNeed, kArm, kSetup } use = Use::kNeed;
  size_t arm = 0;
  Placed<std::string> name;
};

class PipelineReader {
 public:
  PipelineReader(Pipeline& pipeline, const ReadContext& context, Reader& reader)
      : pipeline_(pipeline), context_(context), reader_(reader) {}

  void ReadTasks(const yaml::Node& list, int group, const Inherited& above) {
    if (!list.IsSequence()) return reader_.WrongType(list, "tasks", "a list of tasks");
    for (const auto& item : list.items) ReadOne(item, group, above);
  }

  void Resolve() {
    for (const Reference& reference : references_) {
      const auto index = Lookup(reference);
      if (!index) continue;
      Task& task = pipeline_.tasks[reference.from];
      if (*index == reference.from)
        reader_.Error(Diagnostic(scheduler::kTaskCycle, fmt::format("task `{}` waits for itself", task.name),
                                 reference.name.span));
      else if (reference.use == Reference::Use::kNeed)
        task.needs.push_back(*index);
      else if (reference.use == Reference::Use::kSetup)
        AddSetup(task, *index, reference);
      else
        task.arms[reference.arm].to.push_back(*index);
    }
  }

  void Wire() {
    if (WireOnce() && CompleteTeardowns()) WireOnce();
  }

 private:
  bool WireOnce() {
    std::vector<scheduler::WiringItem> items;
    for (const Task& task : pipeline_.tasks) {
      scheduler::WiringItem item{task.name, task.kind == TaskKind::kGroup, task.group, task.needs, {}, task.setups};
      for (const BranchArm& arm : task.arms) item.targets.insert(item.targets.end(), arm.to.begin(), arm.to.end());
      items.push_back(std::move(item));
    }
    auto wired = scheduler::Wire(items);
    if (wired.ok()) {
      pipeline_.wired = *std::move(wired);
      return true;
    }
    for (Diagnostic& error : Diagnostics(std::move(wired).error())) {
      error.span = pipeline_.span;
      error.message = fmt::format("pipeline `{}`: {}", pipeline_.name, error.message);
      reader_.Error(std::move(error));
    }
    return false;
  }

  void AddSetup(Task& task, TaskIndex setup, const Reference& reference) {
    if (pipeline_.tasks[setup].kind != TaskKind::kGroup) return task.setups.push_back(setup);
    reader_.Error(Diagnostic(kBadValue, fmt::format("`{}` is a group, and a teardown follows a task", *reference.name),
                             reference.name.span)
                      .Hint("name the task of the group that sets up what is taken down"));
  }

  // A teardown that says nothing else waits for all that follows from what it takes down. True: there is one.
  bool CompleteTeardowns() {
    const auto& needs = pipeline_.wired.needs;
    bool any = false;
    for (Task& task : pipeline_.tasks) {
      if (task.setups.empty() || !task.needs.empty()) continue;
      std::vector<bool> after(pipeline_.tasks.size());
      for (TaskIndex setup : task.setups) after[setup] = true;
      for (bool grown = true; grown;) {
        grown = false;
        for (TaskIndex i = 0; i < needs.size(); ++i) {
          const bool twin = std::ranges::any_of(pipeline_.tasks[i].setups, [&](TaskIndex setup) {
            return std::ranges::find(task.setups, setup) != task.setups.end();
          });
          if (after[i] || twin) continue;
          after[i] = std::ranges::any_of(needs[i], [&](TaskIndex need) { return after[need]; });
          grown = grown || after[i];
        }
      }
      for (TaskIndex i = 0; i < after.size(); ++i)
        if (after[i]) task.needs.push_back(i);
      any = true;
    }
    return any;
  }

  std::optional<TaskKind> KindOf(Fields& fields, const yaml::Node& node, const std::string& what) {
    std::vector<size_t> found;
    for (size_t i = 0; i < kKinds.size(); ++i)
      if (fields.Has(kKinds[i])) found.push_back(i);
    if (found.size() == 1) return static_cast<TaskKind>(found[0]);
    std::string hint = "a task has exactly one of ";
    for (std::string_view kind : kKinds) hint += fmt::format("{}`{}`", kind == kKinds.front() ? "" : ", ", kind);
    const std::string seen =
        found.empty() ? "says nothing to do" : fmt::format("is both `{}` and `{}`", kKinds[found[0]], kKinds[found[1]]);
    reader_.Error(Diagnostic(kBadValue, fmt::format("{} {}", what, seen), node.span).Hint(std::move(hint)));
    return std::nullopt;
  }

  void ReadOne(const YamlNode& node, int group, const Inherited& above) {
    const yaml::Node* name_node = node->IsMapping() ? node->Find("name") : nullptr;
    if (!name_node && node->IsMapping()) name_node = node->Find("group");
    Task task;
    task.label = name_node && name_node->IsScalar() ? name_node->text : "";
    Fields fields(reader_, *node, task.label.empty() ? "a task" : fmt::format("task `{}`", task.label));
    if (!node->IsMapping()) return;
    if (task.label.empty()) fields.Require("name", "every task has a name; a group is named by `group:`");
    fields.Ignore("name");
    const auto kind = KindOf(fields, *node, fields.what());
    task.kind = kind.value_or(TaskKind::kNotify);  // its name is known, whatever it is
    task.node = node;
    task.span = name_node ? name_node->span : node->span;
    task.group = group;
    task.name = group < 0 ? task.label : pipeline_.tasks[static_cast<size_t>(group)].name + "." + task.label;
    CheckName(task);
    const Inherited own = ReadInherited(fields, above);
    task.retry = own.retry, task.timeout = own.timeout, task.pool = own.pool, task.slots = own.slots;
    task.priority = own.priority;
    task.allow_failure = own.allow_failure, task.on_failure = own.on_failure;
    ReadRule(task, fields);
    const TaskIndex index = static_cast<TaskIndex>(pipeline_.tasks.size());
    for (auto& need : fields.PlacedTexts("needs"))
      references_.push_back({index, Reference::Use::kNeed, 0, std::move(need)});
    for (auto& setup : fields.PlacedTexts("teardown"))
      references_.push_back({index, Reference::Use::kSetup, 0, std::move(setup)});
    if (fields.Has("teardown")) task.allow_failure = fields.Bool("allow_failure", true);
    if (task.kind == TaskKind::kGroup) {
      const YamlNode tasks = fields.Share("tasks");
      if (!fields.Require("tasks", "the tasks of the group")) return;
      fields.Finish();
      pipeline_.tasks.push_back(std::move(task));
      return ReadTasks(*tasks, static_cast<int>(index), own);
    }
    if (kind) ReadTaskBody(task, context_, reader_);
    CollectArms(task, index);
    pipeline_.tasks.push_back(std::move(task));
  }

  void CheckName(const Task& task) {
    const bool odd = task.label.find_first_of("./ \t\n[]{}:") != std::string::npos;
    if (odd)
      reader_.Error(Diagnostic(kBadValue, fmt::format("`{}` cannot name a task", task.label), task.span)
                        .Hint("names have no spaces, dots, slashes, brackets or colons"));
    for (const Task& other : pipeline_.tasks)
      if (other.name == task.name)
        reader_.Error(Diagnostic(kNameTaken,
                                 fmt::format("pipeline `{}` has two tasks named `{}`", pipeline_.name, task.name),
                                 task.span)
                          .With({other.span, "the first is here"}));
  }

  void ReadRule(Task& task, Fields& fields) {
    const auto text = fields.PlacedText("trigger_rule");
    if (text->empty()) return;
    if (auto rule = scheduler::ParseTriggerRule(*text)) {
      task.rule = *rule;
      return;
    }
    std::vector<std::string> words;
    for (int i = 1; i <= static_cast<int>(scheduler::TriggerRule::kAlways); ++i)
      words.emplace_back(scheduler::ToString(static_cast<scheduler::TriggerRule>(i)));
    std::string hint = DidYouMean(*text, words);
    if (hint.empty()) hint = "one of " + Join(words, ", ");
    reader_.Error(
        Diagnostic(kBadValue, fmt::format("there is no trigger rule `{}`", *text), text.span).Hint(std::move(hint)));
  }

  // `to:` and `else:` of a branch name tasks.
  void CollectArms(const Task& task, TaskIndex index) {
    if (task.kind != TaskKind::kBranch) return;
    const yaml::Node* arms = task.node->Find("branch");
    if (!arms || !arms->IsSequence()) return;
    for (size_t arm = 0; arm < task.arms.size() && arm < arms->items.size(); ++arm) {
      const yaml::Node& node = *arms->items[arm];
      const yaml::Node* to = node.IsMapping() ? (node.Find("else") ? node.Find("else") : node.Find("to")) : nullptr;
      if (!to) continue;
      for (auto& name : reader_.Texts(*to, "to"))
        references_.push_back({index, Reference::Use::kArm, arm, std::move(name)});
    }
  }

  // A task's full name, else a label: the one nearest in the groups around, else the only one in the pipeline.
  std::optional<TaskIndex> Lookup(const Reference& reference) {
    const std::string& name = *reference.name;
    std::vector<TaskIndex> labelled;
    for (TaskIndex i = 0; i < pipeline_.tasks.size(); ++i) {
      if (pipeline_.tasks[i].name == name) return i;
      if (pipeline_.tasks[i].label == name) labelled.push_back(i);
    }
    for (TaskIndex i : labelled)
      if (pipeline_.tasks[i].group == pipeline_.tasks[reference.from].group) return i;
    if (labelled.size() == 1) return labelled[0];
    if (labelled.empty()) {
      std::vector<std::string> names;
      for (const Task& task : pipeline_.tasks)
        if (!task.label.empty()) names.push_back(task.name), names.push_back(task.label);
      std::sort(names.begin(), names.end());
      names.erase(std::unique(names.begin(), names.end()), names.end());
      std::string hint = DidYouMean(name, names);
      if (hint.empty()) hint = "tasks here are " + Join(names, ", ");
      reader_.Error(Diagnostic(kUnknownTask, fmt::format("pipeline `{}` has no task `{}`", pipeline_.name, name),
                               reference.name.span)
                        .Hint(std::move(hint)));
      return std::nullopt;
    }
    reader_.Error(
        Diagnostic(kAmbiguousTask, fmt::format("`{}` names {} tasks", name, labelled.size()), reference.name.span)
            .Hint(fmt::format("write it with its group, as in `{}`", pipeline_.tasks[labelled[0]].name)));
    return std::nullopt;
  }

  Pipeline& pipeline_;
  const ReadContext& context_;
  Reader& reader_;
  std::vector<Reference> references_;
};

Deadline ReadDeadline(const yaml::Node& node, Reader& reader) {
  Fields fields(reader, node, "`deadline`");
  Deadline deadline;
  fields.Require("after", "after: 20m");
  deadline.after = fields.Time("after", Duration{0});
  deadline.notify = fields.Texts("notify");
  fields.Finish();
  return deadline;
}

}  // namespace

std::string_view ToString(TaskKind kind) { return kKinds[static_cast<size_t>(kind)]; }
bool IsSelection(TaskKind kind) { return kind >= TaskKind::kBuild && kind <= TaskKind::kSnapshot; }

const Task* Pipeline::Find(std::string_view task) const {
  const Task* labelled = nullptr;
  size_t count = 0;
  for (const Task& each : tasks) {
    if (each.name == task) return &each;
    if (each.label == task) labelled = &each, ++count;
  }
  return count == 1 ? labelled : nullptr;
}

Pipeline ReadPipeline(const YamlNode& node, const ReadContext& context, Reader& reader) {
  Pipeline pipeline;
  pipeline.span = node->span;
  Fields unnamed(reader, *node, "this pipeline");
  pipeline.name = unnamed.RequireText("name");
  if (!node->IsMapping()) return pipeline;
  pipeline.span = unnamed.Has("name") ? node->Find("name")->span : node->span;
  Fields fields(reader, *node, fmt::format("pipeline `{}`", pipeline.name));
  fields.Ignore("name");
  pipeline.description = fields.Text("description");
  pipeline.tags = fields.Texts("tags");
  ReadWhen(pipeline, fields);
  pipeline.max_active_runs = static_cast<int>(fields.Int("max_active_runs", 1, 1, 10000));
  pipeline.priority = static_cast<int>(fields.Int("priority", 0, -1000, 1000));
  pipeline.timeout = fields.Time("timeout", Duration{0});
  if (const yaml::Node* deadline = fields.Find("deadline")) pipeline.deadline = ReadDeadline(*deadline, reader);
  pipeline.on_failure = fields.Texts("on_failure");
  pipeline.params = fields.Value("params");
  if (!pipeline.params.IsDict()) {
    if (const yaml::Node* params = fields.Find("params")) reader.WrongType(*params, "params", "a mapping");
    pipeline.params = jinja::Value::MakeDict();
  }
  Inherited defaults;
  if (const yaml::Node* given = fields.Find("defaults")) {
    Fields inner(reader, *given, "`defaults`");
    defaults = ReadInherited(inner, defaults);
    inner.Finish();
  }
  if (const yaml::Node* tasks = fields.Require("tasks", "what the pipeline does")) {
    PipelineReader inner(pipeline, context, reader);
    inner.ReadTasks(*tasks, -1, defaults);
    inner.Resolve();
    inner.Wire();
  }
  fields.Finish();
  return pipeline;
}

}  // namespace stir::platform
