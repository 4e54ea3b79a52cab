// `ingest` tasks: an ingestion of stir/*.yml for the run's interval. transfer does the work and keeps the truth in the target;
// the store mirrors how far it has come.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "engine/task_job.h"
#include "platform/bind.h"
#include "platform/kinds.h"
#include "transfer/ingest.h"

namespace stir::engine {
namespace {

std::vector<transfer::TypedColumn> DeclaredOf(const project::Node& source) {
  std::vector<transfer::TypedColumn> declared;
  for (const project::Column& column : *source.columns)
    if (!column.data_type.empty()) declared.push_back({std::string(column.name), std::string(column.data_type)});
  return declared;
}

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
                        {"files", done.files.size()},
                        {"files_skipped", outcome.files_skipped},
                        {"added_columns", outcome.added_columns},
                        {"widened_columns", outcome.widened_columns},
                        {"watermark", done.watermark},
                        {"already_done", outcome.already_done}};
  return outputs.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string MessageOf(const transfer::IngestOutcome& outcome) {
  const transfer::Checkpoint& done = outcome.checkpoint;
  std::string message = fmt::format("{} read, {} loaded", done.read, done.inserted + done.updated);
  const auto add = [&](int64_t count, std::string_view what) {
    if (count > 0) message += fmt::format(", {} {}", count, what);
  };
  add(done.duplicates, "duplicate");
  add(done.filtered, "filtered");
  add(done.outside, "outside of the window");
  add(done.stale, "older than the table's");
  add(done.removed, "removed");
  add(done.rejected, "rejected");
  std::string reasons;
  for (const transfer::Rejected& rejected : outcome.rejected)
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", rejected.reason, rejected.rows);
  if (!reasons.empty()) message += fmt::format(" ({})", reasons);
  if (outcome.already_done) message += " (by an earlier attempt)";
  return message;
}

Result<transfer::IngestOutcome> Ingest(TaskJob& job, const platform::Task& bound) {
  Workspace& workspace = job.workspace;
  const platform::Definitions& definitions = workspace.definitions();
  platform::RunScope scope(workspace.values(), definitions, workspace.secrets(), job.facts);
  STIR_ASSIGN(const platform::Ingestion* defined, definitions.FindIngestion(*bound.subject));
  STIR_ASSIGN(const platform::Ingestion ingestion, platform::BindIngestion(definitions, *defined, scope));
  STIR_ASSIGN(const platform::Connection* origin, definitions.FindConnection(*ingestion.from.connection));
  STIR_ASSIGN(const platform::Connection from, platform::BindConnection(definitions, *origin, scope));
  STIR_ASSIGN(adapter::Adapter * target, workspace.Target());
  const project::Node& source = workspace.manifest()->node(ingestion.to.node);
  const transfer::IngestRequest request{
      .ingestion = ingestion,
      .from = from,
      .target = workspace.manifest()->RelationOf(source),
      .declared = DeclaredOf(source),
      .run_id = fmt::format("{}/{}", job.facts.pipeline, job.facts.run_id),
      .now = workspace.host().clock.Now(),
      .interval = transfer::Interval{job.facts.interval.start, job.facts.interval.end},
      .backfill = job.backfill,
      .full_refresh = false,
      .scratch = workspace.folder().root / "tmp" / fmt::format("{}-{}", job.run, job.name),
  };
  return transfer::Ingest(request, *target, workspace.host().files, transfer::Failpoints(workspace.host().on_step),
                          job.interruption.token());
}

}  // namespace

TaskResult RunIngestTask(TaskJob& job, const platform::Task& bound) {
  auto outcome = Ingest(job, bound);
  if (!outcome.ok()) return FailedTask(std::move(outcome).error());
  TaskResult result;
  result.message = MessageOf(*outcome);
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
