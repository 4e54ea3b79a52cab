// Backfills that no command carries out, by the service: their runs are made a few at a time, and are then runs like
// others.
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <vector>

#include "base/files.h"
#include "engine/host.h"
#include "engine/state_folder.h"
#include "platform/definitions.h"
#include "scheduler/calendar.h"
#include "store/store.h"

namespace stir::engine {

// Used by one thread.
class ServiceBackfills {
 public:
  ServiceBackfills(const Host& host, StateFolder folder) : host_(host), folder_(std::move(folder)) {}

  struct Made {
    std::vector<store::Run> runs;  // new ones, for somebody to carry out
    bool look_again = false;       // somebody is about to begin one, or carries one out
  };
  // `unfinished`: all runs that are, of whatever type; a pipeline never gets more than its `max_active_runs`.
  Result<Made> Advance(store::Store& store, const platform::Definitions& definitions,
                       const std::vector<store::Run>& unfinished);

 private:
  struct Carried {
    std::unique_ptr<FileLock> lock;
    std::deque<scheduler::Interval> left;
  };

  // False: it is somebody else's.
  Result<bool> Take(store::Store& store, const platform::Pipeline& pipeline, const store::Backfill& backfill,
                    const std::vector<store::Run>& unfinished);
  Status AdvanceOne(store::Store& store, const platform::Pipeline& pipeline, const store::Backfill& backfill,
                    const std::vector<store::Run>& unfinished, Made& made);

  const Host& host_;
  const StateFolder folder_;
  std::map<int64_t, Carried> carried_;
};

}  // namespace stir::engine
