// `ingest`, `ingest replay`, `publish`, `publish rollback`: one movement by hand.
#include <fmt/format.h>

#include "base/json.h"
#include "engine/kinds.h"
#include "engine/movements.h"
#include "engine/narrator.h"

namespace stir::engine {
namespace {

// The day of a logical date in UTC; without one, today: only the texts of the definition look at it then.
Result<scheduler::Interval> DayOf(const std::string& logical_date, Timestamp now) {
  const std::optional<Timestamp> at = logical_date.empty() ? now : ParseTimestamp(logical_date);
  if (!at) {
    return Diagnostic(kBadRange, fmt::format("`{}` is not a date", logical_date)).Hint("write it as 2026-01-31");
  }
  const Timestamp midnight = std::chrono::floor<std::chrono::days>(*at);
  return scheduler::Interval{midnight, midnight + std::chrono::days(1)};
}

Result<Movement> MovementFor(const Host& host, const Options& options, const MovementRequest& request) {
  STIR_ASSIGN(const scheduler::Interval day, DayOf(request.logical_date, host.clock.Now()));
  Movement movement;
  movement.facts.run_id = options.invocation_id;
  movement.facts.pipeline = "manual";
  movement.facts.interval = day;
  movement.facts.params = jinja::Value::MakeDict();
  movement.run_id = "manual/" + options.invocation_id;
  movement.scratch = "manual-" + options.invocation_id;
  if (!request.logical_date.empty()) movement.interval = transfer::Interval{day.start, day.end};
  movement.full_refresh = request.full_refresh;
  movement.cancel = host.cancel;
  return movement;
}

void Tell(const Host& host, std::string_view code, std::string_view event, const std::string& name,
          const std::string& text) {
  JsonWriter json;
  json.BeginObject().Key("name").String(name).Key("msg").String(text).EndObject();
  host.events.Emit({code, event, Level::kInfo, fmt::format("{}: {}", name, text), std::move(json).Take()});
}

// Alone, a publication has no run whose tests could have passed: all of the model's are missing.
TestsNotPassed AllTestsOf(const project::Manifest& manifest) {
  return [&manifest](graph::NodeId model) {
    std::vector<std::string> tests;
    for (const graph::NodeId child : manifest.graph().Children(model)) {
      const project::Node& node = manifest.node(child);
      if (node.test != nullptr) tests.emplace_back(node.unique_id);
    }
    return tests;
  };
}

}  // namespace

Result<CommandResult> IngestOnce(const Host& host, const Options& options, const MovementRequest& request) {
  STIR_ASSIGN(const Movement movement, MovementFor(host, options, request));
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(const transfer::IngestOutcome outcome, IngestRows(*workspace, request.name, movement));
  Tell(host, "S120", "RowsIngested", request.name, Worded(outcome));
  return CommandResult{};
}

Result<CommandResult> ReplayOnce(const Host& host, const Options& options, const MovementRequest& request) {
  STIR_ASSIGN(const Movement movement, MovementFor(host, options, request));
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(const transfer::ReplayOutcome outcome, ReplayRows(*workspace, request.name, movement));
  Tell(host, "S121", "RowsReplayed", request.name, Worded(outcome));
  return CommandResult{};
}

Result<CommandResult> PublishOnce(const Host& host, const Options& options, const MovementRequest& request) {
  STIR_ASSIGN(const Movement movement, MovementFor(host, options, request));
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(const transfer::PublishOutcome outcome,
              PublishRows(*workspace, request.name, movement, AllTestsOf(*workspace->manifest())));
  Tell(host, "S122", "RowsPublished", request.name, Worded(outcome));
  return CommandResult{};
}

Result<CommandResult> RollBackOnce(const Host& host, const Options& options, const MovementRequest& request) {
  STIR_ASSIGN(const Movement movement, MovementFor(host, options, request));
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(const transfer::PublishOutcome outcome, RollBackRows(*workspace, request.name, movement));
  Tell(host, "S123", "PublicationRolledBack", request.name,
       fmt::format("generation {} is live again in {}", outcome.generation, outcome.location));
  return CommandResult{};
}

}  // namespace stir::engine
