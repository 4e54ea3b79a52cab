// The runs that a service has in hand, each on a thread of its own.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/cancel.h"
#include "engine/service_generation.h"

namespace stir::engine {

// Used by one thread. Its end sets aside what still runs and waits for it.
class ServiceRuns {
 public:
  // `on_end` is called from the threads of the runs.
  ServiceRuns(const Host& host, std::function<void()> on_end) : host_(host), on_end_(std::move(on_end)) {}
  ~ServiceRuns();

  bool Has(int64_t run) const { return threads_.contains(run); }
  bool empty() const { return threads_.empty(); }
  // Takes the run on. False: another process has it, or as many of its pipeline run as may.
  bool Begin(const std::shared_ptr<Generation>& generation, const platform::Pipeline& pipeline, store::Run run);
  // Runs that have ended since the last call; `failed` ones could not be carried on (the store failed), and stand in
  // the store as they were.
  struct Ended {
    int64_t run = 0;
    bool failed = false;
  };
  std::vector<Ended> TakeEnded();

 private:
  void Work(const std::shared_ptr<Generation>& generation, const platform::Pipeline& pipeline, store::Run run);

  const Host& host_;
  const std::function<void()> on_end_;
  CancelSource set_aside_;
  std::map<int64_t, std::thread> threads_;
  std::mutex mutex_;
  std::vector<Ended> ended_;  // guarded by mutex_
};

}  // namespace stir::engine
