#include "engine/service_runs.h"

#include <fmt/format.h>

#include "base/diagnostic_text.h"
#include "engine/kinds.h"
#include "engine/run_executor.h"

namespace stir::engine {

ServiceRuns::~ServiceRuns() {
  set_aside_.request_stop();
  for (auto& [run, thread] : threads_) thread.join();
}

bool ServiceRuns::Begin(const std::shared_ptr<Generation>& generation, const platform::Pipeline& pipeline,
                        store::Run run) {
  auto held = HoldInterval(generation->workspace(), pipeline, {run.data_interval_start, run.data_interval_end});
  if (!held.ok()) return false;
  // Another process may have ended it before it let the interval go.
  const auto now = generation->workspace().store().GetRun(run.id);
  if (!now.ok() || !*now || scheduler::IsFinal((*now)->state)) return false;
  const int64_t id = run.id;
  threads_.emplace(id, [this, own = generation, &pipeline, fresh = **now, locks = *std::move(held)]() mutable {
    Work(own, pipeline, std::move(fresh));
    locks.clear();
    own.reset();
    on_end_();
  });
  return true;
}

void ServiceRuns::Work(const std::shared_ptr<Generation>& generation, const platform::Pipeline& pipeline,
                       store::Run run) {
  const int64_t id = run.id;
  bool failed = false;
  {
    RunExecutor executor(generation->session(), pipeline, std::move(run), set_aside_.get_token());
    const auto account = executor.Run();
    failed = !account.ok();
    if (failed && account.error().front().kind != kSetAside)
      host_.events.Emit({"S124", "ServiceTrouble", Level::kError,
                         fmt::format("run {} cannot go on: {}", id,
                                     RenderDiagnostics(account.error(), generation->workspace().host().sources))});
  }
  const std::scoped_lock lock(mutex_);
  ended_.push_back({id, failed});
}

std::vector<ServiceRuns::Ended> ServiceRuns::TakeEnded() {
  std::vector<Ended> ended;
  {
    const std::scoped_lock lock(mutex_);
    ended = std::exchange(ended_, {});
  }
  for (const Ended& each : ended) {
    threads_.at(each.run).join();
    threads_.erase(each.run);
  }
  return ended;
}

}  // namespace stir::engine
