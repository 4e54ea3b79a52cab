#include "scheduler/clockwork.h"
#include "scheduler/testing/times.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace stir::scheduler {
namespace {

using Kind = Decision::Kind;
using Texts = std::vector<std::string>;

Schedule Of(std::string_view cron, std::string_view zone = "UTC") {
  Schedule schedule;
  schedule.calendar = Calendar::OfCron(*Cron::Parse(cron), *Zone::Find(zone));
  schedule.text = fmt::format("{} {}", cron, zone);
  return schedule;
}

std::string Text(const Decision& decision) {
  static constexpr const char* kWords[] = {"adopt", "start", "skip", "drop"};
  const auto time = [](Timestamp at) { return FormatTimestamp(at).substr(5, 11); };
  std::string text = kWords[static_cast<size_t>(decision.kind)];
  if (decision.kind == Kind::kAdopt) return text;
  text += fmt::format(" {} {}", time(decision.interval.start), time(decision.interval.end));
  if (decision.kind == Kind::kDrop) text += fmt::format(" x{}", decision.count);
  return decision.reason.empty() ? text : text + ": " + decision.reason;
}

// A service that begins at a time, decides until there is nothing to decide, and remembers.
struct Service {
  Schedule schedule;
  Memory memory;
  Standing standing;

  Texts DecideAt(std::string_view time) {
    Texts texts;
    while (true) {
      const Verdict verdict = Decide(schedule, memory, standing, At(time));
      if (!verdict.decision) {
        if (!verdict.waits_for.empty()) texts.push_back("waits: " + verdict.waits_for);
        return texts;
      }
      texts.push_back(Text(*verdict.decision));
      if (verdict.decision->kind == Kind::kStart) ++standing.active_runs;
      memory = Remember(memory, schedule, *verdict.decision, At(time));
    }
  }
};

Service Begun(Schedule schedule, std::string_view at) {
  Service service{std::move(schedule), {}, {}};
  service.standing.watched_since = At(at);
  service.DecideAt(at);
  return service;
}

TEST(Clockwork, ANewScheduleBeginsWithTheIntervalItStandsIn) {
  Service service{Of("0 * * * *"), {}, {}};
  EXPECT_EQ(service.DecideAt("2026-05-01T10:20:00Z"), Texts{"adopt"});
  EXPECT_EQ(Decide(service.schedule, service.memory, {}, At("2026-05-01T10:20:00Z")).wake_at,
            At("2026-05-01T11:00:00Z"));
  EXPECT_EQ(service.DecideAt("2026-05-01T11:00:00Z"), Texts{"start 05-01T10:00 05-01T11:00"});
}

TEST(Clockwork, AllThatWasMissedSinceItsStartWhenItAsksForIt) {
  Schedule schedule = Of("@daily");
  schedule.start = At("2026-05-01T06:00:00Z");
  schedule.missed = Missed::kAll;
  schedule.max_active_runs = 9;
  Service service{schedule, {}, {}};
  EXPECT_EQ(service.DecideAt("2026-05-04T06:00:00Z"),
            (Texts{"adopt", "start 05-02T00:00 05-03T00:00", "start 05-03T00:00 05-04T00:00"}));
}

TEST(Clockwork, BeginsAtItsStartAndEndsWithItsEnd) {
  Schedule schedule = Of("@daily");
  schedule.start = At("2026-05-10");
  schedule.end = At("2026-05-12");
  Service service = Begun(schedule, "2026-05-01T06:00:00Z");
  EXPECT_EQ(service.DecideAt("2026-05-10T06:00:00Z"), Texts{});
  EXPECT_EQ(service.DecideAt("2026-05-11T00:00:00Z"), Texts{"start 05-10T00:00 05-11T00:00"});
  service.standing.active_runs = 0;
  EXPECT_EQ(service.DecideAt("2026-05-12T00:00:00Z"), Texts{"start 05-11T00:00 05-12T00:00"});
  service.standing.active_runs = 0;
  EXPECT_EQ(service.DecideAt("2026-06-12T00:00:00Z"), Texts{});
}

TEST(Clockwork, OfWhatWasMissedTheLastRuns) {
  Service service = Begun(Of("0 * * * *"), "2026-05-01T10:20:00Z");
  service.standing.watched_since = At("2026-05-01T15:30:00Z");
  EXPECT_EQ(service.DecideAt("2026-05-01T15:30:00Z"),
            (Texts{"drop 05-01T10:00 05-01T14:00 x4: missed: last, a newer interval is due",
                   "start 05-01T14:00 05-01T15:00"}));
}

TEST(Clockwork, OfWhatWasMissedAllRunAsManyAtOnceAsMay) {
  Schedule schedule = Of("0 * * * *");
  schedule.missed = Missed::kAll;
  schedule.max_active_runs = 2;
  Service service = Begun(schedule, "2026-05-01T10:20:00Z");
  service.standing.watched_since = At("2026-05-01T14:30:00Z");
  EXPECT_EQ(
      service.DecideAt("2026-05-01T14:30:00Z"),
      (Texts{"start 05-01T10:00 05-01T11:00", "start 05-01T11:00 05-01T12:00", "waits: max_active_runs: 2 of 2 run"}));
  service.standing.active_runs = 1;
  EXPECT_EQ(service.DecideAt("2026-05-01T14:31:00Z"),
            (Texts{"start 05-01T12:00 05-01T13:00", "waits: max_active_runs: 2 of 2 run"}));
}

TEST(Clockwork, OfWhatWasMissedNoneRunsButWhatCameDueSince) {
  Schedule schedule = Of("0 * * * *");
  schedule.missed = Missed::kNone;
  Service service = Begun(schedule, "2026-05-01T10:20:00Z");
  service.standing.watched_since = At("2026-05-01T13:30:00Z");
  EXPECT_EQ(service.DecideAt("2026-05-01T13:30:00Z"), Texts{"drop 05-01T10:00 05-01T13:00 x3: missed: none"});
  EXPECT_EQ(service.DecideAt("2026-05-01T14:00:01Z"), Texts{"start 05-01T13:00 05-01T14:00"});
}

TEST(Clockwork, ARunThatTakesTooLongIsFollowedByTheNewestInterval) {
  Service service = Begun(Of("*/15 * * * *"), "2026-05-01T10:00:00Z");
  EXPECT_EQ(service.DecideAt("2026-05-01T10:15:00Z"), Texts{"start 05-01T10:00 05-01T10:15"});
  EXPECT_EQ(service.DecideAt("2026-05-01T10:30:00Z"), Texts{"waits: max_active_runs: 1 of 1 run"});
  service.standing.active_runs = 0;
  EXPECT_EQ(service.DecideAt("2026-05-01T10:47:00Z"),
            (Texts{"drop 05-01T10:15 05-01T10:30 x1: missed: last, a newer interval is due",
                   "start 05-01T10:30 05-01T10:45"}));
}

TEST(Clockwork, AStepBackOfTheClockRepeatsNothing) {
  Service service = Begun(Of("0 * * * *"), "2026-05-01T10:20:00Z");
  EXPECT_EQ(service.DecideAt("2026-05-01T11:00:00Z").size(), 1U);
  service.standing.active_runs = 0;
  EXPECT_EQ(service.DecideAt("2026-05-01T09:00:00Z"), Texts{});
  EXPECT_EQ(service.DecideAt("2026-05-01T11:30:00Z"), Texts{});
  EXPECT_EQ(service.DecideAt("2026-05-01T12:00:00Z"), Texts{"start 05-01T11:00 05-01T12:00"});
}

TEST(Clockwork, AnotherScheduleBeginsWhereTheOldOneEndedAndReplaysNothing) {
  Service service = Begun(Of("@daily"), "2026-05-01T10:20:00Z");
  service.schedule = Of("0 * * * *");
  EXPECT_EQ(service.DecideAt("2026-05-01T15:10:00Z"), Texts{"adopt"});
  EXPECT_EQ(service.DecideAt("2026-05-01T16:00:00Z"), Texts{"start 05-01T00:00 05-01T16:00"});
  service.standing.active_runs = 0;
  service.schedule = Of("@daily");
  EXPECT_EQ(service.DecideAt("2026-05-01T16:10:00Z"), Texts{"adopt"});
  EXPECT_EQ(service.DecideAt("2026-05-02T00:00:00Z"), Texts{"start 05-01T16:00 05-02T00:00"});
}

TEST(Clockwork, WindowsAndHolidaysAreSkippedWithTheirReason) {
  Schedule schedule = Of("0 * * * *", "Europe/Berlin");
  schedule.skip_when = SkipWindow{std::chrono::hours(23), std::chrono::hours(1), Zone::Utc(), "batch window"};
  schedule.holidays = Holidays{"bank", {{At("2026-05-02"), "Labour Day, moved"}}};
  Service service = Begun(schedule, "2026-05-01T20:30:00Z");
  EXPECT_EQ(service.DecideAt("2026-05-01T21:00:00Z"), Texts{"start 05-01T20:00 05-01T21:00"});
  EXPECT_EQ(service.DecideAt("2026-05-01T22:00:00Z"),
            Texts{"skip 05-01T21:00 05-01T22:00: calendar bank: Labour Day, moved"});
  service.schedule.holidays.reset();
  EXPECT_EQ(service.DecideAt("2026-05-01T23:00:00Z"), Texts{"skip 05-01T22:00 05-01T23:00: batch window"});
  EXPECT_EQ(service.DecideAt("2026-05-02T00:00:00Z"), Texts{"skip 05-01T23:00 05-02T00:00: batch window"});
  service.standing.active_runs = 0;
  EXPECT_EQ(service.DecideAt("2026-05-02T01:00:00Z"), Texts{"start 05-02T00:00 05-02T01:00"});
}

TEST(Clockwork, APauseStartsNothingAndEndsAsADowntimeDoes) {
  Service service = Begun(Of("0 * * * *"), "2026-05-01T10:20:00Z");
  service.memory.paused = true;
  EXPECT_EQ(service.DecideAt("2026-05-01T13:20:00Z"), Texts{"waits: paused"});
  service.memory.paused = false;
  service.standing.watched_since = At("2026-05-01T13:20:00Z");
  EXPECT_EQ(service.DecideAt("2026-05-01T13:20:00Z").back(), "start 05-01T12:00 05-01T13:00");
}

TEST(Clockwork, ARunWaitsForTheSuccessOfTheOneBefore) {
  Schedule schedule = Of("0 * * * *");
  schedule.depends_on_past = true;
  Service service = Begun(schedule, "2026-05-01T10:20:00Z");
  service.standing.last_run = TaskState::kFailed;
  EXPECT_EQ(service.DecideAt("2026-05-01T11:00:00Z"), Texts{"waits: depends_on_past: the run before is failed"});
  service.standing.last_run = TaskState::kSuccess;
  EXPECT_EQ(service.DecideAt("2026-05-01T11:10:00Z"), Texts{"start 05-01T10:00 05-01T11:00"});
}

TEST(Clockwork, ComingTicksAreWhatItWillDecide) {
  Schedule schedule = Of("30 2 * * *", "Europe/Berlin");
  schedule.skip_when = SkipWindow{std::chrono::hours(1), std::chrono::hours(2), *Zone::Find("Europe/Berlin"), ""};
  const auto ticks = ComingTicks(schedule, {}, At("2026-03-27T12:00:00Z"), 3);
  ASSERT_EQ(ticks.size(), 3U);
  EXPECT_EQ(Text(ticks[1].decision), "start 03-28T01:30 03-29T01:00");
  EXPECT_EQ(ticks[1].note, "the clock skips 02:00 to 03:00: due after it; 23h30m long");
  schedule.skip_when->end = std::chrono::hours(3);
  EXPECT_EQ(ComingTicks(schedule, {}, At("2026-03-27T12:00:00Z"), 1)[0].decision.reason,
            "between 01:00 and 03:00 Europe/Berlin");
  const Memory late{schedule.text, At("2026-03-20T01:30:00Z"), {}, true};
  schedule.skip_when.reset();
  const auto due = ComingTicks(schedule, late, At("2026-03-27T12:00:00Z"), 2);
  EXPECT_EQ(Text(due[0].decision), "drop 03-20T01:30 03-26T01:30 x6: missed: last, a newer interval is due");
  EXPECT_EQ(due[1].note, "due already");
}

TEST(Clockwork, ASimulationSaysWhatWaitedAndWhatWasOvertaken) {
  const auto account =
      Simulate(Of("*/15 * * * *"), At("2026-05-01"), At("2026-05-01T01:10:00Z"), std::chrono::minutes(40));
  Texts texts;
  for (const Simulated& each : account)
    texts.push_back(FormatTimestamp(each.at).substr(11, 5) + " " + Text(each.decision));
  EXPECT_EQ(texts, (Texts{"00:15 start 05-01T00:00 05-01T00:15",
                          "00:55 drop 05-01T00:15 05-01T00:30 x1: missed: last, a newer interval is due",
                          "00:55 start 05-01T00:30 05-01T00:45"}));
  EXPECT_EQ(account[2].waited_since, At("2026-05-01T00:45:00Z"));
}

}  // namespace
}  // namespace stir::scheduler
