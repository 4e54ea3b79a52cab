// `publish` tasks: a publication of stir/*.yml. What it requires of the run (the model's own tests) is checked here,
// what it requires of the rows by transfer.
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "engine/task_job.h"

namespace stir::engine {
TaskResult RunPublishTask(TaskJob& job, const platform::Task& bound) {
  auto outcome = PublishRows(job.workspace, *bound.subject, MovementOf(job), job.tests_not_passed);
  if (!outcome.ok()) return FailedTask(std::move(outcome).error());
  TaskResult result;
  result.message = Worded(*outcome);
  const Json outputs = {
      {"rows", outcome->rows},         {"rows_before", outcome->rows_before}, {"generation", outcome->generation},
      {"inserted", outcome->inserted}, {"updated", outcome->updated},         {"partitions", outcome->partitions},
      {"files", outcome->files},       {"location", outcome->location}};
  result.outputs = WriteJson(outputs);
  job.log.Write("outputs: " + result.outputs);
  return result;
}

}  // namespace stir::engine
