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
  // `set_aside`: stops the tasks and leaves the run as it stands, for another process to go on with.
  RunExecutor(Workspace& workspace, const platform::Pipeline& pipeline, store::Run run,
              const PipelineNarrator& narrator, AlertSender& alerts, CancelToken set_aside = {});
  ~RunExecutor();

  // What would have to run again for the failures of an ended run, cleared; the run is then running again.
  Status ClearFailures();
  // Runs it to its end. Fails when the store does, or with kSetAside; the run can then be resumed.
  Result<RunAccount> Run();

 private:
  using TaskId = scheduler::TaskId;
  using TaskState = scheduler::TaskState;

  struct Running {
    std::shared_ptr<Interruption> interruption;
    std::shared_ptr<TaskLog> log;
    Duration started{};  // monotonic
    bool stopping = false, timed_out = false;
  };
  struct Done {
    TaskId task = 0;
    TaskResult result;
    enum class Word : uint8_t { kTask, kCancel, kAside } word = Word::kTask;  // of whom: no task in the last two
  };
  struct Timer {
    enum class Kind : uint8_t { kRetry, kTaskTimeout, kRunTimeout, kDeadline } kind;
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
  void RememberOutputs(TaskId id, std::string_view outputs);

  // run_executor.cc
  Status Loop();
  void Abandon();
  Status SetAside();
  void Say(Done::Word word);
  void StartReady();
  void Begin(TaskId id);
  void Launch(TaskId id);
  void Expand(TaskId id);
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
  void Judge(TaskId id, TaskResult& result, const Running& running) const;
  scheduler::Outcome MapOutcome(const TaskResult& result) const;
  void WriteEnd(TaskId id, const TaskResult& result, double seconds, const scheduler::Transitions& then);
  void Follow(const scheduler::Transitions& then);
  void EndExpanded(TaskId id);
  std::string OutputsOfExpanded(TaskId id) const;
  void AlertFailure(TaskId id, const std::string& message);
  void AddAlerts(TaskId id, const char* event, const std::string& message, const std::vector<std::string>& channels);
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
  std::multimap<Duration, Timer> timers_;  // by monotonic time
  bool resumed_ = false, canceled_ = false, out_of_time_ = false, alerted_ = false, is_set_aside_ = false;
  Duration begun_at_{};
  Mailbox<Done> mailbox_;
  TaskCrew crew_;  // last: its threads are gone before what they use
};

// Airflow's form: "manual__2026-11-20T00:00:00+00:00", with "__1" for the first repetition.
std::string RunIdText(const store::Run& run, const scheduler::Zone& zone);

}  // namespace stir::engine
