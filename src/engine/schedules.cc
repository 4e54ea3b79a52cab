#include "engine/schedules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "engine/actions.h"
#include "engine/freshness.h"
#include "engine/kinds.h"
#include "platform/schedules.h"

namespace stir::engine {
namespace {

using platform::Pipeline;
using scheduler::Decision;
using scheduler::Zone;

std::string TimeText(Timestamp time, const Zone& zone) {
  const std::string text = FormatTimestamp(zone.ToLocal(time)).substr(0, 19) + zone.OffsetText(time);
  const size_t shown = text.compare(16, 3, ":00") == 0 ? 16 : 19;
  return text.substr(0, 10) + " " + text.substr(11, shown - 11) + text.substr(19);
}

std::string_view WordOf(Decision::Kind kind) {
  if (kind == Decision::Kind::kSkip) return "skip";
  return kind == Decision::Kind::kDrop ? "drop" : "run";
}

ScheduledTime TimeOf(const Pipeline& pipeline, const Zone& zone, const Decision& decision, Timestamp at) {
  return {.pipeline = pipeline.name,
          .at = TimeText(at, zone),
          .start = TimeText(decision.interval.start, zone),
          .end = TimeText(decision.interval.end, zone),
          .what = std::string(WordOf(decision.kind)),
          .intervals = decision.count,
          .why = decision.reason};
}

Result<scheduler::Memory> MemoryOf(store::Store& store, const std::string& pipeline) {
  STIR_ASSIGN(const std::vector<store::ScheduleMemory> memories, store.Schedules());
  for (const store::ScheduleMemory& each : memories)
    if (each.pipeline == pipeline) return each.memory;
  return scheduler::Memory();
}

Result<std::vector<const Pipeline*>> Chosen(const platform::Definitions& definitions,
                                            const std::vector<std::string>& names) {
  std::vector<const Pipeline*> chosen;
  for (const std::string& name : names) {
    STIR_ASSIGN(const Pipeline* pipeline, definitions.FindPipeline(name));
    chosen.push_back(pipeline);
  }
  if (!names.empty()) return chosen;
  for (const Pipeline& pipeline : definitions.pipelines) chosen.push_back(&pipeline);
  return chosen;
}

// By the time of the decision, then in the order of the pipelines.
struct Entry {
  const Pipeline* pipeline;
  Zone zone;
  scheduler::Simulated decided;
};

Status SimulateOne(Workspace& workspace, const Pipeline& pipeline, const SimulationRequest& request,
                   std::vector<Entry>& account) {
  STIR_ASSIGN(const scheduler::Schedule schedule, ScheduleOf(workspace, pipeline));
  if (!schedule.calendar) return {};
  const Zone& zone = schedule.calendar->zone();
  STIR_ASSIGN(const scheduler::DateText from, scheduler::ParseDateText(request.from, zone));
  STIR_ASSIGN(const scheduler::DateText to, scheduler::ParseDateText(request.to, zone));
  if (to.time < from.time)
    return Diagnostic(kBadRange, fmt::format("the range ends ({}) before it begins ({})", request.to, request.from));
  for (scheduler::Simulated& decided : Simulate(schedule, from.time, EndOf(to, zone), request.run_time))
    account.push_back({&pipeline, zone, std::move(decided)});
  return {};
}

}  // namespace

Result<Forecast> ForecastPipeline(const Host& host, const Options& options, const std::string& name, size_t count) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(const Pipeline* pipeline, workspace->definitions().FindPipeline(name));
  STIR_ASSIGN(const scheduler::Schedule schedule, ScheduleOf(*workspace, *pipeline));
  STIR_ASSIGN(const scheduler::Memory memory, MemoryOf(workspace->store(), name));
  Forecast forecast{platform::ScheduleText(pipeline->schedule), pipeline->timezone, memory.paused, {}};
  if (!schedule.calendar) return forecast;
  for (const scheduler::Tick& tick : ComingTicks(schedule, memory, host.clock.Now(), count)) {
    ScheduledTime time = TimeOf(*pipeline, schedule.calendar->zone(), tick.decision, tick.decision.interval.end);
    const bool both = !time.why.empty() && !tick.note.empty();
    time.why += (both ? "; " : "") + tick.note;
    forecast.times.push_back(std::move(time));
  }
  return forecast;
}

Result<std::vector<ScheduledTime>> SimulatePipelines(const Host& host, const Options& options,
                                                     const SimulationRequest& request) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  STIR_ASSIGN(const std::vector<const Pipeline*> pipelines, Chosen(workspace->definitions(), request.pipelines));
  std::vector<Entry> account;
  for (const Pipeline* pipeline : pipelines) STIR_TRY(SimulateOne(*workspace, *pipeline, request, account));
  std::ranges::stable_sort(account, {}, [](const Entry& entry) { return entry.decided.at; });
  std::vector<ScheduledTime> times;
  for (const Entry& entry : account) {
    ScheduledTime time = TimeOf(*entry.pipeline, entry.zone, entry.decided.decision, entry.decided.at);
    if (entry.decided.waited_since)
      time.why =
          fmt::format("due at {}, waited for max_active_runs", TimeText(*entry.decided.waited_since, entry.zone));
    times.push_back(std::move(time));
  }
  return times;
}

Status RememberPipeline(store::Store& store, const Pipeline& pipeline, Timestamp now) {
  store::Pipeline row;
  row.name = pipeline.name;
  row.definition_hash = pipeline.hash;
  row.seen_at = now;
  return store.PutPipeline(row);
}

Status PausePipeline(const Host& host, const Options& options, const std::string& name, bool paused) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  return SetPaused(*workspace, name, paused, {});
}

}  // namespace stir::engine
