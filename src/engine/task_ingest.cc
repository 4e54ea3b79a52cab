// `ingest` tasks: an ingestion of stir/*.yml for the run's interval. transfer does the work and keeps the truth in the
// target; the store mirrors how far it has come.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "engine/task_job.h"

namespace stir::engine {
namespace {

std::string OutputsOf(const transfer::IngestOutcome& outcome) {
  const transfer::Checkpoint& done = outcome.checkpoint;
  Json reasons = Json::object();
  for (const transfer::Rejected& rejected : outcome.rejected) reasons[rejected.reason] = rejected.rows;
  const Json outputs = {{"rows", done.inserted + done.updated},
                        {"read", done.read},
                        {"duplicates", done.duplicates},
                        {"filtered", done.filtered},
                        {"outside", done.outside},
                        {"rejected", done.rejected},
                        {"reasons", std::move(reasons)},
                        {"stale", done.stale},
                        {"inserted", done.inserted},
                        {"updated", done.updated},
                        {"removed", done.removed},
                        {"bytes", outcome.table.bytes},
                        {"files", done.files.size()},
                        {"files_skipped", outcome.files_skipped},
                        {"added_columns", outcome.added_columns},
                        {"widened_columns", outcome.widened_columns},
                        {"watermark", done.watermark},
                        {"already_done", outcome.already_done}};
  return WriteJson(outputs);
}

}  // namespace

TaskResult RunIngestTask(TaskJob& job, const platform::Task& bound) {
  auto outcome = IngestRows(job.workspace, *bound.subject, MovementOf(job));
  if (!outcome.ok()) return FailedTask(std::move(outcome).error());
  TaskResult result;
  result.message = Worded(*outcome);
  result.outputs = OutputsOf(*outcome);
  const transfer::Checkpoint& done = outcome->checkpoint;
  store::Checkpoint mirror;
  mirror.ingestion = done.ingestion;
  mirror.version = done.loaded_at.time_since_epoch().count();
  mirror.watermark = done.watermark;
  mirror.data = result.outputs;
  mirror.run = job.run;
  mirror.at = done.loaded_at;
  result.checkpoint = std::move(mirror);
  for (const transfer::Rejected& rejected : outcome->rejected)
    job.log.Write(fmt::format("rejected {}: {} (first: {})", rejected.rows, rejected.reason, rejected.example));
  job.log.Write("outputs: " + result.outputs);
  return result;
}

}  // namespace stir::engine
