// One attempt of one task, as a worker gets it, and what comes back. What a kind of task does is in task_<kind>.cc.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/cell.h"
#include "adapter/connection.h"
#include "base/cancel.h"
#include "base/process.h"
#include "base/result.h"
#include "engine/movements.h"
#include "engine/pipeline_events.h"
#include "engine/run_task.h"
#include "engine/supervised_process.h"
#include "engine/task_log.h"
#include "engine/workspace.h"
#include "platform/values.h"
#include "scheduler/plan.h"
#include "store/records.h"

namespace stir::engine {

// Stops an attempt from outside: processes through the token, databases by canceling what their session runs.
class Interruption {
 public:
  // From any thread, as often as need be: a session may send one more statement after the one that was canceled.
  void Stop();
  // A process goes on without us.
  void Leave() { leave_.request_stop(); }
  const CancelToken token() const { return source_.get_token(); }
  Attention attention() const { return {source_.get_token(), leave_.get_token()}; }
  bool stopped() const { return source_.stop_requested(); }

  // While it lives, Stop cancels the session too.
  class Watch {
   public:
    Watch(Interruption& interruption, adapter::Connection* connection);
    ~Watch();
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

   private:
    Interruption& interruption_;
    adapter::Connection* connection_;
  };

 private:
  CancelSource source_, leave_;
  std::mutex mutex_;
  std::vector<adapter::Connection*> connections_;  // guarded by mutex_
};

// What an attempt has at hand. References outlive it; used by one worker.
struct TaskJob {
  Workspace& workspace;
  const platform::Pipeline& pipeline;
  const platform::Task& definition;
  const PipelineNarrator& narrator;
  TaskLog& log;
  Interruption& interruption;
  Supervisors& supervisors;
  fs::path log_path;
  bool is_taken_up = false;  // its process was started by another one of us
  int64_t run = 0;
  std::string name, thread;  // "extract.us_east", "Thread-1 (worker)"
  platform::RunFacts facts;
  bool backfill = false;    // watermarks stay where they are
  Timestamp first_began{};  // the task, in whatever process
  bool goes_on = false;     // an attempt before it was lost, or only looked
  // Which of the model's own tests have not passed in this run, by unique id: for publications that require them.
  std::function<std::vector<std::string>(graph::NodeId model)> tests_not_passed;
};

struct TaskResult {
  scheduler::Outcome outcome;
  std::string message;         // a line for people
  std::string outputs = "{}";  // JSON
  Diagnostics errors;
  std::vector<platform::TaskIndex> chosen;      // of a branch
  std::vector<std::string> alert_channels;      // of notify: where `message` goes
  std::optional<store::Checkpoint> checkpoint;  // of ingest: how far it has come
  // Not done: `message` says what is waited for, and the task is run again after this long. Nothing is held meanwhile.
  std::optional<Duration> look_again;
  std::optional<store::NewRun> triggers;  // made in the commit of this result
  std::optional<store::Run> launches;     // is there already, and may have nobody who runs it
  fs::path spent_record;                  // of a process: of no use once this result is in the store
};

// Failures that another attempt cannot mend (wrong definitions, wrong templates) are not retryable.
TaskResult FailedTask(Diagnostics errors);
TaskResult FailedTask(Diagnostic error);
// The error of a task that ran longer than it may.
Diagnostic OutOfTime(const platform::Task& definition, std::string_view name);
// "path:line:column: message": the first error, in a line.
std::string OneLine(const Diagnostics& errors, const SourceMap& sources);
// A JSON list of the errors with their places, for the store.
std::string ErrorsToJson(const Diagnostics& errors, const SourceMap& sources);

// What a task's process learns of its run, with what the task adds.
std::map<std::string, std::string> EnvironmentOf(const TaskJob& job, const platform::Task& bound);
// "exited with status 2".
std::string Described(const ProcessResult& ended);

// Runs it under a supervisor, or goes on with one that a job before it started: what became of it. JSON on the last
// line of its output is the task's. `Failed` says what is wrong when it ends by itself with anything but 0.
TaskResult Supervised(TaskJob& job, ProcessSpec spec, const std::function<Diagnostic(const ProcessEnd& end)>& failed);

// The first value of a query on a connection, null without rows.
stir::Result<adapter::Cell> FirstCell(TaskJob& job, const std::string& connection, std::string_view sql);

// When to look again for what has been waited for this long: soon at first, then less and less often.
Duration NextLook(Duration waited, Duration every);
// The interval of another pipeline that a run is about: the one of `logical_date`, or without that the newest that ends
// with the run's own, or before.
stir::Result<scheduler::Interval> IntervalOfOther(const TaskJob& job, const platform::Pipeline& other,
                                                  const std::string& logical_date, Span span);

// What an ingest or publish task asks of movements.h.
Movement MovementOf(const TaskJob& job);

// Binds the task to the run's values and does what it says. Never fails as a call.
TaskResult RunTaskJob(TaskJob& job);

// The kinds; `bound` is the task with its texts rendered.
TaskResult RunSqlTask(TaskJob& job, const platform::Task& bound);
TaskResult RunProcessTask(TaskJob& job, const platform::Task& bound);
TaskResult RunHttpTask(TaskJob& job, const platform::Task& bound);
TaskResult RunSshTask(TaskJob& job, const platform::Task& bound);
// The two of them when the process is there already; the task as it is defined.
TaskResult TakeUpProcessTask(TaskJob& job);
TaskResult TakeUpSshTask(TaskJob& job);
TaskResult RunWaitTask(TaskJob& job, const platform::Task& bound);
TaskResult RunTriggerTask(TaskJob& job, const platform::Task& bound);
TaskResult RunBranchTask(TaskJob& job, const platform::Task& bound);
TaskResult RunGateTask(TaskJob& job, const platform::Task& bound);
TaskResult RunNotifyTask(TaskJob& job, const platform::Task& bound);
TaskResult RunIngestTask(TaskJob& job, const platform::Task& bound);
TaskResult RunPublishTask(TaskJob& job, const platform::Task& bound);

}  // namespace stir::engine
