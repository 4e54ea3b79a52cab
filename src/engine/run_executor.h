// One durable run of a pipeline, from its claim to its end: the only place where plan, store and workers meet. One
// thread decides; before a task starts and after it ended the store knows. What a dead process left is taken up where
// it stopped.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <queue>
#include <set>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "engine/pipeline_alerts.h"
#include "engine/pipeline_events.h"
#include "engine/pipeline_mailbox.h"
#include "engine/pipeline_session.h"
#include "engine/run_record.h"
#include "engine/run_task.h"
#include "engine/selection_work.h"
#include "engine/task_crew.h"
#include "engine/task_job.h"
#include "engine/workspace.h"
#include "platform/values.h"
#include "scheduler/calendar.h"
#include "scheduler/plan.h"

namespace stir::engine {

struct RunAccount {
  scheduler::TaskState state = scheduler::TaskState::kSuccess;
  std::string notes;
};

// References outlive it. The caller holds the run's lock (pipelines.cc).
class RunExecutor {
 public:
  using TaskState = scheduler::TaskState;

  // `set_aside`: stops the tasks and leaves the run as it stands, for another process to go on with.
  RunExecutor(PipelineSession& session, const platform::Pipeline& pipeline, store::Run run, CancelToken set_aside = {});
  ~RunExecutor();

  // What a person does to the tasks of a run that nobody works on. The run is then running again.
  struct Edit {
    std::vector<std::string> tasks;  // by name; empty: what failed, was canceled or never ran for a failure
    bool downstream = true;          // and all that follows from them
    std::optional<TaskState> mark;   // they become this, and what did not run for them may; else they run again
  };
  // The tasks that run again, or that were marked: "load success -> none". `dry_run`: nothing is written.
  Result<std::vector<std::string>> Apply(const Edit& edit, bool dry_run, const store::AuditEntry& entry);
  // From any thread: somebody may have asked something of the run (store::Run::wish).
  void Nudge();
  // Runs it to its end. Fails when the store does, or with kSetAside; the run can then be resumed.
  Result<RunAccount> Run();

 private:
  using TaskId = scheduler::TaskId;

  struct Running {
    std::shared_ptr<Interruption> interruption;
    std::shared_ptr<TaskLog> log;
    Duration started{};  // monotonic
    bool stopping = false, timed_out = false;
    bool waiting = false;      // for a time to look again: nobody works on it
    bool said = false;         // that it started
    bool is_taken_up = false;  // its process was started by another one of us
  };
  struct Done {
    TaskId task = 0;
    TaskResult result;
    int64_t serial = 0;
    enum class Word : uint8_t { kTask, kSlots, kCancel, kAside, kWish } word = Word::kTask;  // the last three: no task
  };
  struct Seated {
    SharedSlots::Seat seat;
    int64_t serial = 0;  // of the request: news of one that was taken back means nothing
  };
  struct Timer {
    enum class Kind : uint8_t { kRetry, kLook, kTaskTimeout, kRunTimeout, kDeadline } kind;
    TaskId task = 0;
    int attempt = 0;
  };

  // run_recovery.cc
  Status Recover();
  Status Claim();
  Status ReleaseAlerts();
  Status FindPreviousSuccess();
  Status MakePlan();
  void RestoreTasks();
  void RestoreOne(TaskId id);
  void TakeUpProcesses();
  void EndProcess(const store::Task& task);
  void EndOutlived(TaskId id);
  void RememberOutputs(TaskId id, std::string_view outputs);
  Result<std::vector<TaskId>> Named(const Edit& edit) const;
  void ClearTask(TaskId id, std::vector<std::string>& changed);
  void Forget();

  // run_executor.cc
  Status Loop();
  void Abandon();
  Status SetAside();
  void Say(Done::Word word);
  void StartReady();
  void HearWish();
  scheduler::SlotRequest SlotsFor(TaskId id) const;
  bool AskForSlots(TaskId id);
  void Begin(TaskId id);
  void Launch(TaskId id);
  fs::path LogOf(TaskId id) const;
  void Expand(TaskId id);
  Status Flush();
  Result<TaskList> ListChildren(TaskId id);
  void Adopt(TaskId parent, TaskList list);
  void TakeOver(TaskId child);
  void Dispatch();
  TaskJob MakeJob(TaskId id, const std::string& thread, const Running& running);
  platform::RunFacts FactsOf(TaskId id) const;
  std::optional<Duration> UntilNextTimer() const;
  void FireTimers();
  void Fire(const Timer& timer);
  void StopAll();
  void StopAgain();

  // run_outcomes.cc
  void HandleDone(Done done);
  void Defer(TaskId id, TaskResult& result, Running& running);
  void Trigger(TaskResult& result);
  void Judge(TaskId id, TaskResult& result, const Running& running) const;
  void TellLoss(TaskId id, TaskResult& result) const;
  scheduler::Outcome MapOutcome(const TaskResult& result) const;
  void WriteEnd(TaskId id, const TaskResult& result, double seconds, const scheduler::Transitions& then);
  void Renew(TaskId id, Timestamp at);
  void Follow(const scheduler::Transitions& then);
  void EndExpanded(TaskId id);
  std::string OutputsOfExpanded(TaskId id) const;
  void AlertFailure(TaskId id, const std::string& message);
  void AddAlerts(TaskId id, const char* event, const std::string& message, const std::vector<std::string>& channels);
  Status AlertRecovery();
  void AlertRun(const char* event, std::string message, const std::vector<std::string>& channels);
  void RemoveForgotten();
  AlertFacts FactsOfAlert() const;
  Status GiveAccount();
  Result<RunAccount> Conclude();
  TaskStory StoryOf(TaskId id) const;
  store::NewTask RowOf(TaskId id) const;
  std::set<graph::NodeId> PassedTests() const;

  Workspace& workspace_;
  const platform::Pipeline& pipeline_;
  const PipelineNarrator& narrator_;
  AlertSender& alerts_;
  RunLauncher& launcher_;
  PipelineSession& session_;
  const Clock& clock_;
  const CancelToken set_aside_;
  store::Run run_;
  scheduler::Zone zone_;
  platform::RunFacts facts_;                   // of the run; of a task with its own added
  std::optional<RunRecord> record_;            // from the claim on
  std::map<std::string, Duration> durations_;  // of earlier runs, by task
  scheduler::Plan plan_;
  std::vector<RunTask> tasks_;                                   // by TaskId
  std::map<TaskId, std::string> outputs_;                        // JSON, of tasks that have ended
  std::map<TaskId, Duration> begun_;                             // monotonic; expanded tasks
  std::map<TaskId, std::shared_ptr<SelectionWork>> selections_;  // by expanded task
  std::map<TaskId, Running> running_;
  std::vector<TaskId> to_dispatch_;
  std::map<TaskId, Timestamp> first_began_;  // also in an earlier process
  std::set<TaskId> outlived_;                // that run in the store: their processes may
  std::vector<fs::path> records_;            // of processes whose end is about to be written
  std::set<TaskId> goes_on_;                 // whose last attempt was lost, or looked and found nothing yet
  std::map<TaskId, Seated> seats_;           // of tasks that run, or wait for slots
  int64_t requests_ = 0;                     // for slots, so far
  bool is_held_ = false;                     // nothing new starts
  bool renewed_ = false;                     // data that a schedule is on, since the last commit
  std::vector<std::string> triggered_;       // the tasks that made runs since the last commit, as NewRun::triggered_by
  std::multimap<Duration, Timer> timers_;    // by monotonic time
  bool resumed_ = false, canceled_ = false, out_of_time_ = false, alerted_ = false, is_set_aside_ = false;
  Duration begun_at_{};
  std::shared_ptr<Mailbox<Done>> mailbox_ = std::make_shared<Mailbox<Done>>();  // slots may be given when we are gone
  TaskCrew crew_;  // last: its threads are gone before what they use
};

// Airflow's form: "manual__2026-11-20T00:00:00+00:00", with "__1" for the first repetition.
std::string RunIdText(const store::Run& run, const scheduler::Zone& zone);

}  // namespace stir::engine
