#include "platform/schedules.h"

#include <fmt/format.h>

#include "base/strings.h"
#include "platform/kinds.h"

namespace stir::platform {

using ScheduleKind = Schedule::Kind;

// Cron and zone were checked when the definitions were read.
scheduler::Calendar CalendarOf(const Pipeline& pipeline) {
  const scheduler::Zone zone = *scheduler::Zone::Find(pipeline.timezone);
  switch (pipeline.schedule.kind) {
    case ScheduleKind::kCron:
      return scheduler::Calendar::OfCron(*scheduler::Cron::Parse(pipeline.schedule.cron), zone);
    case ScheduleKind::kEvery:
      return scheduler::Calendar::OfPeriod(pipeline.schedule.every, pipeline.start.value_or(Timestamp{}), zone);
    default:
      return scheduler::Calendar::Daily(zone);
  }
}

Result<scheduler::Schedule> ScheduleOf(const Definitions& definitions, const Pipeline& pipeline) {
  const Schedule& written = pipeline.schedule;
  if (written.kind == ScheduleKind::kOn || written.kind == ScheduleKind::kFreshness)
    return Diagnostic(kNotBuilt,
                      fmt::format("schedules `{}` are not built yet",
                                  written.kind == ScheduleKind::kOn ? "on: [...]" : "freshness: auto"),
                      written.span)
        .Hint("give pipeline `" + pipeline.name + "` a cron expression, `{every: 15m}`, or `none`");
  scheduler::Schedule schedule;
  if (written.kind != ScheduleKind::kNone) schedule.calendar = CalendarOf(pipeline);
  schedule.start = pipeline.start;
  schedule.end = pipeline.end;
  schedule.skip_when = pipeline.skip_when;
  if (!pipeline.calendar->empty()) {
    STIR_ASSIGN(const HolidayCalendar* calendar, definitions.FindCalendar(*pipeline.calendar));
    schedule.holidays = scheduler::Holidays{calendar->name, calendar->days};
  }
  schedule.missed = pipeline.missed;
  schedule.max_active_runs = pipeline.max_active_runs;
  schedule.depends_on_past = pipeline.depends_on_past;
  schedule.text = fmt::format("{} {}", ScheduleText(written), pipeline.timezone);
  if (written.kind == ScheduleKind::kEvery && pipeline.start)
    schedule.text += " from " + FormatTimestamp(*pipeline.start);
  return schedule;
}

std::string ScheduleText(const Schedule& schedule) {
  switch (schedule.kind) {
    case ScheduleKind::kNone:
      return "";
    case ScheduleKind::kCron:
      return schedule.cron;
    case ScheduleKind::kEvery:
      return "every " + FormatDuration(schedule.every);
    case ScheduleKind::kOn:
      return "on " + Join(schedule.on, ", ");
    case ScheduleKind::kFreshness:
      return "freshness";
  }
  return "";
}

}  // namespace stir::platform
