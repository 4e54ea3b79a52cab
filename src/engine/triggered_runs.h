// The runs that tasks of a command's run have made: carried out beside it, unless a service does.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <thread>

#include "engine/pipeline_session.h"

namespace stir::engine {

// For a service, which looks into the store when it hears the bell.
class ServiceBell final : public RunLauncher {
 public:
  explicit ServiceBell(Workspace& workspace) : workspace_(workspace) {}
  void Launch(const store::Run& run) override;
  void Announce() override;

 private:
  Workspace& workspace_;
};

// A thread a run. Its end waits for them; a command that is stopped stops them.
class TriggeredRuns final : public RunLauncher {
 public:
  explicit TriggeredRuns(PipelineSession& session) : session_(session) {}
  ~TriggeredRuns() override;
  void Launch(const store::Run& run) override;
  void Announce() override {}  // the command's end does

 private:
  void Work(int64_t id) const;

  PipelineSession& session_;
  std::mutex mutex_;
  std::map<int64_t, std::thread> threads_;  // guarded by mutex_; by run
};

}  // namespace stir::engine
