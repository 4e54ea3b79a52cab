#include "platform/schedules.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/strings.h"
#include "platform/kinds.h"

namespace stir::platform {

using ScheduleKind = Schedule::Kind;

namespace {

// Half of what is asked: the oldest moment is the one just before a run ends, a period and a run after its data.
Duration PeriodFor(Duration asked) { return std::max<Duration>(asked / 2, std::chrono::minutes(1)); }

std::string OnText(const Schedule& schedule) {
  std::vector<std::string> names;
  for (const Schedule::On& on : schedule.on) names.push_back(*on.name);
  const std::string apart = FormatDuration(schedule.min_interval);
  return fmt::format("on {}{}{}", schedule.all && names.size() > 1 ? "all of " : "", Join(names, ", "),
                     schedule.min_interval > Duration{0} ? fmt::format(", {} apart", apart) : "");
}

}  // namespace

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

Result<scheduler::Schedule> ScheduleOf(const Definitions& definitions, const Pipeline& pipeline, Duration asked) {
  const Schedule& written = pipeline.schedule;
  scheduler::Schedule schedule;
  if (written.kind == ScheduleKind::kFreshness) {
    if (asked <= Duration{0})
      return Diagnostic(kNothingAsks, fmt::format("nobody asks pipeline `{}` for a freshness", pipeline.name),
                        written.span)
          .Hint("give a publication of what it builds a `freshness: 1h`, or the pipeline a period: `{every: 15m}`");
    schedule.calendar = scheduler::Calendar::OfPeriod(PeriodFor(asked), pipeline.start.value_or(Timestamp{}),
                                                      *scheduler::Zone::Find(pipeline.timezone));
  } else if (written.kind != ScheduleKind::kNone) {
    schedule.calendar = CalendarOf(pipeline);
  }
  if (written.kind == ScheduleKind::kOn) {
    schedule.on = scheduler::OnData{{}, written.all, written.min_interval};
    for (const Schedule::On& on : written.on) schedule.on->assets.push_back(on.asset);
  }
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
  if (written.kind == ScheduleKind::kFreshness) schedule.text += " every " + FormatDuration(PeriodFor(asked));
  if (schedule.calendar && !schedule.on && written.kind != ScheduleKind::kCron && pipeline.start)
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
      return OnText(schedule);
    case ScheduleKind::kFreshness:
      return "freshness";
  }
  return "";
}

}  // namespace stir::platform
