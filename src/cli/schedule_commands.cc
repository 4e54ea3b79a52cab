// Schedules from the terminal: what is due and why, what a span of time would bring, pause and resume.
#include <fmt/format.h>

#include <map>

#include "cli/commands.h"
#include "cli/kinds.h"
#include "cli/listing.h"
#include "cli/run_command.h"
#include "engine/schedules.h"

namespace stir::cli {
namespace {

bool IsTable(const Arguments& arguments) { return arguments.Text("table-output") == "table"; }

std::string WhatOf(const engine::ScheduledTime& time) {
  return time.intervals > 1 ? fmt::format("{} {} intervals", time.what, time.intervals) : time.what;
}

Result<Duration> RunTimeOf(const Arguments& arguments) {
  const std::string text = arguments.Text("run-time");
  if (const auto duration = ParseDuration(text)) return *duration;
  return Diagnostic(kBadUsage, fmt::format("`{}` is no duration", text)).Hint("write 90s, 5m or 1h30m");
}

// "core: 96 run, 4 skip, 2 drop", a line a pipeline.
void PrintTotals(const std::vector<engine::ScheduledTime>& times) {
  std::map<std::string, std::map<std::string, int64_t>> totals;
  for (const engine::ScheduledTime& time : times) totals[time.pipeline][time.what] += time.intervals;
  for (auto& [pipeline, counts] : totals)
    fmt::print("{}: {} run, {} skipped, {} dropped\n", pipeline, counts["run"], counts["skip"], counts["drop"]);
}

Result<std::vector<engine::ScheduledTime>> SimulateAs(const Arguments& arguments, Session& session) {
  engine::SimulationRequest request{
      .pipelines = arguments.Positionals(), .from = arguments.Text("from"), .to = arguments.Text("to"), .run_time = {}};
  if (request.from.empty() || request.to.empty())
    return Diagnostic(kBadUsage, "a simulation needs its range").Hint("for example: --from 2026-01-01 --to 2026-01-31");
  STIR_ASSIGN(request.run_time, RunTimeOf(arguments));
  return engine::SimulatePipelines(session.host(), MakeOptions(arguments, session), request);
}

int Pause(const Arguments& arguments, Session& session, bool paused) {
  OpenQuietly(arguments, session);
  const std::string name = arguments.Positional(0);
  const Status done = engine::PausePipeline(session.host(), MakeOptions(arguments, session), name, paused);
  if (!done.ok()) return ReportFailure(done.error(), session);
  fmt::print("{} is {}\n", name, paused ? "paused: it begins no scheduled run" : "no longer paused");
  return 0;
}

}  // namespace

int RunPipelineNext(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  const auto count = static_cast<size_t>(std::max<int64_t>(arguments.Integer("count").value_or(20), 1));
  const std::string name = arguments.Positional(0);
  auto forecast = engine::ForecastPipeline(session.host(), MakeOptions(arguments, session), name, count);
  if (!forecast.ok()) return ReportFailure(forecast.error(), session);
  if (IsTable(arguments)) {
    const bool none = forecast->schedule.empty();
    fmt::print("{}: {} ({}){}\n\n", name, none ? "no schedule, it runs when somebody says so" : forecast->schedule,
               forecast->timezone, forecast->paused ? ", paused" : "");
  }
  Listing listing({"due", "interval start", "interval end", "what", "why"});
  for (const engine::ScheduledTime& time : forecast->times)
    listing.Add({time.at, time.start, time.end, WhatOf(time), time.why});
  return listing.Print(arguments.Text("table-output"));
}

int RunPipelineSimulate(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  auto times = SimulateAs(arguments, session);
  if (!times.ok()) return ReportFailure(times.error(), session);
  Listing listing({"at", "pipeline", "interval start", "interval end", "what", "why"});
  for (const engine::ScheduledTime& time : *times)
    listing.Add({time.at, time.pipeline, time.start, time.end, WhatOf(time), time.why});
  const int code = listing.Print(arguments.Text("table-output"));
  if (IsTable(arguments)) PrintTotals(*times);
  return code;
}

int RunPipelinePause(const Arguments& arguments, Session& session) { return Pause(arguments, session, true); }
int RunPipelineResume(const Arguments& arguments, Session& session) { return Pause(arguments, session, false); }

}  // namespace stir::cli
