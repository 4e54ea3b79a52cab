// One interval of a pipeline, run by a command: held, its run found or made, carried out.
#pragma once

#include <optional>
#include <string>

#include "base/result.h"
#include "engine/pipeline_session.h"
#include "engine/run_executor.h"
#include "platform/definitions.h"
#include "scheduler/calendar.h"

namespace stir::engine {

struct RunWish {
  scheduler::Interval interval;
  std::string run_type, params;
  std::optional<int64_t> backfill;
};

// An unfinished run of the interval, whatever its type, is resumed; else there is a new one. The interval is held from
// before its run is looked up until after it has ended.
Result<RunAccount> RunInterval(PipelineSession& session, const platform::Pipeline& pipeline, const RunWish& wish);

// The interval that holds `logical_date`; without one the newest that has ended.
Result<scheduler::Interval> IntervalOf(const platform::Pipeline& pipeline, const std::string& logical_date,
                                       Timestamp now);
// An unfinished run of the interval, or a new one.
Result<store::CreatedRun> FindOrCreateRun(store::Store& store, const platform::Pipeline& pipeline, const RunWish& wish,
                                          Timestamp now);

// Who asked for it.
Status RecordAction(Workspace& workspace, std::string action, const platform::Pipeline& pipeline, std::string detail);

}  // namespace stir::engine
