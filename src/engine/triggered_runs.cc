#include "engine/triggered_runs.h"

#include <algorithm>
#include <utility>

#include "engine/bell.h"
#include "engine/run_executor.h"

namespace stir::engine {
namespace {

// How soon a run that another process holds is looked at again.
constexpr auto kHeldLook = std::chrono::milliseconds(200);

// How long a service may take to begin it.
constexpr auto kHeadStart = std::chrono::seconds(10);

}  // namespace

void ServiceBell::Launch(const store::Run&) { Announce(); }

void ServiceBell::Announce() {
  static_cast<void>(RingBell(workspace_.host().files, workspace_.folder()).ok());  // the service looks anyway
}

TriggeredRuns::~TriggeredRuns() {
  while (true) {
    std::thread next;
    {
      const std::scoped_lock lock(mutex_);
      const auto running = std::ranges::find_if(threads_, [](const auto& each) { return each.second.joinable(); });
      if (running != threads_.end()) next = std::move(running->second);
    }
    if (!next.joinable()) return;
    next.join();
  }
}

void TriggeredRuns::Launch(const store::Run& run) {
  ServiceBell(session_.workspace()).Announce();
  const std::scoped_lock lock(mutex_);
  auto [at, is_new] = threads_.try_emplace(run.id);
  if (is_new) at->second = std::thread([this, id = run.id] { Work(id); });
}

// Until it has ended, by our work or by that of another process. A service that is there has the right to it.
void TriggeredRuns::Work(int64_t id) const {
  Workspace& workspace = session_.workspace();
  const Duration late = workspace.host().clock.Monotonic() + kHeadStart;
  while (!workspace.host().cancel.stop_requested()) {
    auto run = workspace.store().GetRun(id);
    if (!run.ok() || !*run || scheduler::IsFinal((*run)->state)) return;
    const auto pipeline = workspace.definitions().FindPipeline((*run)->pipeline);
    if (!pipeline.ok()) return;
    if (IsServiceUp(workspace.host().files, workspace.folder()) && workspace.host().clock.Monotonic() < late) {
      std::this_thread::sleep_for(kHeldLook);
      continue;
    }
    const auto held = HoldInterval(workspace, **pipeline, {(*run)->data_interval_start, (*run)->data_interval_end});
    if (!held.ok()) {
      std::this_thread::sleep_for(kHeldLook);
      continue;
    }
    run = workspace.store().GetRun(id);  // as it stands now that nobody else changes it
    if (!run.ok() || !*run || scheduler::IsFinal((*run)->state)) return;
    static_cast<void>(
        RunExecutor(session_, **pipeline, std::move(**run)).Run().ok());  // the run's own account says how
    return;
  }
}

}  // namespace stir::engine
