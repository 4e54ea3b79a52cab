// What schedules have decided, as statements. Every function works inside of the caller's transaction, or is one read.
#pragma once

#include <optional>
#include <vector>

#include "store/sqlite.h"
#include "store/store.h"

namespace stir::store {

// `run` is the id of the run that the step's interval has, if it is to have one; `created`: it is new.
Status Advance(Connection& connection, const ScheduleStep& step, int64_t& run, bool& created);
Result<std::vector<ScheduleMemory>> ReadSchedules(Connection& connection);
Status Renew(Connection& connection, const AssetVersion& asset);
Result<std::vector<AssetVersion>> ReadAssets(Connection& connection);
Result<std::vector<LeftOut>> ReadLeftOut(Connection& connection, std::string_view pipeline, size_t limit);

Result<std::vector<Backfill>> ReadBackfills(Connection& connection);

// Store::Forget.
Status ForgetRuns(Connection& connection, Timestamp ended_before, size_t limit, std::vector<int64_t>& gone);

// A run of `run`'s key, whatever its sequence.
Status InsertRun(Connection& connection, const NewRun& run, int64_t sequence);
// With the next sequence, whatever became of those before.
Status InsertAnotherRun(Connection& connection, const NewRun& run);

}  // namespace stir::store
