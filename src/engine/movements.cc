// Binding and wording of movements.
#include "engine/movements.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/json.h"
#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/store_journal.h"
#include "platform/bind.h"

namespace stir::engine {
namespace {

std::vector<transfer::TypedColumn> DeclaredOf(const project::Node& source) {
  std::vector<transfer::TypedColumn> declared;
  for (const project::Column& column : *source.columns) {
    if (!column.data_type.empty()) declared.push_back({std::string(column.name), std::string(column.data_type)});
  }
  return declared;
}

// A definition and its other end, with the values of whoever asks filled in.
struct BoundIngestion {
  platform::Ingestion ingestion;
  platform::Connection from;
};

struct BoundPublication {
  platform::Publication publication;
  platform::Connection to;
  std::optional<platform::Connection> stage;
};

Result<platform::Connection> BindConnection(Workspace& workspace, const std::string& name, jinja::Scope& scope) {
  STIR_ASSIGN(const platform::Connection* found, workspace.definitions().FindConnection(name));
  return platform::BindConnection(workspace.definitions(), *found, scope);
}

Result<BoundIngestion> BindIngestion(Workspace& workspace, const std::string& name, const Movement& movement) {
  const platform::Definitions& definitions = workspace.definitions();
  platform::RunScope scope(workspace.values(), definitions, workspace.secrets(), movement.facts);
  STIR_ASSIGN(const platform::Ingestion* defined, definitions.FindIngestion(name));
  BoundIngestion bound;
  STIR_ASSIGN(bound.ingestion, platform::BindIngestion(definitions, *defined, scope));
  STIR_ASSIGN(bound.from, BindConnection(workspace, *bound.ingestion.from.connection, scope));
  return bound;
}

Result<BoundPublication> BindPublication(Workspace& workspace, const std::string& name, const Movement& movement) {
  const platform::Definitions& definitions = workspace.definitions();
  platform::RunScope scope(workspace.values(), definitions, workspace.secrets(), movement.facts);
  STIR_ASSIGN(const platform::Publication* defined, definitions.FindPublication(name));
  BoundPublication bound;
  STIR_ASSIGN(bound.publication, platform::BindPublication(definitions, *defined, scope));
  STIR_ASSIGN(bound.to, BindConnection(workspace, *bound.publication.to.connection, scope));
  if (bound.publication.stage) {
    STIR_ASSIGN(bound.stage, BindConnection(workspace, *bound.publication.stage->connection, scope));
  }
  return bound;
}

transfer::IngestRequest RequestFor(Workspace& workspace, const BoundIngestion& bound, const Movement& movement) {
  const project::Node& source = workspace.manifest()->node(bound.ingestion.to.node);
  return {.ingestion = bound.ingestion,
          .from = bound.from,
          .target = workspace.manifest()->RelationOf(source),
          .declared = DeclaredOf(source),
          .run_id = movement.run_id,
          .now = workspace.host().clock.Now(),
          .interval = movement.interval,
          .backfill = movement.backfill,
          .full_refresh = movement.full_refresh,
          .scratch = workspace.folder().root / "tmp" / movement.scratch};
}

transfer::PublishRequest RequestFor(Workspace& workspace, const BoundPublication& bound, const Movement& movement) {
  const project::Manifest& manifest = *workspace.manifest();
  return {.publication = bound.publication,
          .to = bound.to,
          .model = manifest.RelationOf(manifest.node(bound.publication.from.node)),
          .run_id = movement.run_id,
          .now = workspace.host().clock.Now(),
          .stage = bound.stage ? &*bound.stage : nullptr};
}

Status CheckTests(const platform::Publication& publication, const TestsNotPassed& tests_not_passed) {
  if (!publication.require.tests) return {};
  const std::vector<std::string> missing = tests_not_passed(publication.from.node);
  if (missing.empty()) return {};
  return Diagnostic(
             kTestsNotPassed,
             fmt::format("publication `{}` requires the tests of `{}`, of which these have not passed in this run: {}",
                         publication.name, publication.from.model, Join(missing, ", ")),
             publication.require.span)
      .Hint("run them before it, with a `build` or `test` task that selects the model");
}

transfer::Failpoints StepsOf(Workspace& workspace) { return transfer::Failpoints(workspace.host().on_step); }

std::string WordedReasons(const std::vector<transfer::Rejected>& all) {
  std::string reasons;
  for (const transfer::Rejected& rejected : all) {
    reasons += fmt::format("{}{}: {}", reasons.empty() ? "" : "; ", rejected.reason, rejected.rows);
  }
  return reasons.empty() ? reasons : fmt::format(" ({})", reasons);
}

// "1200000 rows, 310 MB in 12.1 s (99170 rows/s)"
std::string WordedProgress(const transfer::IngestProgress& progress) {
  const double seconds = std::max(std::chrono::duration<double>(progress.elapsed).count(), 0.001);
  return fmt::format("{} rows, {:.0f} MB in {:.1f} s ({:.0f} rows/s)", progress.rows,
                     static_cast<double>(progress.bytes) / 1e6, seconds, static_cast<double>(progress.rows) / seconds);
}

void TellProgress(Workspace& workspace, const std::string& ingestion, const transfer::IngestProgress& progress) {
  JsonWriter json;
  json.BeginObject().Key("name").String(ingestion).Key("rows").Int(progress.rows).Key("bytes").Int(progress.bytes);
  json.EndObject();
  workspace.host().events.Emit({"S124", "IngestProgress", Level::kInfo,
                                fmt::format("{}: {}", ingestion, WordedProgress(progress)), std::move(json).Take()});
}

}  // namespace

Result<transfer::IngestOutcome> IngestRows(Workspace& workspace, const std::string& ingestion,
                                           const Movement& movement) {
  STIR_ASSIGN(const BoundIngestion bound, BindIngestion(workspace, ingestion, movement));
  STIR_ASSIGN(adapter::Adapter * target, workspace.Target());
  transfer::IngestRequest request = RequestFor(workspace, bound, movement);
  request.on_progress = [&](const transfer::IngestProgress& progress) { TellProgress(workspace, ingestion, progress); };
  return transfer::Ingest(request, *target, workspace.host().files, StepsOf(workspace), movement.cancel);
}

Result<transfer::ReplayOutcome> ReplayRows(Workspace& workspace, const std::string& ingestion,
                                           const Movement& movement) {
  STIR_ASSIGN(const BoundIngestion bound, BindIngestion(workspace, ingestion, movement));
  STIR_ASSIGN(adapter::Adapter * target, workspace.Target());
  return transfer::Replay(RequestFor(workspace, bound, movement), *target, workspace.host().files, StepsOf(workspace),
                          movement.cancel);
}

Result<transfer::PublishOutcome> PublishRows(Workspace& workspace, const std::string& publication,
                                             const Movement& movement, const TestsNotPassed& tests_not_passed) {
  STIR_ASSIGN(const BoundPublication bound, BindPublication(workspace, publication, movement));
  STIR_TRY(CheckTests(bound.publication, tests_not_passed));
  STIR_ASSIGN(adapter::Adapter * target, workspace.Target());
  StoreJournal journal(workspace.store(), workspace.host().clock, movement.run);
  return transfer::Publish(RequestFor(workspace, bound, movement), *target, workspace.host().files, journal,
                           StepsOf(workspace), movement.cancel);
}

Result<transfer::PublishOutcome> RollBackRows(Workspace& workspace, const std::string& publication,
                                              const Movement& movement) {
  STIR_ASSIGN(const BoundPublication bound, BindPublication(workspace, publication, movement));
  StoreJournal journal(workspace.store(), workspace.host().clock, movement.run);
  return transfer::RollBack(RequestFor(workspace, bound, movement), workspace.host().files, journal);
}

std::string Worded(const transfer::IngestOutcome& outcome) {
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
  message += WordedReasons(outcome.rejected);
  constexpr int64_t kWorthTelling = 1'000'000;
  if (outcome.table.bytes >= kWorthTelling) message += "; read " + WordedProgress(outcome.table);
  return outcome.already_done ? message + " (by an earlier attempt)" : message;
}

std::string Worded(const transfer::ReplayOutcome& outcome) {
  return fmt::format("{} tried again, {} loaded, {} still rejected{}", outcome.tried, outcome.loaded,
                     outcome.tried - outcome.loaded, WordedReasons(outcome.rejected));
}

std::string Worded(const transfer::PublishOutcome& outcome) {
  std::string message = fmt::format("{} rows in {}", outcome.rows, outcome.location);
  return outcome.rows_before < 0 ? message : message + fmt::format(", {} before", outcome.rows_before);
}

}  // namespace stir::engine
