// When a pipeline runs: its schedule, the range and the zone that it holds in, and what is left out of it.
#include <fmt/format.h>

#include <array>

#include "base/strings.h"
#include "platform/kinds.h"
#include "platform/read.h"
#include "scheduler/cron.h"

namespace stir::platform {
namespace {

constexpr std::array<std::string_view, 3> kMissed = {"last", "all", "none"};

template <typename T>
std::optional<T> Accept(Result<T> result, Span span, Reader& reader) {
  if (result.ok()) return *std::move(result);
  for (Diagnostic& error : Diagnostics(std::move(result).error())) error.span = span, reader.Error(std::move(error));
  return std::nullopt;
}

// `source('a', 'b')` and `ref('m')` are calls; everything else is the name of a publication.
Schedule::On ReadAsset(const yaml::Node& node, Reader& reader) {
  Schedule::On on;
  on.name = {reader.Text(node, "on").value_or(""), node.span};
  std::string_view word = Strip(*on.name);
  while (word.starts_with('{') || word.starts_with(' ')) word.remove_prefix(1);
  on.is_source = word.starts_with("source(");
  on.is_ref = word.starts_with("ref(");
  if (on.is_source || on.is_ref)
    if (auto call = ReadCall(node, on.is_source ? "source" : "ref", reader)) on.call = *std::move(call);
  return on;
}

void ReadOn(Schedule& schedule, Fields& fields, Reader& reader) {
  schedule.kind = Schedule::Kind::kOn;
  const yaml::Node* list = fields.Find("on");
  if (!list->IsSequence()) schedule.on.push_back(ReadAsset(*list, reader));
  for (const auto& item : list->items) schedule.on.push_back(ReadAsset(*item, reader));
  if (list->IsSequence() && list->items.empty())
    reader.WrongType(*list, "on", "a list of what is waited for", "on: [\"source('sales', 'us_east')\", leaderboard]");
  static constexpr std::array<std::string_view, 2> kWhen = {"any", "all"};
  schedule.all = fields.OneOf<int>("when", kWhen, 0).value == 1;
  schedule.min_interval = fields.Time("min_interval", Duration{0});
}

Schedule ReadScheduleMapping(const yaml::Node& node, Reader& reader) {
  Schedule schedule;
  Fields fields(reader, node, "`schedule`");
  const bool every = fields.Has("every"), on = fields.Has("on"), freshness = fields.Has("freshness");
  if (every + on + freshness != 1)
    reader.Error(Diagnostic(kBadValue, "a schedule has exactly one of `every`, `on` and `freshness`", node.span)
                     .Hint("schedule: {every: 15m}"));
  if (every) {
    schedule.kind = Schedule::Kind::kEvery;
    schedule.every = fields.Time("every", std::chrono::hours(1));
    if (schedule.every < std::chrono::seconds(1))
      reader.Error(Diagnostic(kBadValue, "a schedule is due every second at most", fields.Find("every")->span));
  }
  if (on) ReadOn(schedule, fields, reader);
  if (freshness) {
    schedule.kind = Schedule::Kind::kFreshness;
    static constexpr std::array<std::string_view, 1> kAuto = {"auto"};
    fields.OneOf<int>("freshness", kAuto, 0);
  }
  fields.Finish();
  return schedule;
}

Schedule ReadSchedule(const yaml::Node& node, Reader& reader) {
  Schedule schedule;
  if (node.IsMapping()) {
    schedule = ReadScheduleMapping(node, reader);
  } else if (const auto text = reader.Text(node, "schedule"); text && *text != "none") {
    schedule.kind = Schedule::Kind::kCron;
    schedule.cron = *text;
    Accept(scheduler::Cron::Parse(*text), node.span, reader);
  }
  schedule.span = node.span;
  return schedule;
}

scheduler::Zone ReadZone(Fields& fields, std::string& name) {
  const auto text = fields.PlacedText("timezone", "UTC");
  name = *text;
  return Accept(scheduler::Zone::Find(*text), text.span, fields.reader()).value_or(scheduler::Zone::Utc());
}

// A day means all of it: as a start from its midnight, as an end up to the next one.
std::optional<Timestamp> ReadDate(Fields& fields, std::string_view key, const scheduler::Zone& zone, bool is_end) {
  const auto text = fields.PlacedText(key);
  if (text->empty()) return std::nullopt;
  const auto date = Accept(scheduler::ParseDateText(*text, zone), text.span, fields.reader());
  if (!date) return std::nullopt;
  return is_end ? EndOf(*date, zone) : date->time;
}

scheduler::SkipWindow ReadSkipWindow(const yaml::Node& node, Reader& reader) {
  scheduler::SkipWindow window;
  Fields fields(reader, node, "`skip_when`");
  if (const yaml::Node* between = fields.Require("between", "between: [\"19:00\", \"22:00\"]")) {
    if (between->IsSequence() && between->items.size() == 2) {
      window.begin = std::chrono::minutes(reader.TimeOfDay(*between->items[0], "between").value_or(0));
      window.end = std::chrono::minutes(reader.TimeOfDay(*between->items[1], "between").value_or(1));
      if (window.begin == window.end)
        reader.Error(Diagnostic(kBadValue, "a window that ends when it begins holds nothing", between->span)
                         .Hint("for the whole day write [\"00:00\", \"24:00\"]"));
    } else {
      reader.WrongType(*between, "between", "a list of two times of day", "between: [\"19:00\", \"22:00\"]");
    }
  }
  std::string name;
  window.zone = ReadZone(fields, name);
  window.reason = fields.Text("reason");
  fields.Finish();
  return window;
}

void AddHoliday(HolidayCalendar& calendar, const yaml::Node& node, Reader& reader) {
  std::string name;
  const yaml::Node* date = &node;
  if (node.IsMapping()) {
    Fields fields(reader, node, fmt::format("a holiday of calendar `{}`", calendar.name));
    date = fields.Require("date", "{date: 2026-12-25, name: Christmas}");
    name = fields.Text("name");
    fields.Finish();
    if (!date) return;
  }
  const auto text = reader.Text(*date, "date");
  if (!text) return;
  const auto day = Accept(scheduler::ParseDateText(*text, scheduler::Zone::Utc()), date->span, reader);
  if (!day) return;
  if (!day->whole_day) return reader.WrongType(*date, "a holiday", "a date", "write 2026-12-25");
  calendar.days.emplace(day->time, std::move(name));
}

}  // namespace

void ReadWhen(Pipeline& pipeline, Fields& fields) {
  Reader& reader = fields.reader();
  if (const yaml::Node* schedule = fields.Find("schedule")) pipeline.schedule = ReadSchedule(*schedule, reader);
  const scheduler::Zone zone = ReadZone(fields, pipeline.timezone);
  pipeline.start = ReadDate(fields, "start", zone, /*is_end=*/false);
  pipeline.end = ReadDate(fields, "end", zone, /*is_end=*/true);
  if (pipeline.start && pipeline.end && *pipeline.end <= *pipeline.start)
    reader.Error(Diagnostic(kBadValue, fmt::format("pipeline `{}` ends before it starts", pipeline.name),
                            fields.Find("end")->span)
                     .With({fields.Find("start")->span, "it starts here"}));
  pipeline.missed = fields.OneOf<scheduler::Missed>("missed", kMissed, scheduler::Missed::kLast).value;
  pipeline.depends_on_past = fields.Bool("depends_on_past", false);
  if (const yaml::Node* skip = fields.Find("skip_when")) pipeline.skip_when = ReadSkipWindow(*skip, reader);
  pipeline.calendar = fields.PlacedText("calendar");
}

HolidayCalendar ReadHolidays(const yaml::Entry& entry, Reader& reader) {
  HolidayCalendar calendar;
  calendar.name = entry.key->text;
  calendar.span = entry.key->span;
  Fields fields(reader, *entry.value, fmt::format("calendar `{}`", calendar.name));
  if (const yaml::Node* days = fields.Require("holidays", "holidays: [2026-12-25]")) {
    if (!days->IsSequence()) reader.WrongType(*days, "holidays", "a list of dates", "holidays: [2026-12-25]");
    for (const auto& day : days->items) AddHoliday(calendar, *day, reader);
  }
  fields.Finish();
  return calendar;
}

}  // namespace stir::platform
