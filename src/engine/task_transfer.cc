// `ingest` and `publish` tasks: transfer does the work.
#include <fmt/format.h>

#include "engine/task_job.h"
#include "platform/kinds.h"

namespace stir::engine {

TaskResult RunIngestTask(TaskJob&, const platform::Task& bound) {
  return FailedTask(Diagnostic(platform::kNotBuilt, "ingestions cannot be run yet", bound.span));
}

TaskResult RunPublishTask(TaskJob&, const platform::Task& bound) {
  return FailedTask(Diagnostic(platform::kNotBuilt, "publications cannot be run yet", bound.span));
}

}  // namespace stir::engine
