#include "engine/run_executor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "engine/kinds.h"
#include "platform/bind.h"
#include "pylib/convert.h"

namespace stir::engine {
namespace {

using scheduler::Outcome;
using scheduler::Transitions;

// Behind whatever is due now.
constexpr int kPriorityOfBackfills = -10;
// While stopping, a session may send one more statement after the one that was canceled; it is canceled too.
constexpr Duration kStopAgain = std::chrono::milliseconds(50);

jinja::Value ParamValues(const store::Run& run) {
  const Json params = ReadJson(run.params);
  return params.is_object() ? pylib::FromJson(params) : jinja::Value::MakeDict();
}

}  // namespace

std::string RunIdText(const store::Run& run, const scheduler::Zone& zone) {
  const std::string time =
      FormatTimestamp(zone.ToLocal(run.logical_date)).substr(0, 19) + zone.OffsetText(run.logical_date);
  return fmt::format("{}__{}{}", run.run_type, time, run.sequence > 0 ? fmt::format("__{}", run.sequence) : "");
}

RunExecutor::RunExecutor(PipelineSession& session, const platform::Pipeline& pipeline, store::Run run,
                         CancelToken set_aside)
    : workspace_(session.workspace()),
      pipeline_(pipeline),
      narrator_(session.narrator()),
      alerts_(session.alerts()),
      launcher_(session.launcher()),
      session_(session),
      clock_(workspace_.host().clock),
      set_aside_(std::move(set_aside)),
      run_(std::move(run)),
      zone_(*scheduler::Zone::Find(pipeline.timezone)) {
  facts_.run_id = RunIdText(run_, zone_);
  facts_.pipeline = pipeline.name;
  facts_.interval = {run_.data_interval_start, run_.data_interval_end};
  facts_.zone = zone_;
  facts_.params = ParamValues(run_);
}

RunExecutor::~RunExecutor() = default;

Result<RunAccount> RunExecutor::Run() {
  begun_at_ = clock_.Monotonic();
  STIR_TRY(Recover());
  TakeUpProcesses();
  narrator_.RunStarted(run_.id, pipeline_.name, facts_.interval, zone_, plan_.size(), resumed_);
  if (pipeline_.timeout > Duration{0})
    timers_.emplace(begun_at_ + pipeline_.timeout, Timer{Timer::Kind::kRunTimeout, 0, 0});
  if (pipeline_.deadline) timers_.emplace(begun_at_ + pipeline_.deadline->after, Timer{Timer::Kind::kDeadline, 0, 0});
  const OnCancel<std::function<void()>> on_cancel(workspace_.host().cancel, [this] { Say(Done::Word::kCancel); });
  const OnCancel<std::function<void()>> on_set_aside(set_aside_, [this] { Say(Done::Word::kAside); });
  const PipelineSession::Listening listening(session_, *this);
  HearWish();
  if (Status looped = Loop(); !looped.ok()) {
    Abandon();
    return Diagnostics(looped.error());
  }
  if (!plan_.done()) {
    STIR_TRY(SetAside());
    return Diagnostic(kSetAside, fmt::format("run {} is set aside", run_.id))
        .Hint("whoever resumes it goes on with it");
  }
  return Conclude();
}

void RunExecutor::Nudge() { Say(Done::Word::kWish); }

// A run on hold starts nothing, and lets go of the slots that it waits for; what runs goes on.
void RunExecutor::HearWish() {
  const auto run = workspace_.store().GetRun(run_.id);
  if (!run.ok() || !*run) return;
  const bool held = (*run)->wish == "hold";
  if (held && !is_held_)
    std::erase_if(seats_, [&](const auto& each) {
      const bool waits = plan_.state(each.first) == TaskState::kQueued;
      if (waits) plan_.PutBack(each.first);
      return waits;
    });
  is_held_ = held;
  if ((*run)->wish == "cancel" && !std::exchange(canceled_, true)) StopAll();
}

void RunExecutor::Say(Done::Word word) {
  Done done;
  done.word = word;
  mailbox_->Push(std::move(done));
}

// The store takes nothing any more (another process took the run over, the disk is full): what runs in us is stopped
// and waited for, processes go on by themselves, and the run stays as the store has it.
void RunExecutor::Abandon() {
  for (TaskId id : std::exchange(to_dispatch_, {})) running_.erase(id);
  for (auto& [id, running] : running_)
    if (tasks_[id].IsProcess()) running.interruption->Leave();
  StopAll();
  while (!running_.empty()) {
    for (const Done& done : mailbox_->Wait(kStopAgain))
      if (done.word == Done::Word::kTask) running_.erase(done.task);
    StopAgain();
  }
}

// What was stopped stays `running` in the store, which whoever resumes the run takes for a task whose process ended.
// What succeeded all the same is written down.
Status RunExecutor::SetAside() {
  for (TaskId id : std::exchange(to_dispatch_, {})) running_.erase(id);
  for (auto& [id, running] : running_) running.stopping = true;
  StopAgain();
  while (!running_.empty()) {
    for (Done& done : mailbox_->Wait(kStopAgain)) {
      if (done.word != Done::Word::kTask) continue;
      if (done.result.outcome.kind == Outcome::Kind::kSuccess && !done.result.look_again)
        HandleDone(std::move(done));
      else
        running_.erase(done.task);
    }
    StopAgain();
  }
  return record_->Flush();
}

Status RunExecutor::Loop() {
  while (!plan_.done() && !is_set_aside_) {
    StartReady();
    // What ended and what starts now share one commit; nothing starts before it is written.
    STIR_TRY(Flush());
    Dispatch();
    if (plan_.done()) break;
    for (Done& done : mailbox_->Wait(UntilNextTimer())) HandleDone(std::move(done));
    FireTimers();
    StopAgain();
  }
  return Flush();
}

// Commits, and tells those who carry on with what was written.
Status RunExecutor::Flush() {
  const bool alerts = record_->has_alerts();
  STIR_TRY(record_->Flush());
  for (const fs::path& record : std::exchange(records_, {}))
    static_cast<void>(workspace_.host().files.Remove(record).ok());  // it goes with the log, at the latest
  if (alerts) alerts_.Wake();
  if (std::exchange(renewed_, false)) launcher_.Announce();
  for (const std::string& by : std::exchange(triggered_, {})) {
    STIR_ASSIGN(const auto made, workspace_.store().TriggeredRun(by));
    if (made) launcher_.Launch(*made);
  }
  return {};
}

void RunExecutor::StartReady() {
  while (const auto id = is_held_ ? std::nullopt : plan_.Next())
    if (AskForSlots(*id)) Begin(*id);
}

scheduler::SlotRequest RunExecutor::SlotsFor(TaskId id) const {
  const scheduler::TaskSpec& spec = plan_.task(id);
  scheduler::SlotRequest request{.run = run_.id,
                                 .pool = spec.pool,
                                 .lane = spec.lane,
                                 .slots = spec.slots,
                                 .priority = pipeline_.priority + tasks_[id].definition->priority,
                                 .rank = plan_.rank(id),
                                 .since = {}};
  if (run_.run_type == "backfill") request.priority += kPriorityOfBackfills;
  return request;
}

// True: it may start. Else it does when it is given what it asks for.
bool RunExecutor::AskForSlots(TaskId id) {
  const scheduler::TaskSpec& spec = plan_.task(id);
  if (tasks_[id].Expands() || (spec.pool.empty() && spec.lane.empty())) return true;
  plan_.Take(id);
  auto answer = session_.slots().Ask(SlotsFor(id), [mailbox = mailbox_, id, serial = ++requests_] {
    Done given;
    given.task = id;
    given.serial = serial;
    given.word = Done::Word::kSlots;
    mailbox->Push(std::move(given));
  });
  seats_[id] = {std::move(answer.seat), requests_};
  return answer.granted;
}

void RunExecutor::Begin(TaskId id) {
  plan_.Start(id);
  if (tasks_[id].Expands())
    Expand(id);
  else
    Launch(id);
}

fs::path RunExecutor::LogOf(TaskId id) const {
  return workspace_.folder().logs() / TaskLogPath(run_.id, plan_.task(id).name, plan_.attempts(id));
}

void RunExecutor::Launch(TaskId id) {
  const std::string& name = plan_.task(id).name;
  const int attempt = plan_.attempts(id);
  store::TaskChange change;
  change.to = TaskState::kRunning;
  change.at = clock_.Now();
  change.log_path = TaskLogPath(run_.id, name, attempt);
  change.worker = fmt::format("pid {}", getpid());
  Running running;
  running.interruption = std::make_shared<Interruption>();
  running.log = std::make_shared<TaskLog>(LogOf(id), clock_, workspace_.host().redactor);
  running.started = clock_.Monotonic();
  // One of a store that is no more says nothing about this attempt.
  if (tasks_[id].IsProcess())
    static_cast<void>(workspace_.host().files.Remove(ProcessRecordPath(LogOf(id))).ok());  // it is found by who begins
  const Timestamp began = first_began_.try_emplace(id, change.at).first->second;
  // A wait's time goes on over attempts and processes.
  const bool waits = tasks_[id].definition->kind == platform::TaskKind::kWait;
  const Duration used = waits ? std::max<Duration>(change.at - began, Duration{0}) : Duration{0};
  record_->Change(name, std::move(change));
  const bool is_timed = plan_.task(id).timeout > Duration{0} && !tasks_[id].IsProcess();  // its supervisor does that
  if (is_timed)
    timers_.emplace(running.started + plan_.task(id).timeout - used, Timer{Timer::Kind::kTaskTimeout, id, attempt});
  running_.emplace(id, std::move(running));
  to_dispatch_.push_back(id);
}

void RunExecutor::Expand(TaskId id) {
  store::TaskChange change;
  change.to = TaskState::kRunning;
  change.at = clock_.Now();
  change.worker = fmt::format("pid {}", getpid());
  record_->Change(plan_.task(id).name, std::move(change));
  begun_[id] = clock_.Monotonic();
  auto list = ListChildren(id);
  if (list.ok()) return Adopt(id, *std::move(list));
  narrator_.TaskStarted(StoryOf(id));
  running_[id].started = begun_[id];
  HandleDone({id, FailedTask(std::move(list).error())});
}

Result<TaskList> RunExecutor::ListChildren(TaskId id) {
  const RunTask& task = tasks_[id];
  const std::string& name = plan_.task(id).name;
  platform::RunScope scope(workspace_.values(), workspace_.definitions(), workspace_.secrets(), FactsOf(id));
  if (task.IsLoop()) {
    STIR_ASSIGN(const jinja::Value items, platform::BindLoop(workspace_.definitions(), *task.definition, scope));
    return ItemsOf(items, *task.definition, name);
  }
  STIR_ASSIGN(const platform::Task bound, platform::BindTask(workspace_.definitions(), *task.definition, scope));
  const Host& host = workspace_.host();
  const Narrator narrator(host.events, host.sources, workspace_.setting().narrator_style(workspace_.options()));
  graph::NodeSet selected;
  STIR_ASSIGN(TaskList list,
              NodesOf(bound, *task.definition, name, *workspace_.manifest(), host.sources, narrator, selected));
  selections_[id] = std::make_shared<SelectionWork>(workspace_, std::move(selected), bound.full_refresh);
  return list;
}

// The children join the plan and the store. When the task begins again, what succeeded before stays as it is.
void RunExecutor::Adopt(TaskId parent, TaskList list) {
  const TaskId first = static_cast<TaskId>(plan_.size());
  for (RunTask& task : list.tasks) tasks_.push_back(std::move(task));
  for (scheduler::TaskSpec& spec : list.specs)
    if (const auto known = durations_.find(spec.name); known != durations_.end())
      spec.expected = std::max(known->second, Duration(1));
  Transitions then = plan_.Expand(parent, std::move(list.specs));
  bool again = false;
  for (TaskId id = first; id < plan_.size(); ++id) {
    record_->Add(RowOf(id));
    again = again || record_->Stored(plan_.task(id).name) != nullptr;
  }
  narrator_.TaskExpanded(StoryOf(parent), plan_.size() - first);
  if (again) {
    for (TaskId id = first; id < plan_.size(); ++id) TakeOver(id);
    then = plan_.Settle();
  }
  Follow(then);
}

void RunExecutor::TakeOver(TaskId child) {
  const store::Task* row = record_->Stored(plan_.task(child).name);
  if (!row || row->state == TaskState::kNone || row->state == TaskState::kSuccess) return RestoreOne(child);
  store::TaskChange change;
  change.to = TaskState::kNone;
  change.at = clock_.Now();
  change.failures = 0;
  record_->Change(row->name, std::move(change));
  plan_.Restore(child, {TaskState::kNone, row->attempts, 0, {}, true});
}

platform::RunFacts RunExecutor::FactsOf(TaskId id) const {
  platform::RunFacts facts = facts_;
  facts.task = plan_.task(id).name;
  facts.attempt = std::max(plan_.attempts(id), 1);
  facts.item = tasks_[id].item;
  facts.index = tasks_[id].index;
  return facts;
}

TaskJob RunExecutor::MakeJob(TaskId id, const std::string& thread, const Running& running) {
  return TaskJob{.workspace = workspace_,
                 .pipeline = pipeline_,
                 .definition = *tasks_[id].definition,
                 .narrator = narrator_,
                 .log = *running.log,
                 .interruption = *running.interruption,
                 .supervisors = session_.supervisors(),
                 .log_path = LogOf(id),
                 .is_taken_up = running.is_taken_up,
                 .run = run_.id,
                 .name = plan_.task(id).name,
                 .thread = thread,
                 .facts = FactsOf(id),
                 .backfill = run_.run_type == "backfill",
                 .first_began = first_began_.at(id),
                 .goes_on = goes_on_.contains(id),
                 .tests_not_passed = {}};
}

// Node work shares its selection's runner; other tasks get a job of their own, with a copy of all they may ask.
void RunExecutor::Dispatch() {
  for (TaskId id : std::exchange(to_dispatch_, {})) {
    const bool is_new = !std::exchange(running_.at(id).said, true);
    const Running running = running_.at(id);
    if (is_new) narrator_.TaskStarted(StoryOf(id), running.is_taken_up);
    if (tasks_[id].IsNodeWork()) {
      crew_.Submit(
          [this, id, running, task = tasks_[id], work = selections_.at(*plan_.parent(id))](const std::string& thread) {
            mailbox_->Push({id, work->Run(task, thread, *running.log, *running.interruption)});
          });
      continue;
    }
    auto job = std::make_shared<TaskJob>(MakeJob(id, {}, running));
    job->tests_not_passed = [this, passed = PassedTests()](graph::NodeId model) {
      std::vector<std::string> missing;
      for (const project::Node& node : workspace_.manifest()->nodes()) {
        if (!node.test || passed.contains(node.id)) continue;
        const bool own = node.test->attached ? *node.test->attached == model
                                             : std::ranges::find(node.depends_on, model) != node.depends_on.end();
        if (own) missing.emplace_back(node.unique_id);
      }
      return missing;
    };
    crew_.Submit([this, id, running, job](const std::string& thread) {
      job->thread = thread;
      mailbox_->Push({id, RunTaskJob(*job)});
    });
  }
}

std::optional<Duration> RunExecutor::UntilNextTimer() const {
  std::optional<Duration> wait;
  if (!timers_.empty()) wait = std::max(timers_.begin()->first - clock_.Monotonic(), Duration{0});
  const bool stopping = std::ranges::any_of(running_, [](const auto& each) { return each.second.stopping; });
  if (stopping && (!wait || *wait > kStopAgain)) wait = kStopAgain;
  return wait;
}

void RunExecutor::FireTimers() {
  while (!timers_.empty() && timers_.begin()->first <= clock_.Monotonic()) {
    const Timer timer = timers_.begin()->second;
    timers_.erase(timers_.begin());
    Fire(timer);
  }
}

void RunExecutor::Fire(const Timer& timer) {
  switch (timer.kind) {
    case Timer::Kind::kRetry:
      if (plan_.state(timer.task) == TaskState::kUpForRetry) plan_.Retry(timer.task);
      return;
    case Timer::Kind::kLook: {
      const auto found = running_.find(timer.task);
      const bool same = found != running_.end() && plan_.attempts(timer.task) == timer.attempt;
      if (same && std::exchange(found->second.waiting, false)) to_dispatch_.push_back(timer.task);
      return;
    }
    case Timer::Kind::kTaskTimeout: {
      const auto found = running_.find(timer.task);
      if (found == running_.end() || plan_.attempts(timer.task) != timer.attempt || found->second.stopping) return;
      found->second.timed_out = found->second.stopping = true;
      return StopAgain();
    }
    case Timer::Kind::kRunTimeout:
      out_of_time_ = true;
      return StopAll();
    case Timer::Kind::kDeadline:
      AlertRun(
          "deadline_missed",
          fmt::format("pipeline {} is not done after {}", pipeline_.name, FormatDuration(pipeline_.deadline->after)),
          pipeline_.deadline->notify);
  }
}

void RunExecutor::StopAll() {
  Follow(plan_.Cancel());
  std::erase_if(seats_, [&](const auto& each) { return scheduler::IsFinal(plan_.state(each.first)); });
  for (auto& [id, running] : running_) running.stopping = true;
  StopAgain();
}

void RunExecutor::StopAgain() {
  for (auto& [id, running] : running_) {
    if (!running.stopping) continue;
    running.interruption->Stop();
    if (std::exchange(running.waiting, false))
      mailbox_->Push({id, FailedTask(Diagnostic(kStopped, fmt::format("task `{}` was stopped", plan_.task(id).name)))});
  }
}

}  // namespace stir::engine
