#include "scheduler/calendar.h"

#include <gtest/gtest.h>

#include "scheduler/kinds.h"
#include "scheduler/testing/times.h"

namespace stir::scheduler {
namespace {

TEST(Calendar, IntervalsAreContiguousAndHalfOpen) {
  const Calendar daily = Calendar::Daily(*Zone::Find("Europe/Berlin"));
  const auto intervals = daily.Between(At("2026-03-27T23:00:00Z"), At("2026-03-30T22:00:00Z"));
  ASSERT_EQ(intervals.size(), 3U);
  EXPECT_EQ(intervals[1].end - intervals[1].start, std::chrono::hours(23)) << "the day of the gap";
  for (size_t i = 1; i < intervals.size(); ++i) EXPECT_EQ(intervals[i - 1].end, intervals[i].start);
}

TEST(Calendar, TheNewestCompleteIntervalAndTheOneThatHolds) {
  const Calendar hourly = Calendar::OfCron(*Cron::Parse("@hourly"), Zone::Utc());
  EXPECT_EQ(hourly.LastComplete(At("2026-11-21T10:20:00Z")),
            (Interval{At("2026-11-21T09:00:00Z"), At("2026-11-21T10:00:00Z")}));
  EXPECT_EQ(hourly.LastComplete(At("2026-11-21T10:00:00Z")),
            (Interval{At("2026-11-21T09:00:00Z"), At("2026-11-21T10:00:00Z")}));
  EXPECT_EQ(hourly.Containing(At("2026-11-21T10:00:00Z")),
            (Interval{At("2026-11-21T10:00:00Z"), At("2026-11-21T11:00:00Z")}));
  const Calendar yearly = Calendar::OfCron(*Cron::Parse("@yearly"), Zone::Utc());
  EXPECT_EQ(yearly.LastComplete(At("2026-11-21")), (Interval{At("2025-01-01"), At("2026-01-01")}));
}

TEST(Calendar, APeriodCountsFromItsAnchor) {
  const Calendar calendar = Calendar::OfPeriod(std::chrono::minutes(15), At("2026-01-01T00:05:00Z"), Zone::Utc());
  EXPECT_EQ(calendar.Next(At("2026-01-01T00:05:00Z")), At("2026-01-01T00:20:00Z"));
  EXPECT_EQ(calendar.Last(At("2025-12-31T23:59:00Z")), At("2025-12-31T23:50:00Z"));
}

TEST(Calendar, TheLatestTickOfARareSchedule) {
  const Calendar rare = Calendar::OfCron(*Cron::Parse("0 0 ? 2 fri#5"), Zone::Utc());
  EXPECT_EQ(rare.Last(At("2103-12-31")), At("2092-02-29"));
  EXPECT_EQ(rare.Containing(At("2070-01-01")), (Interval{At("2064-02-29"), At("2092-02-29")}));
}

TEST(Calendar, SaysWhatDaylightSavingDidToATick) {
  const Zone berlin = *Zone::Find("Europe/Berlin");
  const Calendar wall = Calendar::OfCron(*Cron::Parse("30 2 * * *"), berlin);
  EXPECT_EQ(wall.NoteOn(At("2026-03-28T01:30:00Z")), "");
  EXPECT_EQ(wall.NoteOn(At("2026-03-29T01:00:00Z")), "the clock skips 02:00 to 03:00: due after it");
  EXPECT_EQ(wall.NoteOn(At("2026-10-25T00:30:00Z")), "02:30 comes twice: this is the first");
  const Calendar real = Calendar::OfCron(*Cron::Parse("30 * * * *"), berlin);
  EXPECT_EQ(real.NoteOn(At("2026-10-25T01:30:00Z")), "02:30 comes twice: this is the second");
}

TEST(DateTexts, EndWithTheirDayOrAtTheirTime) {
  const Zone santiago = *Zone::Find("America/Santiago");
  EXPECT_EQ(EndOf(*ParseDateText("2026-09-05", santiago), santiago), At("2026-09-06T04:00:00Z"));
  EXPECT_EQ(EndOf(*ParseDateText("2026-09-06", santiago), santiago), At("2026-09-07T03:00:00Z"));
  EXPECT_EQ(EndOf(*ParseDateText("2026-09-05T06:00:00Z", santiago), santiago), At("2026-09-05T06:00:00.000001Z"));
}

TEST(DateTexts, AreWallClockWithoutAnOffset) {
  const Zone kolkata = *Zone::Find("Asia/Kolkata");
  EXPECT_EQ(ParseDateText("2026-11-20", kolkata)->time, At("2026-11-19T18:30:00Z"));
  EXPECT_TRUE(ParseDateText("2026-11-20", kolkata)->whole_day);
  EXPECT_EQ(ParseDateText("2026-11-20 06:00:00", kolkata)->time, At("2026-11-20T00:30:00Z"));
  EXPECT_EQ(ParseDateText("2026-11-20T06:00:00Z", kolkata)->time, At("2026-11-20T06:00:00Z"));
  EXPECT_EQ(ParseDateText("yesterday", kolkata).error().front().kind, kBadInterval);
  EXPECT_EQ(kolkata.OffsetText(At("2026-11-20")), "+05:30");
  EXPECT_FALSE(Zone::Find("Mars/Olympus").ok());
}

}  // namespace
}  // namespace stir::scheduler
