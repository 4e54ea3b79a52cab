// RunExecutor, part two: what follows when tasks end, and when the run does.
#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/diagnostic_text.h"
#include "base/json.h"
#include "engine/kinds.h"
#include "engine/run_executor.h"
#include "engine/run_text.h"
#include "pylib/convert.h"

namespace stir::engine {

using scheduler::Outcome;
using scheduler::Transitions;

void RunExecutor::HandleDone(Done done) {
  if (done.word == Done::Word::kAside) {
    is_set_aside_ = true;
    return;
  }
  if (done.word == Done::Word::kCancel) {
    canceled_ = true;
    return StopAll();
  }
  if (done.word == Done::Word::kWish) return HearWish();
  if (done.word == Done::Word::kSlots) {
    // It may have been canceled, or taken back its request, while the news was on its way.
    const auto seat = seats_.find(done.task);
    const bool holds = seat != seats_.end() && seat->second.serial == done.serial;
    if (holds && plan_.state(done.task) == TaskState::kQueued) Begin(done.task);
    return;
  }
  const auto found = running_.find(done.task);
  const bool defers = done.result.look_again.has_value();
  if (!defers || !found->second.stopping) Trigger(done.result);
  if (defers && !found->second.stopping) return Defer(done.task, done.result, found->second);
  goes_on_.erase(done.task);
  seats_.erase(done.task);
  const Running running = std::move(found->second);
  running_.erase(found);
  Judge(done.task, done.result, running);
  const double seconds = std::chrono::duration<double>(clock_.Monotonic() - running.started).count();
  const Transitions then = plan_.Finish(done.task, MapOutcome(done.result));
  if (done.result.outcome.kind == Outcome::Kind::kLost) TellLoss(done.task, done.result);
  if (!done.result.spent_record.empty()) records_.push_back(done.result.spent_record);
  if (done.result.message.empty()) done.result.message = OneLine(done.result.errors, workspace_.host().sources);
  if (running.log) {
    if (!done.result.errors.empty())
      running.log->Write(RenderDiagnostics(done.result.errors, workspace_.host().sources));
    const bool is_said = !done.result.errors.empty() || done.result.message.empty();
    running.log->Write(fmt::format("{}{}{} after {:.3f}s", scheduler::ToString(plan_.state(done.task)),
                                   is_said ? "" : ": ", is_said ? "" : done.result.message, seconds));
  }
  WriteEnd(done.task, done.result, seconds, then);
  Follow(then);
}

// Not done yet: until it is time to look again the task is a timer, and no more.
void RunExecutor::Defer(TaskId id, TaskResult& result, Running& running) {
  running.waiting = true;
  goes_on_.insert(id);
  const std::string message = workspace_.host().redactor.Redact(result.message);
  if (record_->Note(plan_.task(id).name, message)) {
    running.log->Write(message);
    narrator_.TaskWaits(StoryOf(id), message);
  }
  timers_.emplace(clock_.Monotonic() + *result.look_again, Timer{Timer::Kind::kLook, id, plan_.attempts(id)});
}

// The runs that a task asks for, in the commit that says so.
void RunExecutor::Trigger(TaskResult& result) {
  if (result.triggers) {
    triggered_.push_back(result.triggers->triggered_by);
    record_->AddRun(*std::move(result.triggers));
  }
  if (result.launches) launcher_.Launch(*result.launches);
}

// Why a stopped attempt ended: the user, or its time.
void RunExecutor::Judge(TaskId id, TaskResult& result, const Running& running) const {
  if (!running.stopping || (result.outcome.kind == Outcome::Kind::kSuccess && !result.look_again)) return;
  const platform::Task& definition = *tasks_[id].definition;
  if (running.timed_out && definition.kind == platform::TaskKind::kWait && definition.wait.skip_on_timeout) {
    result.errors.clear();
    result.outcome = Outcome::Skipped();
    result.message = fmt::format("waited {} in vain", FormatDuration(plan_.task(id).timeout));
    return;
  }
  if (running.timed_out) {
    result.errors = {OutOfTime(definition, plan_.task(id).name)};
    result.outcome = Outcome::Failed();
    result.message.clear();
    return;
  }
  result.errors.clear();
  result.outcome = Outcome::Canceled();
  result.message = out_of_time_ ? "stopped: the run is out of time" : "stopped";
}

// It runs again, or was lost too often.
void RunExecutor::TellLoss(TaskId id, TaskResult& result) const {
  if (plan_.state(id) != TaskState::kFailed) {
    result.message = "lost: " + result.message;
    return;
  }
  result.errors = {
      Diagnostic(kTaskLost,
                 fmt::format("task `{}` was lost {} times: {}", plan_.task(id).name, plan_.losses(id), result.message),
                 tasks_[id].definition->span)
          .Hint("what ends it ends its supervisor too: does the machine run out of memory?")};
  result.message.clear();
}

Outcome RunExecutor::MapOutcome(const TaskResult& result) const {
  Outcome outcome = result.outcome;
  for (platform::TaskIndex chosen : result.chosen) {
    const bool group = pipeline_.tasks[chosen].kind == platform::TaskKind::kGroup;
    const std::vector<uint32_t> tasks = group ? pipeline_.wired.entries[chosen] : std::vector<uint32_t>{chosen};
    for (uint32_t task : tasks) outcome.chosen.push_back(*IdOf(pipeline_, task));
  }
  return outcome;
}

void RunExecutor::WriteEnd(TaskId id, const TaskResult& result, double seconds, const Transitions& then) {
  const TaskState state = plan_.state(id);
  store::TaskChange change;
  change.to = state;
  change.at = clock_.Now();
  change.failures = plan_.failures(id);
  change.losses = plan_.losses(id);
  change.is_lost = result.outcome.kind == Outcome::Kind::kLost;
  change.message = workspace_.host().redactor.Redact(result.message);
  change.error = workspace_.host().redactor.Redact(ErrorsToJson(result.errors, workspace_.host().sources));
  if (state == TaskState::kUpForRetry) {
    change.retry_at = change.at + *then.retry_in;
    timers_.emplace(clock_.Monotonic() + *then.retry_in, Timer{Timer::Kind::kRetry, id, 0});
    narrator_.TaskWillRetry(StoryOf(id), seconds, result.message, *then.retry_in);
  } else if (state == TaskState::kQueued) {
    narrator_.TaskLost(StoryOf(id), seconds, result.message);
  } else {
    narrator_.TaskFinished(StoryOf(id), state, seconds, result.message, plan_.allowed(id));
  }
  if (state == TaskState::kSuccess) {
    change.outputs = workspace_.host().redactor.Redact(result.outputs);
    RememberOutputs(id, result.outputs);
    std::vector<std::string> chosen;
    for (TaskId target : MapOutcome(result).chosen) chosen.push_back(plan_.task(target).name);
    if (!plan_.task(id).targets.empty()) change.chosen = std::move(chosen);
    if (plan_.task(id).is_gate) change.gate_open = result.outcome.gate_open;
    if (result.checkpoint) record_->AddCheckpoint(*result.checkpoint);
    if (!result.alert_channels.empty()) AddAlerts(id, "notify", result.message, result.alert_channels);
  } else if (IsFinal(state)) {
    RememberOutputs(id, "{}");
  }
  if (state == TaskState::kSuccess) Renew(id, change.at);
  record_->Change(plan_.task(id).name, std::move(change));
  if (state == TaskState::kFailed && !tasks_[id].IsNodeWork()) AlertFailure(id, result.message);
}

// What the task has made is newer now: schedules may be on it.
void RunExecutor::Renew(TaskId id, Timestamp at) {
  const RunTask& task = tasks_[id];
  std::string asset;
  if (task.node && task.kind != "test" && task.kind != "unit_test") asset = task.subject;
  if (task.kind == "publish") asset = "publication." + task.subject;
  if (task.kind == "ingest")
    if (const auto ingestion = workspace_.definitions().FindIngestion(task.subject); ingestion.ok())
      asset = std::string(workspace_.manifest()->node((*ingestion)->to.node).unique_id);
  if (asset.empty()) return;
  renewed_ = renewed_ || session_.IsAwaited(asset);
  record_->Renew({.asset = std::move(asset), .version = 0, .at = at, .run = run_.id});
}

void RunExecutor::Follow(const Transitions& then) {
  for (TaskId id : then.skipped) {
    store::TaskChange change;
    change.to = plan_.state(id);
    change.at = clock_.Now();
    record_->Change(plan_.task(id).name, std::move(change));
    RememberOutputs(id, "{}");
    narrator_.TaskSkipped(StoryOf(id), plan_.state(id));
  }
  for (TaskId id : then.ended) EndExpanded(id);
}

// The nodes of a selection and the items of a loop have ended: the task that they came from has, too.
void RunExecutor::EndExpanded(TaskId id) {
  std::map<TaskState, int> counts;
  std::string failed;
  for (TaskId child : plan_.children(id)) {
    ++counts[plan_.state(child)];
    if (plan_.state(child) == TaskState::kFailed) failed += (failed.empty() ? "" : ", ") + tasks_[child].subject;
  }
  std::string message = fmt::format("{} of {} succeeded", counts[TaskState::kSuccess], plan_.children(id).size());
  if (plan_.children(id).empty()) message = "nothing was selected";
  if (!failed.empty()) message += "; failed: " + failed;
  TaskResult result;
  result.message = message;
  result.outputs = OutputsOfExpanded(id);
  const TaskState state = plan_.state(id);
  store::TaskChange change;
  change.to = state;
  change.at = clock_.Now();
  change.message = message;
  change.outputs = result.outputs;
  record_->Change(plan_.task(id).name, std::move(change));
  RememberOutputs(id, result.outputs);
  const double seconds =
      begun_.contains(id) ? std::chrono::duration<double>(clock_.Monotonic() - begun_.at(id)).count() : 0;
  narrator_.TaskFinished(StoryOf(id), state, seconds, message, plan_.allowed(id));
  if (state == TaskState::kFailed && !tasks_[id].IsLoop()) AlertFailure(id, message);
}

// A selection counts its nodes; a loop lists what its items gave.
std::string RunExecutor::OutputsOfExpanded(TaskId id) const {
  Json list = Json::array();
  int64_t rows = 0, succeeded = 0, failed = 0;
  for (TaskId child : plan_.children(id)) {
    const auto found = outputs_.find(child);
    const Json outputs = found == outputs_.end() ? Json::object() : ReadJson(found->second);
    if (outputs.is_object() && outputs.contains("rows") && outputs["rows"].is_number_integer())
      rows += outputs["rows"].get<int64_t>();
    succeeded += plan_.state(child) == TaskState::kSuccess;
    failed += plan_.state(child) == TaskState::kFailed;
    list.push_back(outputs);
  }
  if (tasks_[id].IsLoop()) return WriteJson(list);
  return WriteJson({{"nodes", list.size()}, {"succeeded", succeeded}, {"failed", failed}, {"rows", rows}});
}

AlertFacts RunExecutor::FactsOfAlert() const {
  AlertFacts facts;
  facts.run = run_.id;
  facts.run_id = facts_.run_id;
  facts.pipeline = pipeline_.name;
  facts.interval = facts_.interval;
  facts.zone = zone_;
  return facts;
}

void RunExecutor::AddAlerts(TaskId id, const char* event, const std::string& message,
                            const std::vector<std::string>& channels) {
  AlertFacts facts = FactsOfAlert();
  facts.task = plan_.task(id).name;
  facts.attempt = plan_.attempts(id);
  facts.event = event;
  facts.message = workspace_.host().redactor.Redact(message);
  facts.allowed = plan_.allowed(id);
  if (!plan_.expanded(id)) facts.log = TaskLogPath(run_.id, facts.task, facts.attempt);
  record_->AddAlerts(MakeAlerts(
      facts, channels, fmt::format("run/{}/task/{}/{}/{}", run_.id, facts.task, facts.attempt, event), clock_.Now()));
}

void RunExecutor::AlertFailure(TaskId id, const std::string& message) {
  std::vector<std::string> channels = pipeline_.on_failure;
  for (const std::string& channel : tasks_[id].definition->on_failure)
    if (std::ranges::find(channels, channel) == channels.end()) channels.push_back(channel);
  alerted_ = true;
  AddAlerts(id, "task_failed", fmt::format("task {} failed: {}", plan_.task(id).name, message), channels);
}

TaskStory RunExecutor::StoryOf(TaskId id) const {
  const auto parent = plan_.parent(id);
  return {.run = run_.id,
          .task = plan_.task(id).name,
          .parent = parent ? std::string_view(plan_.task(*parent).name) : std::string_view(),
          .kind = tasks_[id].kind,
          .attempt = plan_.attempts(id),
          .total = plan_.leaves(),
          .ended = plan_.leaves() - plan_.unfinished_leaves()};
}

std::set<graph::NodeId> RunExecutor::PassedTests() const {
  std::set<graph::NodeId> passed;
  for (TaskId id = 0; id < plan_.size(); ++id)
    if (tasks_[id].node && tasks_[id].kind == "test" && plan_.state(id) == TaskState::kSuccess)
      passed.insert(*tasks_[id].node);
  return passed;
}

// Once a run; `event` tells its alerts apart.
void RunExecutor::AlertRun(const char* event, std::string message, const std::vector<std::string>& channels) {
  AlertFacts facts = FactsOfAlert();
  facts.event = event;
  facts.message = std::move(message);
  record_->AddAlerts(
      MakeAlerts(facts, channels, fmt::format("run/{}/{}/{}", run_.id, event, run_.token), clock_.Now()));
}

// Whoever was told that this run, or the one before it, failed is told that it is well again: once a failed run.
Status RunExecutor::AlertRecovery() {
  std::optional<store::Run> failed;
  if (resumed_) failed = run_;
  if (!failed) {
    STIR_ASSIGN(failed, workspace_.store().RunBefore(pipeline_.name, facts_.interval.start));
    if (failed && failed->state != TaskState::kFailed) failed.reset();
  }
  if (!failed) return {};
  STIR_ASSIGN(const std::vector<store::Message> alerts, workspace_.store().Messages(failed->id));
  std::vector<std::string> channels;
  for (const store::Message& alert : alerts) {
    const Json payload = ReadJson(alert.payload);
    const std::string event = payload.value("event", "");
    const bool fails = (event == "task_failed" && !payload.value("allowed", false)) || event == "run_failed";
    if (fails && std::ranges::find(channels, alert.channel) == channels.end()) channels.push_back(alert.channel);
  }
  AlertFacts facts = FactsOfAlert();
  facts.event = "run_recovered";
  facts.message = failed->id == run_.id
                      ? fmt::format("pipeline {} succeeded after it had failed", pipeline_.name)
                      : fmt::format("pipeline {} succeeded; run {} before it had failed", pipeline_.name, failed->id);
  record_->AddAlerts(MakeAlerts(facts, channels, fmt::format("run/{}/recovered", failed->id), clock_.Now()));
  return {};
}

// Tasks that an earlier attempt at this run had, and that the definition has no more.
void RunExecutor::RemoveForgotten() {
  for (const auto& [name, row] : record_->adopted()) {
    if (plan_.Find(name)) continue;
    store::TaskChange change;
    change.to = TaskState::kRemoved;
    change.at = clock_.Now();
    change.message = "its definition is gone";
    if (!scheduler::IsFinal(row.state)) record_->Change(name, std::move(change));
  }
}

// From the store, as `runs show` tells it later.
Status RunExecutor::GiveAccount() {
  STIR_ASSIGN(const std::vector<store::Task> tasks, workspace_.store().Tasks(run_.id));
  STIR_ASSIGN(const std::vector<store::Message> alerts, workspace_.store().Messages(run_.id));
  const std::string page = RunText(tasks, alerts);
  if (!page.empty()) narrator_.RunAccountGiven(run_.id, page);
  return {};
}

Result<RunAccount> RunExecutor::Conclude() {
  const scheduler::Summary summary = plan_.Summarize();
  RunAccount account{summary.Conclusion(), summary.Notes()};
  if (canceled_ && summary.canceled > 0) account.state = TaskState::kCanceled;
  if (out_of_time_ && summary.canceled > 0) {
    account.state = TaskState::kFailed;
    account.notes = fmt::format("out of time after {}{}{}", FormatDuration(pipeline_.timeout),
                                account.notes.empty() ? "" : "; ", account.notes);
  }
  RemoveForgotten();
  record_->ChangeRun({.from = TaskState::kRunning, .to = account.state, .at = clock_.Now(), .notes = account.notes});
  if (account.state == TaskState::kFailed && !alerted_)
    AlertRun("run_failed", fmt::format("pipeline {} failed: {}", pipeline_.name, account.notes), pipeline_.on_failure);
  if (account.state == TaskState::kSuccess && !alerted_) STIR_TRY(AlertRecovery());
  STIR_TRY(Flush());
  alerts_.Wake();
  STIR_TRY(GiveAccount());
  narrator_.RunFinished(run_.id, pipeline_.name, facts_.interval, zone_, account.state, summary, account.notes,
                        std::chrono::duration<double>(clock_.Monotonic() - begun_at_).count());
  return account;
}

}  // namespace stir::engine
