// What the commands that run pipelines share: who tells, who delivers alerts, and the locks that keep two processes
// from running the same thing.
#pragma once

#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/files.h"
#include "base/json.h"
#include "engine/pipeline_alerts.h"
#include "engine/pipeline_events.h"
#include "engine/shared_slots.h"
#include "engine/supervised_process.h"
#include "engine/workspace.h"
#include "platform/definitions.h"
#include "scheduler/calendar.h"

namespace stir::engine {

class BellEar;
class RunExecutor;

// Carries on with what a run has made for others. Thread safe.
class RunLauncher {
 public:
  virtual ~RunLauncher() = default;
  // Sees to it that a run which a task has made is carried out; one that it knows already is nothing.
  virtual void Launch(const store::Run& run) = 0;
  // Data that a schedule is on was renewed.
  virtual void Announce() = 0;
};

// The workspace outlives it. Its end waits for the runs that tasks have made, delivers the alerts that are due, and
// tells a service that intervals may be free.
class PipelineSession {
 public:
  enum class For : uint8_t { kCommand, kService };  // who carries out the runs that tasks make: it, or the service
  // `slots`, `supervisors`: those that its runs share with others; without them its own.
  explicit PipelineSession(Workspace& workspace, For whom = For::kCommand, std::shared_ptr<SharedSlots> slots = nullptr,
                           std::shared_ptr<Supervisors> supervisors = nullptr);
  ~PipelineSession();
  PipelineSession(const PipelineSession&) = delete;
  PipelineSession& operator=(const PipelineSession&) = delete;
  Workspace& workspace() { return workspace_; }
  const PipelineNarrator& narrator() const { return narrator_; }
  AlertSender& alerts() { return alerts_; }
  RunLauncher& launcher() { return *launcher_; }
  SharedSlots& slots() { return *slots_; }
  Supervisors& supervisors() { return *supervisors_; }
  // While it lives, the executor is nudged when the bell rings.
  class Listening {
   public:
    Listening(PipelineSession& session, RunExecutor& executor);
    ~Listening();
    Listening(const Listening&) = delete;
    Listening& operator=(const Listening&) = delete;

   private:
    PipelineSession& session_;
    RunExecutor& executor_;
  };
  // A schedule of the project is on it.
  bool IsAwaited(const std::string& asset) const { return awaited_.contains(asset); }

 private:
  Workspace& workspace_;
  PipelineNarrator narrator_;
  AlertSender alerts_;
  const std::shared_ptr<SharedSlots> slots_;
  const std::shared_ptr<Supervisors> supervisors_;
  std::set<std::string> awaited_;  // assets
  std::mutex mutex_;
  std::set<RunExecutor*> listening_;  // guarded by mutex_
  std::unique_ptr<BellEar> ear_;
  std::unique_ptr<RunLauncher> launcher_;
};

// The right to run one interval of a pipeline, and one of its `max_active_runs`: held until destroyed, let go by the
// system when the process dies. kRunHeld names the process that has it.
Result<std::vector<std::unique_ptr<FileLock>>> HoldInterval(Workspace& workspace, const platform::Pipeline& pipeline,
                                                            const scheduler::Interval& interval);

// The pipeline's parameters as JSON, with those of an object laid over them.
Result<std::string> LayParams(const platform::Pipeline& pipeline, const Json& over);
// The same with the YAML of a mapping, or nothing.
Result<std::string> ParamsOf(const platform::Pipeline& pipeline, const std::string& given, SourceMap& sources);

}  // namespace stir::engine
