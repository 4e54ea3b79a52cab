// Pipelines from the command line: run one interval, backfill many, look at what is defined. Runs are durable: every
// step is written to .stir/state.db before and after it, and the same command resumes a run whose process died.
//
// A failed Result means the command could not be carried out (exit code 2); success == false means a run failed (1).
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "engine/commands.h"
#include "engine/host.h"
#include "engine/options.h"
#include "platform/definitions.h"
#include "scheduler/calendar.h"

namespace stir::engine {

struct PipelineRequest {
  std::string pipeline;
  std::string logical_date;  // "2026-11-20" or a time; empty: the newest interval that has ended
  std::string params;        // YAML text of a mapping laid over the pipeline's own, or empty
};

// Runs the pipeline for the interval that holds `logical_date`. An unfinished run of that interval is resumed with its
// own parameters; a finished one is followed by another. Fails with kRunHeld, naming the pid, while another process
// runs it. The account of the run goes to host.events (pipeline_events.h).
Result<CommandResult> RunPipeline(const Host& host, const Options& options, const PipelineRequest& request);

struct PipelineInfo {
  std::string name, description, schedule, timezone;
  std::vector<std::string> tags;
  size_t tasks = 0;                           // without groups
  std::optional<scheduler::Interval> latest;  // the newest interval that has ended
  std::string last_state;                     // of the newest run: "success"; empty: never run
  std::string last_notes;
  std::optional<Timestamp> last_logical_date, last_ended_at;
};
Result<std::vector<PipelineInfo>> ListPipelines(const Host& host, const Options& options);

struct TaskInfo {
  std::string name, kind, subject;  // "extract.us_east", "ingest", "sales_us_east"
  std::string group;                // empty: none
  std::vector<std::string> needs;   // tasks; groups flattened
  std::string trigger_rule, pool;
  int retries = 0;
  bool allow_failure = false;
};
// As written; groups left out.
Result<std::vector<TaskInfo>> DescribeTasks(const platform::Pipeline& pipeline);

struct PipelineDetail {
  PipelineInfo info;
  std::vector<TaskInfo> tasks;
};
Result<PipelineDetail> ShowPipeline(const Host& host, const Options& options, const std::string& name);

}  // namespace stir::engine
