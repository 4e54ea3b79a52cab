// Backfills: a pipeline's intervals in a range, run by a command or a service, which may end at any time. What is to be
// done is a row of the store, what was done are its runs, so that another one goes on with it.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/result.h"
#include "engine/commands.h"
#include "engine/host.h"
#include "engine/options.h"
#include "engine/state_folder.h"
#include "platform/definitions.h"
#include "scheduler/calendar.h"
#include "store/records.h"
#include "store/store.h"

namespace stir::engine {

// Intervals without a run; also failed ones; all of them.
enum class BackfillMode : uint8_t { kMissing, kFailed, kAll };
// Its word, as people and the store have it: missing, failed, all.
std::string_view ToString(BackfillMode mode);
std::optional<BackfillMode> ReadBackfillMode(std::string_view word);

struct BackfillRequest {
  std::string pipeline;
  std::string from, to;  // dates or times; both ends are included
  std::string params;
  BackfillMode mode = BackfillMode::kAll;
  bool dry_run = false;  // only say which intervals would run
  int at_once = 1;       // runs at a time, and never more than `max_active_runs`
};

// Runs the pipeline for every interval that begins in the range, oldest first. Goes on after a failed run; stops when
// the user does, or somebody cancels it. Watermarks of ingestions stay where they are.
Result<CommandResult> BackfillPipeline(const Host& host, const Options& options, const BackfillRequest& request);

struct BackfillInfo {
  store::Backfill backfill;
  size_t intervals = 0, succeeded = 0, failed = 0;  // that it is about at all; whose run of it ended so
};
Result<std::vector<BackfillInfo>> ListBackfills(const Host& host, const Options& options);  // newest first

// Begins no more runs; those under way end.
Status CancelBackfill(const Host& host, const Options& options, int64_t id);
// Goes on with one that was interrupted or canceled: with the intervals that it has no ended run of.
Result<CommandResult> ResumeBackfill(const Host& host, const Options& options, int64_t id);

// The same as values. What is asked for, not yet stored; and what one has left to do, oldest first.
Result<store::Backfill> BackfillOf(const platform::Pipeline& pipeline, const BackfillRequest& request);
Result<std::deque<scheduler::Interval>> LeftOf(store::Store& store, const platform::Pipeline& pipeline,
                                               const store::Backfill& backfill);

// The right to carry one out; kRunHeld names who has it. While somebody holds HoldNewBackfills, a service takes none
// that it does not know.
Result<std::unique_ptr<FileLock>> HoldBackfill(Files& files, const StateFolder& folder, int64_t id);
Result<std::unique_ptr<FileLock>> HoldNewBackfills(Files& files, const StateFolder& folder);

}  // namespace stir::engine
