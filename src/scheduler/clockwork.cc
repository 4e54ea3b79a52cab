#include "scheduler/clockwork.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/strings.h"

namespace stir::scheduler {
namespace {

using Kind = Decision::Kind;

// Of the intervals from `next` on that have ended at `now`: those before the newest that is not skipped anyway.
struct Overtaken {
  Interval together;
  int64_t count = 0;
};
Overtaken OvertakenBy(const Schedule& schedule, const Interval& next, Timestamp now) {
  Overtaken overtaken{{next.start, next.start}, 0};
  int64_t seen = 0;
  for (Interval each = next; each.end <= now && !schedule.EndsBefore(each.start);
       each = {each.end, schedule.calendar->Next(each.end)}, ++seen)
    if (schedule.SkipReason(each.end).empty()) overtaken = {{next.start, each.start}, seen};
  return overtaken;
}

// Those that have ended at `time`.
Overtaken EndedBy(const Schedule& schedule, const Interval& next, Timestamp time) {
  Overtaken ended{{next.start, next.start}, 0};
  for (Interval each = next; each.end <= time && !schedule.EndsBefore(each.start);
       each = {each.end, schedule.calendar->Next(each.end)})
    ended.together.end = each.end, ++ended.count;
  return ended;
}

Decision Drop(const Overtaken& what, std::string reason) {
  return {Kind::kDrop, what.together, what.count, std::move(reason), {}};
}

// What holds a due run back; empty: nothing.
std::string Obstacle(const Schedule& schedule, const Standing& standing) {
  if (standing.active_runs >= schedule.max_active_runs)
    return fmt::format("max_active_runs: {} of {} run", standing.active_runs, schedule.max_active_runs);
  if (schedule.depends_on_past && standing.last_run && *standing.last_run != TaskState::kSuccess)
    return fmt::format("depends_on_past: the run before is {}", ToString(*standing.last_run));
  return {};
}

// How soon a window that holds a run back is looked at again.
constexpr Duration kLookAgain = std::chrono::minutes(1);

// Data that came in while nothing may run is not left out: its run begins afterwards.
Verdict DecideOnData(const Schedule& schedule, const Memory& memory, const Standing& standing, Timestamp now) {
  if (memory.schedule != schedule.text) return {Decision{Kind::kAdopt, {}, 0, {}, standing.versions}, {}, {}};
  if (memory.paused) return {{}, {}, "paused"};
  if (schedule.EndsBefore(now)) return {};
  std::vector<std::string> missing;
  for (const std::string& asset : schedule.on->assets) {
    const auto version = standing.versions.find(asset), seen = memory.seen.find(asset);
    const int64_t before = seen == memory.seen.end() ? 0 : seen->second;
    if (version == standing.versions.end() || version->second <= before) missing.push_back(asset);
  }
  if (missing.size() == schedule.on->assets.size()) return {};
  if (schedule.on->all && !missing.empty()) return {{}, {}, "waits for " + Join(missing, ", ")};
  const Timestamp earliest = std::max(schedule.start.value_or(now), memory.not_due_before);
  if (now < earliest) return {{}, earliest, "min_interval"};
  if (std::string reason = schedule.SkipReason(now); !reason.empty()) return {{}, now + kLookAgain, std::move(reason)};
  if (std::string obstacle = Obstacle(schedule, standing); !obstacle.empty()) return {{}, {}, std::move(obstacle)};
  const Interval interval{memory.decided_until, std::max(now, memory.decided_until + Duration(1))};
  return {Decision{Kind::kStart, interval, 1, {}, standing.versions}, {}, {}};
}

std::string Notes(const Calendar& calendar, const Interval& interval, Timestamp now) {
  std::vector<std::string> notes;
  if (interval.end <= now) notes.emplace_back("due already");
  if (calendar.Last(interval.start) != interval.start) notes.emplace_back("begins where an earlier schedule ended");
  if (std::string note = calendar.NoteOn(interval.end); !note.empty()) notes.push_back(std::move(note));
  const Duration length = interval.end - interval.start;
  if (calendar.zone().StretchAt(interval.start).offset != calendar.zone().StretchAt(interval.end).offset)
    notes.push_back(fmt::format("{} long", FormatDuration(length)));
  return Join(notes, "; ");
}

}  // namespace

Interval NextInterval(const Schedule& schedule, const Memory& memory) {
  Timestamp begin = memory.decided_until;
  if (schedule.start && begin < *schedule.start) begin = schedule.FirstTick(*schedule.start);
  return {begin, schedule.calendar->Next(std::max(begin, memory.not_due_before))};
}

Verdict Decide(const Schedule& schedule, const Memory& memory, const Standing& standing, Timestamp now) {
  if (schedule.on) return DecideOnData(schedule, memory, standing, now);
  if (!schedule.calendar) return {};
  if (memory.schedule != schedule.text) return {Decision{Kind::kAdopt, {}, 0, {}, {}}, {}, {}};
  if (memory.paused) return {{}, {}, "paused"};
  const Interval next = NextInterval(schedule, memory);
  if (schedule.EndsBefore(next.start)) return {};
  if (next.end > now) return {{}, next.end, {}};
  if (schedule.missed == Missed::kNone && next.end <= standing.watched_since)
    return {Drop(EndedBy(schedule, next, std::min(now, standing.watched_since)), "missed: none"), {}, {}};
  if (schedule.missed != Missed::kAll)
    if (const Overtaken older = OvertakenBy(schedule, next, now); older.count > 0)
      return {Drop(older, fmt::format("missed: {}, a newer interval is due",
                                      schedule.missed == Missed::kLast ? "last" : "none")),
              {},
              {}};
  if (std::string reason = schedule.SkipReason(next.end); !reason.empty())
    return {Decision{Kind::kSkip, next, 1, std::move(reason), {}}, {}, {}};
  if (std::string obstacle = Obstacle(schedule, standing); !obstacle.empty()) return {{}, {}, std::move(obstacle)};
  return {Decision{Kind::kStart, next, 1, {}, {}}, {}, {}};
}

Memory Remember(Memory memory, const Schedule& schedule, const Decision& decision, Timestamp now) {
  if (decision.kind != Kind::kAdopt) {
    memory.decided_until = std::max(memory.decided_until, decision.interval.end);
    if (schedule.on) {
      memory.seen = decision.seen;
      memory.not_due_before = memory.decided_until + schedule.on->min_interval;
    }
    return memory;
  }
  const bool first = std::exchange(memory.schedule, schedule.text).empty();
  memory.seen = decision.seen;
  if (schedule.on) {
    memory.decided_until = std::max(memory.decided_until, now);
    memory.not_due_before = memory.decided_until;
    return memory;
  }
  if (!first) {
    memory.not_due_before = std::max(now, memory.decided_until);
    return memory;
  }
  // Who asks for all that was missed, and says since when, wants what came before the service too.
  const bool from_start = schedule.start && (schedule.missed == Missed::kAll || *schedule.start > now);
  memory.decided_until = from_start ? schedule.FirstTick(*schedule.start) : schedule.calendar->Last(now);
  memory.not_due_before = memory.decided_until;
  return memory;
}

std::vector<Tick> ComingTicks(const Schedule& schedule, Memory memory, Timestamp now, size_t count) {
  std::vector<Tick> ticks;
  if (schedule.on) return ticks;
  memory.paused = false;
  const Standing standing{.active_runs = 0, .watched_since = now, .last_run = {}, .versions = {}};
  for (Timestamp time = now; ticks.size() < count;) {
    const Verdict verdict = Decide(schedule, memory, standing, time);
    if (!verdict.decision) {
      if (!verdict.wake_at) break;
      time = *verdict.wake_at;
      continue;
    }
    memory = Remember(std::move(memory), schedule, *verdict.decision, time);
    if (verdict.decision->kind == Kind::kAdopt) continue;
    std::string note = Notes(*schedule.calendar, verdict.decision->interval, now);
    ticks.push_back({*verdict.decision, std::move(note)});
  }
  return ticks;
}

std::vector<Simulated> Simulate(const Schedule& schedule, Timestamp from, Timestamp to, Duration run_time) {
  std::vector<Simulated> account;
  if (!schedule.calendar || schedule.on) return account;
  Memory memory{schedule.text, schedule.calendar->Last(from), {}, false, {}};
  std::multiset<Timestamp> ends;  // of the runs that are active
  for (Timestamp time = from; time < to;) {
    ends.erase(ends.begin(), ends.upper_bound(time));
    const Standing standing{static_cast<int>(ends.size()), from, TaskState::kSuccess, {}};
    const Verdict verdict = Decide(schedule, memory, standing, time);
    if (verdict.decision) {
      Simulated entry{time, *verdict.decision, {}};
      if (entry.decision.kind == Kind::kStart && entry.decision.interval.end < time)
        entry.waited_since = entry.decision.interval.end;
      if (entry.decision.kind == Kind::kStart) ends.insert(time + run_time);
      memory = Remember(std::move(memory), schedule, entry.decision, time);
      account.push_back(std::move(entry));
      continue;
    }
    std::optional<Timestamp> next = verdict.wake_at;
    if (!ends.empty() && (!next || *ends.begin() < *next)) next = *ends.begin();
    if (!next) break;
    time = *next;
  }
  return account;
}

}  // namespace stir::scheduler
