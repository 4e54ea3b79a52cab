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
