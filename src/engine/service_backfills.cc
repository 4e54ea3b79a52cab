#include "engine/service_backfills.h"

#include <algorithm>

#include "base/kinds.h"
#include "engine/backfills.h"
#include "engine/kinds.h"
#include "engine/run_interval.h"
#include "store/kinds.h"

namespace stir::engine {

Result<ServiceBackfills::Made> ServiceBackfills::Advance(store::Store& store, const platform::Definitions& definitions,
                                                         const std::vector<store::Run>& unfinished) {
  STIR_ASSIGN(std::vector<store::Backfill> backfills, store.Backfills());
  std::ranges::reverse(backfills);  // oldest first
  std::erase_if(backfills, [](const store::Backfill& each) { return each.state != "running"; });
  std::erase_if(carried_, [&](const auto& each) {
    return std::ranges::find(backfills, each.first, &store::Backfill::id) == backfills.end();
  });
  Made made;
  for (const store::Backfill& backfill : backfills) {
    const auto pipeline = definitions.FindPipeline(backfill.pipeline);
    if (!pipeline.ok()) continue;  // its definition is gone: it waits for it
    STIR_ASSIGN(const bool is_ours, Take(store, **pipeline, backfill, unfinished));
    made.look_again = made.look_again || !is_ours;
    if (is_ours) STIR_TRY(AdvanceOne(store, **pipeline, backfill, unfinished, made));
  }
  return made;
}

Result<bool> ServiceBackfills::Take(store::Store& store, const platform::Pipeline& pipeline,
                                    const store::Backfill& backfill, const std::vector<store::Run>& unfinished) {
  if (carried_.contains(backfill.id)) return true;
  const auto no_new = HoldNewBackfills(host_.files, folder_);
  if (!no_new.ok()) return false;
  auto lock = HoldBackfill(host_.files, folder_, backfill.id);
  if (!lock.ok()) return false;
  STIR_ASSIGN(auto left, LeftOf(store, pipeline, backfill));
  // What it has a run of that goes on is not left.
  std::erase_if(left, [&](const scheduler::Interval& interval) {
    return std::ranges::any_of(unfinished, [&](const store::Run& run) {
      return run.backfill == backfill.id && run.logical_date == interval.start;
    });
  });
  carried_.emplace(backfill.id, Carried{*std::move(lock), std::move(left)});
  return true;
}

Status ServiceBackfills::AdvanceOne(store::Store& store, const platform::Pipeline& pipeline,
                                    const store::Backfill& backfill, const std::vector<store::Run>& unfinished,
                                    Made& made) {
  std::deque<scheduler::Interval>& left = carried_.at(backfill.id).left;
  const auto count = [&](const auto& is_meant) {
    return static_cast<int>(std::ranges::count_if(unfinished, is_meant) + std::ranges::count_if(made.runs, is_meant));
  };
  const auto is_its = [&](const store::Run& run) { return run.backfill == backfill.id; };
  const auto is_of_pipeline = [&](const store::Run& run) { return run.pipeline == pipeline.name; };
  while (!left.empty() && count(is_its) < backfill.at_once && count(is_of_pipeline) < pipeline.max_active_runs) {
    STIR_ASSIGN(
        store::CreatedRun created,
        FindOrCreateRun(store, pipeline, {left.front(), "backfill", backfill.params, backfill.id}, host_.clock.Now()));
    left.pop_front();
    if (created.created) made.runs.push_back(std::move(created.run));
  }
  if (!left.empty() || count(is_its) > 0) return {};
  carried_.erase(backfill.id);
  const Status done = store.MoveBackfill(backfill.id, "running", "done", std::nullopt, host_.clock.Now());
  return done.ok() || done.error().front().kind == store::kStoreConflict ? Status() : done;  // canceled meanwhile
}

}  // namespace stir::engine
