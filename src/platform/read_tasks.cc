// What each kind of task says. At load the texts stay as written where a run must fill them in; when a task is about to
// start the same functions read them again with the run's values.
#include <fmt/format.h>

#include <array>

#include "base/strings.h"
#include "platform/kinds.h"
#include "platform/read.h"
#include "project/kinds.h"
#include "project/yaml_values.h"

namespace stir::platform {
namespace {

// Keys that read_pipelines.cc has read.
constexpr std::array<std::string_view, 17> kCommonKeys = {
    "name",    "needs",        "trigger_rule", "allow_failure",   "retries", "retry_delay",
    "backoff", "retry_factor", "retry_jitter", "max_retry_delay", "timeout", "pool",
    "slots",   "on_failure",   "description",  "teardown",        "priority"};

void ReadSelection(Task& task, Fields& fields) {
  task.select = fields.Texts(ToString(task.kind));
  task.exclude = fields.Texts("exclude");
  task.full_refresh = fields.Bool("full_refresh", false);
}

void ReadProcess(Task& task, Fields& fields, const ReadContext& context) {
  task.environment = fields.TextMap("env");
  task.directory = (context.project_dir / fields.Text("directory")).lexically_normal();
}

void ReadPython(Task& task, Fields& fields) {
  task.argv = {fields.Text("interpreter", "python3"), fields.Text("python")};
  for (auto& argument : fields.PlacedTexts("args")) task.argv.push_back(std::move(argument.value));
}

BranchArm ReadArm(const yaml::Node& node, Reader& reader, const Task& task) {
  BranchArm arm;
  arm.span = node.span;
  Fields fields(reader, node, fmt::format("an arm of branch `{}`", task.label));
  arm.otherwise = fields.Has("else");
  if (arm.otherwise == fields.Has("when") && node.IsMapping())
    reader.Error(Diagnostic(kBadValue, "an arm of a branch is `{when: ..., to: ...}` or `{else: ...}`", node.span));
  if (!arm.otherwise) {
    fields.Require("to", "the task to go on with");
    if (reader.binding())
      arm.when = jinja::Value();  // rendered one after another, when it is its turn
    else
      fields.Value("when");
  }
  fields.Ignore("to");
  fields.Ignore("when");
  fields.Finish();
  return arm;
}

void ReadArms(Task& task, Fields& fields, Reader& reader) {
  const yaml::Node* list = fields.Find("branch");
  if (!list) return;
  if (!list->IsSequence() || list->items.empty())
    return reader.WrongType(*list, "branch", "a list of arms", "branch: [{when: \"{{ ... }}\", to: a}, {else: b}]");
  const std::vector<BranchArm> before = std::move(task.arms);
  task.arms.clear();
  for (const auto& item : list->items) task.arms.push_back(ReadArm(*item, reader, task));
  // Binding reads the texts again; the tasks they name are known already.
  for (size_t i = 0; i < before.size() && i < task.arms.size(); ++i) task.arms[i].to = before[i].to;
  if (!reader.binding()) return;
  for (size_t i = 0; i < task.arms.size(); ++i) {
    if (task.arms[i].otherwise) break;
    const auto when = reader.Value(*list->items[i]->Find("when"));
    if (!when) return;
    task.arms[i].when = *when;
    if (when->Truthy()) break;  // later conditions may not make sense when an earlier one holds
  }
}

void ReadSql(Task& task, Fields& fields) {
  task.text = fields.PlacedText("sql");
  task.subject = fields.PlacedText("connection", "target");
}

void ReadNotify(Task& task, Fields& fields) {
  task.channels = fields.PlacedTexts("notify");
  fields.Require("message", "what the alert says");
  task.text = fields.PlacedText("message");
}

}  // namespace

void ReadTaskBody(Task& task, const ReadContext& context, Reader& reader) {
  Fields fields(reader, *task.node, fmt::format("task `{}`", task.label));
  for (std::string_view key : kCommonKeys) fields.Ignore(key);
  if (reader.binding())
    fields.Ignore("for_each");  // an item's task does not loop again
  else
    task.for_each = fields.Value("for_each");
  switch (task.kind) {
    case TaskKind::kBuild:
    case TaskKind::kRun:
    case TaskKind::kTest:
    case TaskKind::kSeed:
    case TaskKind::kSnapshot:
      ReadSelection(task, fields);
      break;
    case TaskKind::kIngest:
    case TaskKind::kPublish:
      task.subject = fields.PlacedText(ToString(task.kind));
      break;
    case TaskKind::kSql:
      ReadSql(task, fields);
      break;
    case TaskKind::kShell:
      task.text = fields.PlacedText("shell");
      ReadProcess(task, fields, context);
      break;
    case TaskKind::kPython:
      ReadPython(task, fields);
      ReadProcess(task, fields, context);
      break;
    case TaskKind::kHttp:
      ReadHttpTask(task, fields, reader);
      break;
    case TaskKind::kSsh:
      ReadSshTask(task, fields);
      break;
    case TaskKind::kWait:
      ReadWaitTask(task, fields, reader);
      break;
    case TaskKind::kTrigger:
      ReadTriggerTask(task, fields);
      break;
    case TaskKind::kBranch:
      ReadArms(task, fields, reader);
      break;
    case TaskKind::kGate:
      task.condition = fields.Value("gate");
      break;
    case TaskKind::kNotify:
      ReadNotify(task, fields);
      break;
    case TaskKind::kGroup:
      break;
  }
  fields.Finish();
}

}  // namespace stir::platform
