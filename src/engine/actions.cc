#include "engine/actions.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/strings.h"
#include "engine/audit.h"
#include "engine/bell.h"
#include "engine/kinds.h"
#include "engine/run_executor.h"
#include "engine/run_interval.h"
#include "engine/schedules.h"
#include "platform/schedules.h"

namespace stir::engine {
namespace {

// Of a backfill that somebody waits for to be begun.
constexpr size_t kMostIntervals = 10'000;

Status Ring(Workspace& workspace) { return RingBell(workspace.host().files, workspace.folder()); }

Status Record(Workspace& workspace, store::AuditEntry entry) {
  store::Changes changes;
  changes.audit.push_back(std::move(entry));
  return workspace.store().Commit(changes);
}

}  // namespace

Diagnostic NoSuchRun(int64_t run) {
  return Diagnostic(kNoRun, fmt::format("there is no run {}", run)).Hint("`stir runs list` shows those there are");
}

Result<store::CreatedRun> TriggerRun(Workspace& workspace, const TriggerRequest& request, const Json& params,
                                     const std::string& who) {
  const Host& host = workspace.host();
  STIR_ASSIGN(const platform::Pipeline* pipeline, workspace.definitions().FindPipeline(request.pipeline));
  STIR_ASSIGN(const scheduler::Interval interval, IntervalOf(*pipeline, request.logical_date, host.clock.Now()));
  STIR_ASSIGN(std::string laid, LayParams(*pipeline, params));
  STIR_TRY(RememberPipeline(workspace.store(), *pipeline, host.clock.Now()));
  STIR_TRY(Record(workspace, EntryOf(host, "run", "pipeline " + pipeline->name, FormatTimestamp(interval.start), who)));
  STIR_ASSIGN(store::CreatedRun created, FindOrCreateRun(workspace.store(), *pipeline,
                                                         {interval, "manual", std::move(laid), {}}, host.clock.Now()));
  STIR_TRY(Ring(workspace));
  return created;
}

Status SetPaused(Workspace& workspace, const std::string& name, bool paused, const std::string& who) {
  const Host& host = workspace.host();
  STIR_ASSIGN(const platform::Pipeline* pipeline, workspace.definitions().FindPipeline(name));
  STIR_TRY(RememberPipeline(workspace.store(), *pipeline, host.clock.Now()));
  STIR_TRY(workspace.store().SetPaused(name, paused));
  STIR_TRY(Record(workspace, EntryOf(host, paused ? "pause" : "resume", "pipeline " + name, {}, who)));
  return Ring(workspace);
}

Result<store::Run> RequireRun(store::Store& store, int64_t run) {
  STIR_ASSIGN(std::optional<store::Run> found, store.GetRun(run));
  if (found) return *std::move(found);
  return NoSuchRun(run);
}

Result<store::Backfill> RequireBackfill(store::Store& store, int64_t id) {
  STIR_ASSIGN(const std::vector<store::Backfill> all, store.Backfills());
  if (const auto found = std::ranges::find(all, id, &store::Backfill::id); found != all.end()) return *found;
  return Diagnostic(kNoBackfill, fmt::format("there is no backfill {}", id))
      .Hint("`stir backfills list` shows those there are");
}

Status WriteWish(const Host& host, const StateFolder& folder, store::Store& store, int64_t id, Asked what,
                 const std::string& who) {
  static constexpr std::array<std::string_view, 3> kWishes = {"cancel", "hold", ""};
  static constexpr std::array<std::string_view, 3> kActions = {"cancel", "hold", "release"};
  STIR_ASSIGN(const store::Run run, RequireRun(store, id));
  if (scheduler::IsFinal(run.state))
    return Diagnostic(kRunEnded, fmt::format("run {} has ended: it is {}", id, scheduler::ToString(run.state)))
        .Hint("`stir runs retry` runs again what failed in it, `stir runs clear` what you name");
  const auto index = static_cast<size_t>(what);
  STIR_TRY(
      store.Wish(id, kWishes[index],
                 EntryOf(host, std::string(kActions[index]), fmt::format("run {} of {}", id, run.pipeline), {}, who)));
  return RingBell(host.files, folder);
}

Result<HeldRun> HoldRun(Workspace& workspace, int64_t id) {
  STIR_ASSIGN(const store::Run run, RequireRun(workspace.store(), id));
  HeldRun held;
  STIR_ASSIGN(held.pipeline, workspace.definitions().FindPipeline(run.pipeline));
  STIR_ASSIGN(held.locks, HoldInterval(workspace, *held.pipeline, {run.data_interval_start, run.data_interval_end}));
  STIR_ASSIGN(held.run, RequireRun(workspace.store(), id));  // as it stands now that nobody else changes it
  return held;
}

Result<std::vector<std::string>> Apply(RunExecutor& executor, const Host& host, const EditRequest& request,
                                       const std::string& who) {
  std::string action = request.tasks.empty() ? "retry" : "clear";
  if (request.mark) action = fmt::format("mark {}", scheduler::ToString(*request.mark));
  return executor.Apply(
      {request.tasks, request.downstream, request.mark}, request.dry_run,
      EntryOf(host, std::move(action), fmt::format("run {}", request.run), Join(request.tasks, ", "), who));
}

Result<std::vector<std::string>> EditTasks(PipelineSession& session, const EditRequest& request,
                                           const std::string& who) {
  Workspace& workspace = session.workspace();
  std::vector<std::string> changed;
  {
    STIR_ASSIGN(HeldRun held, HoldRun(workspace, request.run));
    RunExecutor executor(session, *held.pipeline, std::move(held.run));
    STIR_ASSIGN(changed, Apply(executor, workspace.host(), request, who));
  }
  if (!request.dry_run) STIR_TRY(Ring(workspace));
  return changed;
}

Result<PlannedBackfill> BeginBackfill(Workspace& workspace, const BackfillRequest& request, const Json& params,
                                      const std::string& who) {
  const Host& host = workspace.host();
  STIR_ASSIGN(const platform::Pipeline* pipeline, workspace.definitions().FindPipeline(request.pipeline));
  PlannedBackfill planned;
  STIR_ASSIGN(planned.backfill, BackfillOf(*pipeline, request));
  const auto all =
      platform::CalendarOf(*pipeline).Between(planned.backfill.first, planned.backfill.until, kMostIntervals + 1);
  if (all.size() > kMostIntervals)
    return Diagnostic(kBadRange, fmt::format("there are more than {} intervals in the range", kMostIntervals))
        .Hint("begin several backfills, one after the other");
  STIR_ASSIGN(planned.backfill.params, LayParams(*pipeline, params));
  planned.backfill.created_at = host.clock.Now();
  STIR_ASSIGN(const auto left, LeftOf(workspace.store(), *pipeline, planned.backfill));
  planned.intervals.assign(left.begin(), left.end());
  if (request.dry_run) return planned;
  STIR_TRY(RememberPipeline(workspace.store(), *pipeline, host.clock.Now()));
  STIR_TRY(Record(workspace, EntryOf(host, "backfill", "pipeline " + pipeline->name,
                                     fmt::format("{} to {}", request.from, request.to), who)));
  STIR_ASSIGN(planned.backfill.id, workspace.store().CreateBackfill(planned.backfill));
  STIR_TRY(Ring(workspace));
  return planned;
}

Status ReviveBackfill(const Host& host, store::Store& store, int64_t id, const std::string& who) {
  STIR_ASSIGN(const store::Backfill backfill, RequireBackfill(store, id));
  if (backfill.state == "running") return {};
  if (backfill.state == "done")
    return Diagnostic(kBackfillEnded, fmt::format("backfill {} is done", id)).Hint("begin another one");
  return store.MoveBackfill(id, "canceled", "running",
                            EntryOf(host, "resume", fmt::format("backfill {} of {}", id, backfill.pipeline), {}, who),
                            host.clock.Now());
}

Status StopBackfill(const Host& host, store::Store& store, int64_t id, const std::string& who) {
  STIR_ASSIGN(const store::Backfill backfill, RequireBackfill(store, id));
  if (backfill.state != "running")
    return Diagnostic(kBackfillEnded, fmt::format("backfill {} is {} already", id, backfill.state));
  return store.MoveBackfill(id, "running", "canceled",
                            EntryOf(host, "cancel", fmt::format("backfill {} of {}", id, backfill.pipeline), {}, who),
                            host.clock.Now());
}

}  // namespace stir::engine
