// `wait` tasks: a look at what is waited for. Between looks there is nothing but a time at which to look again.
#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "engine/kinds.h"
#include "engine/task_job.h"
#include "platform/bind.h"
#include "platform/schedules.h"
#include "transfer/drop.h"

namespace stir::engine {
namespace {

using scheduler::TaskState;
using For = platform::Wait::For;

constexpr Duration kSoonest = std::chrono::milliseconds(100);
constexpr Duration kLatest = std::chrono::seconds(30);
// A wait for a time looks at the clock now and then, which may be set.
constexpr Duration kClockLook = std::chrono::seconds(60);

// Nothing is missing any more, or this is.
struct Sight {
  std::string missing;
  std::string seen;              // for the message once it is there
  std::optional<Duration> left;  // known to take this long
};

bool IsTrue(const adapter::Cell& cell) {
  if (std::holds_alternative<std::monostate>(cell)) return false;
  if (const auto* boolean = std::get_if<bool>(&cell)) return *boolean;
  if (const auto* integer = std::get_if<int64_t>(&cell)) return *integer != 0;
  if (const auto* real = std::get_if<double>(&cell)) return *real != 0;
  const std::string text = ToLower(Strip(adapter::CellText(cell)));
  return !text.empty() && text != "false" && text != "f" && text.find_first_not_of("0.") != std::string::npos;
}

Sight Until(Timestamp time, Timestamp now, const scheduler::Zone& zone) {
  const std::string text = FormatTimestamp(zone.ToLocal(time)).substr(0, 19) + zone.OffsetText(time);
  if (now >= time) return {{}, "it is " + text, {}};
  return {"waits until " + text, {}, std::min<Duration>(time - now, kClockLook)};
}

Result<Sight> LookAtClock(const TaskJob& job, const platform::Wait& wait) {
  const Timestamp now = job.workspace.host().clock.Now();
  if (wait.what == For::kDuration) return Until(job.first_began + wait.duration, now, job.facts.zone);
  auto date = scheduler::ParseDateText(*wait.subject, job.facts.zone);
  if (date.ok()) return Until(date->time, now, job.facts.zone);
  Diagnostics errors = std::move(date).error();
  for (Diagnostic& error : errors) error.span = wait.subject.span;
  return errors;
}

Result<fs::path> FolderOf(const TaskJob& job, const platform::Wait& wait) {
  Workspace& workspace = job.workspace;
  if (wait.connection->empty()) return workspace.definitions().project_dir;
  STIR_ASSIGN(const platform::Connection* defined, workspace.definitions().FindConnection(*wait.connection));
  platform::RunScope scope(workspace.values(), workspace.definitions(), workspace.secrets(), job.facts);
  STIR_ASSIGN(const platform::Connection connection,
              platform::BindConnection(workspace.definitions(), *defined, scope));
  return connection.root;
}

Result<Sight> LookForFile(const TaskJob& job, const platform::Wait& wait) {
  STIR_ASSIGN(const fs::path folder, FolderOf(job, wait));
  Files& files = job.workspace.host().files;
  const std::string& pattern = *wait.subject;
  const size_t glob = pattern.find_first_of("*?[");
  if (glob == std::string::npos) {
    if (files.Exists(folder / pattern)) return Sight{{}, pattern + " is there", {}};
    return Sight{"waits for file " + pattern, {}, {}};
  }
  // Only the folder below which the pattern begins is walked.
  const size_t fixed = pattern.rfind('/', glob);
  const std::string below = fixed == std::string::npos ? "" : pattern.substr(0, fixed + 1);
  STIR_ASSIGN(const auto entries, files.Walk(folder / below));
  const auto count = std::ranges::count_if(
      entries, [&](const WalkEntry& entry) { return transfer::MatchesPath(below + entry.path, pattern); });
  if (count == 0) return Sight{"waits for a file " + pattern, {}, {}};
  return Sight{{}, fmt::format("{} file{} {} there", count, count == 1 ? "" : "s", count == 1 ? "is" : "are"), {}};
}

Result<Sight> LookWithSql(TaskJob& job, const platform::Wait& wait) {
  auto cell = FirstCell(job, *wait.connection, *wait.subject);
  if (cell.ok()) {
    if (IsTrue(*cell)) return Sight{{}, "the query holds", {}};
    return Sight{"waits for the query to hold", {}, {}};
  }
  Diagnostics errors = std::move(cell).error();
  for (Diagnostic& error : errors)
    if (!error.span) error.span = wait.subject.span;
  return errors;
}

Diagnostic InVain(const platform::Wait& wait, std::string message) {
  return Diagnostic(kWaitedInVain, std::move(message), wait.subject.span);
}

// An interval that nobody will run is not waited for.
Status CheckNotLeftOut(store::Store& store, const platform::Wait& wait, const scheduler::Interval& interval,
                       const std::string& date) {
  STIR_ASSIGN(const auto left_out, store.LeftOutIntervals(*wait.subject, 1000));
  for (const store::LeftOut& each : left_out)
    if (each.start <= interval.start && interval.start < each.end)
      return InVain(wait, fmt::format("pipeline {} has no run for {}: {}", *wait.subject, date, each.reason));
  return {};
}

Result<Sight> LookAtTask(store::Store& store, const platform::Wait& wait, const store::Run& run) {
  STIR_ASSIGN(const auto tasks, store.Tasks(run.id));
  const auto found = std::ranges::find(tasks, wait.task, &store::Task::name);
  const std::string what = fmt::format("task {} of run {} of pipeline {}", wait.task, run.id, run.pipeline);
  const TaskState state = found == tasks.end() ? TaskState::kNone : found->state;
  if (state == TaskState::kSuccess) return Sight{{}, what + " succeeded", {}};
  const bool over = scheduler::IsFinal(state) || scheduler::IsFinal(run.state);
  if (over) return InVain(wait, fmt::format("{} is {}", what, scheduler::ToString(state)));
  return Sight{"waits for " + what, {}, {}};
}

Result<Sight> LookAtPipeline(const TaskJob& job, const platform::Wait& wait) {
  store::Store& store = job.workspace.store();
  STIR_ASSIGN(const platform::Pipeline* other, job.workspace.definitions().FindPipeline(*wait.subject));
  STIR_ASSIGN(const scheduler::Interval interval, IntervalOfOther(job, *other, wait.logical_date, wait.subject.span));
  const std::string date =
      FormatTimestamp(platform::CalendarOf(*other).zone().ToLocal(interval.start)).substr(0, 16).replace(10, 1, " ");
  store::RunFilter filter;
  filter.pipeline = *wait.subject;
  filter.logical_date = interval.start;
  filter.limit = 1;
  STIR_ASSIGN(const auto runs, store.ListRuns(filter));
  const std::string what = fmt::format("pipeline {} for {}", *wait.subject, date);
  if (runs.empty()) {
    STIR_TRY(CheckNotLeftOut(store, wait, interval, date));
    return Sight{"waits for " + what, {}, {}};
  }
  if (!wait.task.empty()) return LookAtTask(store, wait, runs[0]);
  if (runs[0].state == TaskState::kSuccess)
    return Sight{{}, fmt::format("{} succeeded (run {})", what, runs[0].id), {}};
  if (scheduler::IsFinal(runs[0].state))
    return InVain(wait, fmt::format("{} is {} (run {})", what, scheduler::ToString(runs[0].state), runs[0].id));
  return Sight{fmt::format("waits for {} (run {})", what, runs[0].id), {}, {}};
}

Result<Sight> Look(TaskJob& job, const platform::Wait& wait) {
  switch (wait.what) {
    case For::kTime:
    case For::kDuration:
      return LookAtClock(job, wait);
    case For::kFile:
      return LookForFile(job, wait);
    case For::kSql:
      return LookWithSql(job, wait);
    case For::kPipeline:
      return LookAtPipeline(job, wait);
  }
  return Sight{};
}

}  // namespace

Duration NextLook(Duration waited, Duration every) {
  return every > Duration{0} ? every : std::clamp<Duration>(waited / 10, kSoonest, kLatest);
}

Result<scheduler::Interval> IntervalOfOther(const TaskJob& job, const platform::Pipeline& other,
                                            const std::string& logical_date, Span span) {
  const scheduler::Calendar calendar = platform::CalendarOf(other);
  if (logical_date.empty()) return calendar.LastComplete(job.facts.interval.end);
  auto date = scheduler::ParseDateText(logical_date, calendar.zone());
  if (date.ok()) return calendar.Containing(date->time);
  Diagnostics errors = std::move(date).error();
  for (Diagnostic& error : errors) error.span = span;
  return errors;
}

TaskResult RunWaitTask(TaskJob& job, const platform::Task& bound) {
  auto sight = Look(job, bound.wait);
  if (!sight.ok()) return FailedTask(std::move(sight).error());
  TaskResult result;
  result.message = sight->missing.empty() ? sight->seen : sight->missing;
  if (sight->missing.empty()) return result;
  const Duration waited = job.workspace.host().clock.Now() - job.first_began;
  result.look_again = sight->left.value_or(NextLook(waited, bound.wait.every));
  return result;
}

}  // namespace stir::engine
