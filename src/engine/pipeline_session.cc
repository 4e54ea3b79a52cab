#include "engine/pipeline_session.h"

#include <fmt/format.h>

#include "base/kinds.h"
#include "base/strings.h"
#include "engine/kinds.h"

namespace stir::engine {
namespace {

std::string FileName(const platform::Pipeline& pipeline, Timestamp start) {
  return fmt::format("{}@{}", ReplaceAll(pipeline.name, "/", "_"),
                     ReplaceAll(FormatTimestamp(start).substr(0, 19), ":", ""));
}

// What base says of the holder, with what is held.
Diagnostics Held(Diagnostics errors, std::string what) {
  for (Diagnostic& error : errors) {
    if (error.kind != kLocked) continue;
    error.kind = kRunHeld;
    error.message = what + ": " + error.message;
    error.hint = "wait for it, or end that process: the same command then resumes where it stopped";
  }
  return errors;
}

}  // namespace

scheduler::Calendar CalendarOf(const platform::Pipeline& pipeline) {
  const scheduler::Zone zone = *scheduler::Zone::Find(pipeline.timezone);  // checked when the definitions were read
  switch (pipeline.schedule.kind) {
    case platform::Schedule::Kind::kCron:
      return scheduler::Calendar::OfCron(*scheduler::Cron::Parse(pipeline.schedule.cron), zone);
    case platform::Schedule::Kind::kEvery:
      return scheduler::Calendar::OfPeriod(pipeline.schedule.every, pipeline.start.value_or(Timestamp{}), zone);
    default:
      return scheduler::Calendar::Daily(zone);
  }
}

Result<std::vector<std::unique_ptr<FileLock>>> HoldInterval(Workspace& workspace, const platform::Pipeline& pipeline,
                                                            const scheduler::Interval& interval) {
  Files& files = workspace.host().files;
  const StateFolder& folder = workspace.folder();
  STIR_TRY(files.MakeDirectories(folder.root / "locks"));
  std::vector<std::unique_ptr<FileLock>> locks;
  auto own = files.Lock(folder.lock(FileName(pipeline, interval.start)));
  if (!own.ok())
    return Held(std::move(own).error(),
                fmt::format("another process runs pipeline `{}` for this interval", pipeline.name));
  locks.push_back(*std::move(own));
  Diagnostics refused;
  for (int slot = 0; slot < pipeline.max_active_runs; ++slot) {
    auto free = files.Lock(folder.lock(fmt::format("{}.slot{}", ReplaceAll(pipeline.name, "/", "_"), slot)));
    if (free.ok()) {
      locks.push_back(*std::move(free));
      return locks;
    }
    refused = std::move(free).error();
  }
  return Held(std::move(refused), fmt::format("pipeline `{}` runs in another process, and `max_active_runs` is {}",
                                              pipeline.name, pipeline.max_active_runs));
}

}  // namespace stir::engine
