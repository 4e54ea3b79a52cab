// RunExecutor, part three: a run's plan, made anew from the definition and from what the store remembers.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/run_executor.h"
#include "pylib/convert.h"

namespace stir::engine {
namespace {

std::string Holder() {
  char host[256] = "";
  gethostname(host, sizeof(host) - 1);
  return fmt::format("pid {} on {}", getpid(), host);
}

}  // namespace

// From here on the run is ours: changes of an earlier holder are refused.
Status RunExecutor::Claim() {
  store::Store& store = workspace_.store();
  STIR_ASSIGN(const store::Fence fence, store.ClaimRun(run_.id, Holder(), clock_.Now()));
  run_.token = fence.token;
  record_.emplace(store, fence);
  STIR_ASSIGN(const std::vector<store::Task> stored, store.Tasks(run_.id));
  record_->Adopt(stored);
  resumed_ = !stored.empty();
  return resumed_ ? ReleaseAlerts() : Status();
}

Status RunExecutor::Recover() {
  if (!record_) STIR_TRY(Claim());
  STIR_TRY(FindPreviousSuccess());
  STIR_TRY(MakePlan());
  RestoreTasks();
  if (run_.state == TaskState::kQueued)
    record_->ChangeRun({.from = TaskState::kQueued, .to = TaskState::kRunning, .at = clock_.Now(), .notes = {}});
  run_.state = TaskState::kRunning;
  Follow(plan_.Settle());
  return record_->Flush();
}

Status RunExecutor::FindPreviousSuccess() {
  store::RunFilter earlier;
  earlier.pipeline = pipeline_.name;
  earlier.states = {TaskState::kSuccess};
  earlier.logical_before = facts_.interval.start;
  earlier.limit = 1;
  STIR_ASSIGN(const std::vector<store::Run> runs, workspace_.store().ListRuns(earlier));
  if (!runs.empty())
    facts_.previous_success = scheduler::Interval{runs[0].data_interval_start, runs[0].data_interval_end};
  return {};
}

Status RunExecutor::MakePlan() {
  STIR_ASSIGN(durations_, workspace_.store().TaskDurations(pipeline_.name));
  TaskList list = TasksOf(pipeline_, durations_);
  tasks_ = std::move(list.tasks);
  // Slots are shared with other runs: the session's to give.
  STIR_ASSIGN(plan_, scheduler::Plan::Make({std::move(list.specs), {}}));
  for (TaskId id = 0; id < plan_.size(); ++id) record_->Add(RowOf(id));
  return {};
}

void RunExecutor::RestoreTasks() {
  const TaskId count = static_cast<TaskId>(plan_.size());
  for (TaskId id = 0; id < count; ++id) RestoreOne(id);
  // An expanded task that had begun is expanded again, its children included: the plan grows as this goes on.
  for (TaskId id = 0; id < plan_.size(); ++id) {
    const store::Task* row = record_->Stored(plan_.task(id).name);
    const bool begun = row && row->state != TaskState::kNone && row->attempts > 0;
    if (!begun || !tasks_[id].Expands()) continue;
    auto children = ListChildren(id);
    if (!children.ok()) continue;  // unless it has ended it is queued, and will say why when it starts
    const TaskId first = static_cast<TaskId>(plan_.size());
    for (RunTask& task : children->tasks) tasks_.push_back(std::move(task));
    static_cast<void>(plan_.Expand(id, std::move(children->specs)));
    begun_[id] = clock_.Monotonic();
    for (TaskId child = first; child < plan_.size(); ++child) {
      record_->Add(RowOf(child));
      RestoreOne(child);
    }
  }
}

// What the dead process was about to send is due now, not when its claim runs out.
Status RunExecutor::ReleaseAlerts() {
  STIR_ASSIGN(const std::vector<store::Message> messages, workspace_.store().Messages(run_.id));
  for (const store::Message& message : messages)
    if (message.state == "pending")
      STIR_TRY(workspace_.store().MarkFailed(message.id, "its sender ended", clock_.Now()));
  return {};
}

void RunExecutor::RestoreOne(TaskId id) {
  const std::string& name = plan_.task(id).name;
  const store::Task* row = record_->Stored(name);
  if (!row) return;
  scheduler::StoredTask stored{row->state, row->attempts, row->failures, {}, row->gate_open, row->losses};
  for (const std::string& chosen : row->chosen)
    if (const auto target = plan_.Find(chosen)) stored.chosen.push_back(*target);
  plan_.Restore(id, stored);
  if (IsFinal(row->state)) RememberOutputs(id, row->outputs);
  if (row->state == TaskState::kUpForRetry) {
    const Duration left = row->retry_at ? std::max<Duration>(*row->retry_at - clock_.Now(), Duration{0}) : Duration{0};
    timers_.emplace(clock_.Monotonic() + left, Timer{Timer::Kind::kRetry, id, 0});
  }
  const bool begun = row->state != TaskState::kNone && row->started_at;
  if (begun) first_began_[id] = *row->started_at;
  if (row->state == TaskState::kRunning || row->state == TaskState::kQueued) goes_on_.insert(id);
  if (row->state == TaskState::kRunning && tasks_[id].IsProcess()) outlived_.insert(id);
  if (row->state == TaskState::kRunning && !tasks_[id].IsProcess() && !tasks_[id].Expands()) {
    EndProcess(*row);  // it was one
    store::TaskChange lost;
    lost.to = TaskState::kQueued;
    lost.at = clock_.Now();
    lost.is_lost = true;
    lost.message = "lost: its process ended before it did";
    record_->Change(name, std::move(lost));
  }
}

// Tasks whose processes another one of us has started run on: whether one has ended meanwhile, was lost or never began
// is found by the worker that attends to it, as for any other.
void RunExecutor::TakeUpProcesses() {
  for (const auto& [name, row] : record_->adopted())
    if (row.state == TaskState::kRunning && !plan_.Find(name)) EndProcess(row);
  for (const TaskId id : std::exchange(outlived_, {})) {
    plan_.Resume(id);
    Running running;
    running.interruption = std::make_shared<Interruption>();
    running.log = std::make_shared<TaskLog>(LogOf(id), clock_, workspace_.host().redactor);
    const Duration ago = first_began_.contains(id) ? clock_.Now() - first_began_.at(id) : Duration{0};
    running.started = clock_.Monotonic() - std::max(ago, Duration{0});
    running.is_taken_up = true;
    first_began_.try_emplace(id, clock_.Now());
    if (!plan_.task(id).pool.empty() || !plan_.task(id).lane.empty())
      seats_[id] = {session_.slots().Hold(SlotsFor(id)), ++requests_};
    running_.emplace(id, std::move(running));
    to_dispatch_.push_back(id);
  }
}

// Of a task that is not to go on with it; if it has not begun it does not.
void RunExecutor::EndProcess(const store::Task& task) {
  if (!IsProcessKind(task.kind)) return;
  CancelSource stop;
  stop.request_stop();
  const fs::path log = workspace_.folder().logs() / TaskLogPath(run_.id, task.name, task.attempts);
  TakeUpProcess(ProcessRecordPath(log), {stop.get_token(), {}});
}

// What later tasks may read as tasks.<name>; nodes are not among it.
void RunExecutor::RememberOutputs(TaskId id, std::string_view outputs) {
  outputs_[id] = outputs;
  if (tasks_[id].IsNodeWork()) return;
  const Json json = ReadJson(outputs);
  facts_.tasks[plan_.task(id).name] = {std::string(scheduler::ToString(plan_.state(id))),
                                       json.is_discarded() ? jinja::Value::MakeDict() : pylib::FromJson(json)};
}

store::NewTask RunExecutor::RowOf(TaskId id) const {
  const auto parent = plan_.parent(id);
  store::NewTask row;
  row.name = plan_.task(id).name;
  if (parent) row.parent = plan_.task(*parent).name;
  row.position = id;
  row.kind = tasks_[id].kind;
  row.subject = tasks_[id].subject;
  row.allow_failure = plan_.allowed(id);
  return row;
}

// The tasks that an edit names; for a label that only one has, that one.
Result<std::vector<RunExecutor::TaskId>> RunExecutor::Named(const Edit& edit) const {
  std::vector<TaskId> tasks;
  std::vector<std::string> names;
  for (TaskId id = 0; id < plan_.size(); ++id) names.push_back(plan_.task(id).name);
  for (const std::string& name : edit.tasks) {
    auto found = plan_.Find(name);
    if (const platform::Task* task = found ? nullptr : pipeline_.Find(name)) found = plan_.Find(task->name);
    if (!found)
      return Diagnostic(kNoTask, fmt::format("run {} has no task `{}`", run_.id, name)).Hint(DidYouMean(name, names));
    tasks.push_back(*found);
  }
  return tasks;
}

void RunExecutor::ClearTask(TaskId id, std::vector<std::string>& changed) {
  const TaskState state = plan_.state(id);
  if (state == TaskState::kNone || state == TaskState::kQueued) return;
  store::TaskChange change;
  change.to = IsFinal(state) ? TaskState::kNone : TaskState::kQueued;
  change.at = clock_.Now();
  change.failures = change.losses = 0;
  record_->Change(plan_.task(id).name, std::move(change));
  changed.push_back(fmt::format("{}: {} -> none", plan_.task(id).name, scheduler::ToString(state)));
}

// A person lets it run again: the attempt that goes on is ended first.
void RunExecutor::EndOutlived(TaskId id) {
  const std::string& name = plan_.task(id).name;
  EndProcess(*record_->Stored(name));
  store::TaskChange change;
  change.to = TaskState::kQueued;
  change.at = clock_.Now();
  change.failures = change.losses = 0;
  change.message = "stopped";
  record_->Change(name, std::move(change));
}

Result<std::vector<std::string>> RunExecutor::Apply(const Edit& edit, bool dry_run, const store::AuditEntry& entry) {
  const TaskState ended_as = run_.state;
  STIR_TRY(Recover());
  STIR_ASSIGN(const std::vector<TaskId> named, Named(edit));
  std::vector<std::string> changed;
  std::vector<TaskId> clear;
  if (edit.mark) {
    // Marked as done, it no longer keeps others from running.
    for (const TaskId id : plan_.ToClear(named, /*downstream=*/true)) {
      const bool is_named = std::ranges::find(named, id) != named.end();
      if (plan_.state(id) == TaskState::kUpstreamFailed || plan_.expanded(id) || is_named) clear.push_back(id);
    }
  } else {
    clear = edit.tasks.empty() ? plan_.ToRetry() : plan_.ToClear(named, edit.downstream);
  }
  if (clear.empty())
    return Diagnostic(kNothingToRetry, fmt::format("nothing failed in run {}", run_.id))
        .Hint("`stir pipeline run` runs it anew");
  for (const TaskId id : clear) {
    if (!dry_run && outlived_.contains(id)) EndOutlived(id);
    ClearTask(id, changed);
  }
  if (edit.mark)
    for (const TaskId id : named) {
      store::TaskChange change;
      change.to = *edit.mark;
      change.at = clock_.Now();
      change.message = "marked by " + entry.who;
      record_->Change(plan_.task(id).name, std::move(change));
      changed.push_back(fmt::format("{}: none -> {}", plan_.task(id).name, scheduler::ToString(*edit.mark)));
    }
  if (dry_run) return changed;
  if (IsFinal(ended_as))
    record_->ChangeRun({.from = ended_as, .to = TaskState::kRunning, .at = clock_.Now(), .notes = std::string()});
  record_->AddAudit(entry);
  STIR_TRY(record_->Flush());
  STIR_ASSIGN(const std::vector<store::Task> stored, workspace_.store().Tasks(run_.id));
  record_->Adopt(stored);
  Forget();
  return changed;
}

// What was made of the old states is of no use any more.
void RunExecutor::Forget() {
  outputs_.clear();
  facts_.tasks.clear();
  timers_.clear();
  selections_.clear();
  begun_.clear();
  first_began_.clear();
  goes_on_.clear();
  outlived_.clear();
}

}  // namespace stir::engine
