// `publish` tasks: a publication of stir/*.yml. What it requires of the run (the model's own tests) is checked here, what it
// requires of the rows by transfer.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/store_journal.h"
#include "engine/task_job.h"
#include "platform/bind.h"
#include "transfer/publish.h"

namespace stir::engine {
namespace {

Status CheckTests(const TaskJob& job, const platform::Publication& publication) {
  if (!publication.require.tests) return {};
  const std::vector<std::string> missing = job.tests_not_passed(publication.from.node);
  if (missing.empty()) return {};
  return Diagnostic(kTestsNotPassed,
                    fmt::format("publication `{}` requires the tests of `{}`, of which these have not passed in this run: {}", publication.name,
                                publication.from.model, Join(missing, ", ")),
                    publication.require.span)
      .Hint("run them before it, with a `build` or `test` task that selects the model");
}

Result<transfer::PublishOutcome> Publish(TaskJob& job, const platform::Task& bound) {
  Workspace& workspace = job.workspace;
  const platform::Definitions& definitions = workspace.definitions();
  platform::RunScope scope(workspace.values(), definitions, workspace.secrets(), job.facts);
  STIR_ASSIGN(const platform::Publication* defined, definitions.FindPublication(*bound.subject));
  STIR_ASSIGN(const platform::Publication publication, platform::BindPublication(definitions, *defined, scope));
  STIR_TRY(CheckTests(job, publication));
  STIR_ASSIGN(const platform::Connection* destination, definitions.FindConnection(*publication.to.connection));
  STIR_ASSIGN(const platform::Connection to, platform::BindConnection(definitions, *destination, scope));
  STIR_ASSIGN(adapter::Adapter * target, workspace.Target());
  const transfer::PublishRequest request{.publication = publication,
                                         .to = to,
                                         .model = workspace.manifest()->RelationOf(workspace.manifest()->node(publication.from.node)),
                                         .run_id = fmt::format("{}/{}", job.facts.pipeline, job.facts.run_id),
                                         .now = workspace.host().clock.Now()};
  StoreJournal journal(workspace.store(), workspace.host().clock, job.run);
  return transfer::Publish(request, *target, workspace.host().files, journal, transfer::Failpoints(workspace.host().on_step),
                           job.interruption.token());
}

}  // namespace

TaskResult RunPublishTask(TaskJob& job, const platform::Task& bound) {
  auto outcome = Publish(job, bound);
  if (!outcome.ok()) return FailedTask(std::move(outcome).error());
  TaskResult result;
  result.message = fmt::format("{} rows in {}", outcome->rows, outcome->location);
  if (outcome->rows_before >= 0) result.message += fmt::format(", {} before", outcome->rows_before);
  const Json outputs = {{"rows", outcome->rows},         {"rows_before", outcome->rows_before}, {"generation", outcome->generation},
                        {"inserted", outcome->inserted}, {"updated", outcome->updated},         {"partitions", outcome->partitions},
                        {"files", outcome->files},       {"location", outcome->location}};
  result.outputs = outputs.dump(-1, ' ', false, Json::error_handler_t::replace);
  job.log.Write("outputs: " + result.outputs);
  return result;
}

}  // namespace stir::engine
