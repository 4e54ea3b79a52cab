// Rows in and rows out: what a task of a pipeline and a command of its own have in common. Definitions are bound to the
// values of whoever asks, transfer does the work, outcomes are worded.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "base/cancel.h"
#include "base/result.h"
#include "engine/commands.h"
#include "engine/workspace.h"
#include "platform/values.h"
#include "transfer/ingest.h"
#include "transfer/publish.h"

namespace stir::engine {

// Who asks, and for when.
struct Movement {
  platform::RunFacts facts;    // what the definition's texts see
  std::string run_id;          // in checkpoints and generations
  std::optional<int64_t> run;  // in the store; none for a command
  std::string scratch;         // name of the folder for temporary files, below .stir/tmp
  std::optional<transfer::Interval> interval;
  bool backfill = false;  // watermarks stay where they are
  bool full_refresh = false;
  CancelToken cancel;
};

// Which of a model's tests have not passed, by unique id.
using TestsNotPassed = std::function<std::vector<std::string>(graph::NodeId model)>;

Result<transfer::IngestOutcome> IngestRows(Workspace& workspace, const std::string& ingestion,
                                           const Movement& movement);
Result<transfer::ReplayOutcome> ReplayRows(Workspace& workspace, const std::string& ingestion,
                                           const Movement& movement);
// Refuses when the publication requires tests that have not passed.
Result<transfer::PublishOutcome> PublishRows(Workspace& workspace, const std::string& publication,
                                             const Movement& movement, const TestsNotPassed& tests_not_passed);
Result<transfer::PublishOutcome> RollBackRows(Workspace& workspace, const std::string& publication,
                                              const Movement& movement);

// One line for people.
std::string Worded(const transfer::IngestOutcome& outcome);
std::string Worded(const transfer::ReplayOutcome& outcome);
std::string Worded(const transfer::PublishOutcome& outcome);

// The commands `ingest [replay]` and `publish [rollback]`: one movement without a pipeline, told as events.
struct MovementRequest {
  std::string name;          // of the ingestion or publication
  std::string logical_date;  // ingest: loads this day; empty: everything that is new
  bool full_refresh = false;
};
Result<CommandResult> IngestOnce(const Host& host, const Options& options, const MovementRequest& request);
Result<CommandResult> ReplayOnce(const Host& host, const Options& options, const MovementRequest& request);
Result<CommandResult> PublishOnce(const Host& host, const Options& options, const MovementRequest& request);
Result<CommandResult> RollBackOnce(const Host& host, const Options& options, const MovementRequest& request);

}  // namespace stir::engine
