// `publish` tasks: a publication of stir/*.yml.
#include <fmt/format.h>

#include "engine/task_job.h"
#include "platform/kinds.h"

namespace stir::engine {

TaskResult RunPublishTask(TaskJob&, const platform::Task& bound) {
  return FailedTask(Diagnostic(platform::kNotBuilt, "publications cannot be run yet", bound.span));
}

}  // namespace stir::engine
