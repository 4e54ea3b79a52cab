#include "engine/backfills.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <deque>
#include <mutex>
#include <thread>

#include "base/json.h"
#include "base/kinds.h"
#include "engine/actions.h"
#include "engine/audit.h"
#include "engine/kinds.h"
#include "engine/run_interval.h"
#include "engine/schedules.h"
#include "platform/schedules.h"

namespace stir::engine {
namespace {

using platform::CalendarOf;
using platform::Pipeline;
using scheduler::Calendar;
using scheduler::Interval;
using scheduler::TaskState;

constexpr std::array<std::string_view, 3> kModes = {"missing", "failed", "all"};

bool Wanted(BackfillMode mode, const std::vector<store::Run>& runs) {
  if (mode == BackfillMode::kAll || runs.empty()) return true;
  const TaskState newest = runs.front().state;
  const bool unfinished = !scheduler::IsFinal(newest);
  if (mode == BackfillMode::kMissing) return unfinished;
  return unfinished || newest == TaskState::kFailed || newest == TaskState::kCanceled;
}

void TellPlan(const Host& host, const Pipeline& pipeline, const store::Backfill& backfill,
              const std::deque<Interval>& intervals) {
  const scheduler::Zone zone = CalendarOf(pipeline).zone();
  JsonWriter json;
  json.BeginObject().Key("backfill").Int(backfill.id).Key("pipeline").String(pipeline.name);
  json.Key("intervals").BeginArray();
  for (const Interval& interval : intervals)
    json.BeginObject()
        .Key("start")
        .String(FormatTimestamp(interval.start))
        .Key("end")
        .String(FormatTimestamp(interval.end))
        .EndObject();
  json.EndArray().EndObject();
  const auto name = [&](const Interval& interval) {
    return FormatTimestamp(zone.ToLocal(interval.start)).substr(0, 16);
  };
  const std::string range =
      intervals.empty() ? "nothing to do" : fmt::format("{} to {}", name(intervals.front()), name(intervals.back()));
  const std::string number = backfill.id == 0 ? "" : fmt::format(" {}", backfill.id);
  host.events.Emit({"S111", "BackfillPlanned", Level::kInfo,
                    fmt::format("backfill{} of {}: {} interval{}, {}", number, pipeline.name, intervals.size(),
                                intervals.size() == 1 ? "" : "s", range),
                    std::move(json).Take()});
}

Result<std::optional<store::Backfill>> FindBackfill(store::Store& store, int64_t id) {
  STIR_ASSIGN(const std::vector<store::Backfill> all, store.Backfills());
  const auto found = std::ranges::find(all, id, &store::Backfill::id);
  return found == all.end() ? std::nullopt : std::optional(*found);
}

// Runs what is left, `at_once` at a time. Each thread looks before each run whether somebody has canceled it.
class BackfillCrew {
 public:
  BackfillCrew(PipelineSession& session, const Pipeline& pipeline, const store::Backfill& backfill,
               std::deque<Interval> left)
      : session_(session), pipeline_(pipeline), backfill_(backfill), left_(std::move(left)) {}

  Result<bool> Run() {
    {
      std::vector<std::jthread> threads;
      for (int i = 1; i < backfill_.at_once; ++i) threads.emplace_back([this] { Work(); });
      Work();
    }
    if (!errors_.empty()) return errors_;
    return success_;
  }

 private:
  std::optional<Interval> Next() {
    const std::scoped_lock lock(mutex_);
    if (left_.empty() || !errors_.empty() || session_.workspace().host().cancel.stop_requested()) return std::nullopt;
    const auto now = FindBackfill(session_.workspace().store(), backfill_.id);
    if (!now.ok() || !*now || (*now)->state != "running") {
      success_ = false;
      return std::nullopt;
    }
    const Interval next = left_.front();
    left_.pop_front();
    return next;
  }

  void Work() {
    while (const auto interval = Next()) {
      const auto account = RunInterval(session_, pipeline_, {*interval, "backfill", backfill_.params, backfill_.id});
      const std::scoped_lock lock(mutex_);
      if (!account.ok())
        Append(errors_, Diagnostics(account.error()));
      else
        success_ = success_ && account->state == TaskState::kSuccess;
    }
  }

  PipelineSession& session_;
  const Pipeline& pipeline_;
  const store::Backfill& backfill_;
  std::mutex mutex_;
  std::deque<Interval> left_;  // guarded by mutex_, as below
  bool success_ = true;
  Diagnostics errors_;
};

// The caller holds it.
Result<CommandResult> Drive(Workspace& workspace, const Pipeline& pipeline, const store::Backfill& backfill) {
  STIR_ASSIGN(std::deque<Interval> left, LeftOf(workspace.store(), pipeline, backfill));
  TellPlan(workspace.host(), pipeline, backfill, left);
  PipelineSession session(workspace);
  STIR_ASSIGN(const bool success, BackfillCrew(session, pipeline, backfill, std::move(left)).Run());
  if (workspace.host().cancel.stop_requested()) return CommandResult{false};
  const Status done =
      workspace.store().MoveBackfill(backfill.id, "running", "done", std::nullopt, workspace.host().clock.Now());
  return CommandResult{success && done.ok()};  // canceled meanwhile: it stays so
}

}  // namespace

std::string_view ToString(BackfillMode mode) { return kModes[static_cast<size_t>(mode)]; }

std::optional<BackfillMode> ReadBackfillMode(std::string_view word) {
  const auto* found = std::ranges::find(kModes, word);
  if (found == kModes.end()) return std::nullopt;
  return static_cast<BackfillMode>(found - kModes.begin());
}

// Both ends are included: a date means all of its day, a time the interval that begins at it.
Result<store::Backfill> BackfillOf(const Pipeline& pipeline, const BackfillRequest& request) {
  const Calendar calendar = CalendarOf(pipeline);
  STIR_ASSIGN(const scheduler::DateText from, scheduler::ParseDateText(request.from, calendar.zone()));
  STIR_ASSIGN(const scheduler::DateText to, scheduler::ParseDateText(request.to, calendar.zone()));
  if (to.time < from.time)
    return Diagnostic(kBadRange, fmt::format("the range ends ({}) before it begins ({})", request.to, request.from));
  store::Backfill backfill;
  backfill.pipeline = pipeline.name;
  backfill.first = from.time;
  backfill.until = EndOf(to, calendar.zone());
  backfill.rerun = ToString(request.mode);
  backfill.at_once = std::clamp(request.at_once, 1, pipeline.max_active_runs);
  if (calendar.Between(backfill.first, backfill.until, 1).empty())
    return Diagnostic(kBadRange, fmt::format("pipeline `{}` has no interval between {} and {}", pipeline.name,
                                             request.from, request.to));
  return backfill;
}

Result<std::deque<Interval>> LeftOf(store::Store& store, const Pipeline& pipeline, const store::Backfill& backfill) {
  const BackfillMode mode = ReadBackfillMode(backfill.rerun).value_or(BackfillMode::kAll);
  std::deque<Interval> left;
  for (const Interval& interval : CalendarOf(pipeline).Between(backfill.first, backfill.until)) {
    store::RunFilter filter;
    filter.pipeline = pipeline.name;
    filter.logical_date = interval.start;
    STIR_ASSIGN(const std::vector<store::Run> runs, store.ListRuns(filter));
    const bool done = std::ranges::any_of(runs, [&](const store::Run& run) {
      return backfill.id != 0 && run.backfill == backfill.id && scheduler::IsFinal(run.state) &&
             run.state != TaskState::kCanceled;
    });
    if (!done && Wanted(mode, runs)) left.push_back(interval);
  }
  return left;
}

Result<std::unique_ptr<FileLock>> HoldBackfill(Files& files, const StateFolder& folder, int64_t id) {
  auto lock = files.Lock(folder.lock(fmt::format("backfill-{}", id)));
  if (lock.ok() || lock.error().front().kind != kLocked) return lock;
  return Diagnostic(kRunHeld, fmt::format("backfill {} is carried out already: {}", id, lock.error().front().message))
      .Hint("`stir backfills list` says how far it has come");
}

Result<std::unique_ptr<FileLock>> HoldNewBackfills(Files& files, const StateFolder& folder) {
  return files.Lock(folder.lock("backfills"));
}

Result<CommandResult> BackfillPipeline(const Host& host, const Options& options, const BackfillRequest& request) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(const Pipeline* pipeline, workspace->definitions().FindPipeline(request.pipeline));
  STIR_ASSIGN(store::Backfill backfill, BackfillOf(*pipeline, request));
  STIR_ASSIGN(backfill.params, ParamsOf(*pipeline, request.params, host.sources));
  if (request.dry_run) {
    STIR_ASSIGN(const std::deque<Interval> left, LeftOf(workspace->store(), *pipeline, backfill));
    TellPlan(host, *pipeline, backfill, left);
    return CommandResult{};
  }
  STIR_TRY(RememberPipeline(workspace->store(), *pipeline, host.clock.Now()));
  STIR_TRY(RecordAction(*workspace, "backfill", *pipeline, fmt::format("{} to {}", request.from, request.to)));
  backfill.created_at = host.clock.Now();
  auto only = HoldNewBackfills(host.files, workspace->folder());  // whoever else has it begins one, too
  STIR_ASSIGN(backfill.id, workspace->store().CreateBackfill(backfill));
  STIR_ASSIGN(const auto held, HoldBackfill(host.files, workspace->folder(), backfill.id));
  only = std::unique_ptr<FileLock>();
  return Drive(*workspace, *pipeline, backfill);
}

Result<std::vector<BackfillInfo>> ListBackfills(const Host& host, const Options& options) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(const std::vector<store::Backfill> all, workspace->store().Backfills());
  std::vector<BackfillInfo> list;
  for (const store::Backfill& backfill : all) {
    BackfillInfo info{backfill};
    store::RunFilter filter;
    filter.backfill = backfill.id;
    filter.limit = 1'000'000;
    STIR_ASSIGN(const std::vector<store::Run> runs, workspace->store().ListRuns(filter));
    for (const store::Run& run : runs) {
      info.succeeded += run.state == TaskState::kSuccess;
      info.failed += run.state == TaskState::kFailed;
    }
    info.intervals = runs.size();
    if (const auto pipeline = workspace->definitions().FindPipeline(backfill.pipeline);
        pipeline.ok() && backfill.state != "done") {
      STIR_ASSIGN(const auto left, LeftOf(workspace->store(), **pipeline, backfill));
      info.intervals = info.succeeded + info.failed + left.size();
    }
    list.push_back(std::move(info));
  }
  return list;
}

Status CancelBackfill(const Host& host, const Options& options, int64_t id) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  return StopBackfill(host, workspace->store(), id, {});
}

Result<CommandResult> ResumeBackfill(const Host& host, const Options& options, int64_t id) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(store::Backfill backfill, RequireBackfill(workspace->store(), id));
  STIR_ASSIGN(const Pipeline* pipeline, workspace->definitions().FindPipeline(backfill.pipeline));
  STIR_ASSIGN(const auto held, HoldBackfill(host.files, workspace->folder(), id));
  STIR_TRY(ReviveBackfill(host, workspace->store(), id, {}));
  return Drive(*workspace, *pipeline, backfill);
}

}  // namespace stir::engine
