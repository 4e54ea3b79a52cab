// What has run: the store as lists, and failed runs tried again.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/commands.h"
#include "engine/host.h"
#include "engine/options.h"
#include "engine/state_folder.h"
#include "store/records.h"

namespace stir::engine {

// Newest first. A project that never ran a pipeline has none.
Result<std::vector<store::Run>> ListRuns(const Host& host, const Options& options, const store::RunFilter& filter);

struct RunDetail {
  store::Run run;
  std::vector<store::Task> tasks;        // by position; expanded tasks before their children
  std::vector<store::Attempt> attempts;  // by task, then number
  std::vector<store::Message> alerts;
};
Result<RunDetail> ShowRun(const Host& host, const Options& options, int64_t run);

// Runs again, in the same run, what failed, was canceled or never ran for a failure, and all that follows from it; what
// succeeded stays. Same account and same errors as RunPipeline.
Result<CommandResult> RetryRun(const Host& host, const Options& options, int64_t run);

// Tasks of a run that nobody works on, cleared (they run again) or marked (they become this state without running);
// the run then goes on. What changes is told, a line a task; a dry run only tells.
struct EditRequest {
  int64_t run = 0;
  std::vector<std::string> tasks;  // names or labels; empty: what RetryRun takes
  bool downstream = true;          // also what follows from them
  std::optional<store::TaskState> mark;
  bool dry_run = false;
};
Result<CommandResult> EditRun(const Host& host, const Options& options, const EditRequest& request);

// A run that has not ended: stopped, or its tasks held back and let go again. Whoever works on it does so at once; one
// that nobody works on is canceled here.
enum class Asked : uint8_t { kCancel, kHold, kRelease };
Status AskOfRun(const Host& host, const Options& options, int64_t run, Asked what);

// Who did what by hand, newest first.
Result<std::vector<store::AuditEntry>> ReadAudit(const Host& host, const Options& options, size_t limit);

// Forgets runs that ended longer ago than that, with their logs; each pipeline's newest run stays. How many are gone.
Result<size_t> ForgetRuns(const Host& host, const Options& options, Duration keep);
Result<size_t> ForgetRuns(const Host& host, store::Store& store, const StateFolder& folder, Duration keep);

struct LogRequest {
  int64_t run = 0;
  std::string task;            // name or label; empty: all tasks, in the order in which they started
  std::optional<int> attempt;  // none: the last one
};
struct LogText {
  std::string task;
  int attempt = 0;
  std::string path;  // below .stir/logs
  std::string text;
};
Result<std::vector<LogText>> ReadLogs(const Host& host, const Options& options, const LogRequest& request);

}  // namespace stir::engine
