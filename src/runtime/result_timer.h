// Notes when the phases of a node's life began and ended.
#pragma once

#include <chrono>
#include <string>

#include "base/clock.h"
#include "project/artifacts.h"

namespace stir::runtime {

// Writes into `result`, which outlives it; the total is written when it dies.
class ResultTimer {
 public:
  ResultTimer(const Clock& clock, project::NodeResult& result)
      : clock_(clock), result_(result), began_(clock.Monotonic()) {}
  ResultTimer(const ResultTimer&) = delete;
  ResultTimer& operator=(const ResultTimer&) = delete;
  ~ResultTimer() {
    if (open_) End();
    result_.execution_time = std::chrono::duration<double>(clock_.Monotonic() - began_).count();
  }

  void Begin(std::string phase) {
    result_.timing.push_back({std::move(phase), clock_.Now(), {}});
    open_ = true;
  }
  void End() {
    result_.timing.back().completed_at = clock_.Now();
    open_ = false;
  }

 private:
  const Clock& clock_;
  project::NodeResult& result_;
  Duration began_;
  bool open_ = false;
};

}  // namespace stir::runtime
