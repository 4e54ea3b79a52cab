#include "scheduler/calendar.h"

#include <gtest/gtest.h>

#include "scheduler/kinds.h"

namespace stir::scheduler {
namespace {

Timestamp At(std::string_view text) { return *ParseTimestamp(text); }

std::vector<std::string> Fires(std::string_view zone, std::string_view cron, std::string_view after, size_t count) {
  const Zone where = *Zone::Find(zone);
  const Cron parsed = *Cron::Parse(cron);
  std::vector<std::string> fires;
  auto time = std::optional(At(after));
  while (fires.size() < count && (time = parsed.Next(*time, where)))
    fires.push_back(FormatTimestamp(*time).substr(0, 16));
  return fires;
}

using Texts = std::vector<std::string>;

TEST(Cron, WallClockOverAGapFiresOnceAfterIt) {
  EXPECT_EQ(Fires("America/New_York", "30 2 * * *", "2026-03-07T00:00:00Z", 3),
            (Texts{"2026-03-07T07:30", "2026-03-08T07:00", "2026-03-09T06:30"}));
}

TEST(Cron, WallClockThatComesTwiceFiresTheFirstTime) {
  EXPECT_EQ(Fires("America/New_York", "30 1 * * *", "2026-10-31T00:00:00Z", 3),
            (Texts{"2026-10-31T05:30", "2026-11-01T05:30", "2026-11-02T06:30"}));
  EXPECT_EQ(Fires("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00:00Z", 2),
            (Texts{"2026-04-04T14:45", "2026-04-05T15:15"}));
}

TEST(Cron, EveryHourFollowsRealHours) {
  EXPECT_EQ(Fires("America/New_York", "0 * * * *", "2026-11-01T03:30:00Z", 4),
            (Texts{"2026-11-01T04:00", "2026-11-01T05:00", "2026-11-01T06:00", "2026-11-01T07:00"}));
}

TEST(Cron, EveryFiveMinutesIsRealTimeOnShortAndLongDays) {
  const Zone berlin = *Zone::Find("Europe/Berlin");
  const Calendar calendar = Calendar::OfCron(*Cron::Parse("*/5 * * * *"), berlin);
  EXPECT_EQ(calendar.Between(berlin.ToUtc(At("2026-03-29")), berlin.ToUtc(At("2026-03-30"))).size(), 276U);
  EXPECT_EQ(calendar.Between(berlin.ToUtc(At("2026-10-25")), berlin.ToUtc(At("2026-10-26"))).size(), 300U);
}

TEST(Cron, AMidnightThatAGapSwallows) {
  EXPECT_EQ(Fires("Africa/Cairo", "0 0 * * *", "2026-04-22T12:00:00Z", 3),
            (Texts{"2026-04-22T22:00", "2026-04-23T22:00", "2026-04-24T21:00"}));
  EXPECT_EQ(Fires("America/Santiago", "@daily", "2026-09-05T00:00:00Z", 3),
            (Texts{"2026-09-05T04:00", "2026-09-06T04:00", "2026-09-07T03:00"}));
}

TEST(Cron, ADayThatAGapSwallowsFiresAtItsEnd) {
  EXPECT_EQ(Fires("Pacific/Apia", "0 9 * * *", "2011-12-29T18:00:00Z", 3),
            (Texts{"2011-12-29T19:00", "2011-12-30T10:00", "2011-12-30T19:00"}));
}

TEST(Cron, FieldsNamesStepsAndSeconds) {
  EXPECT_EQ(Fires("UTC", "0 6 * * mon-fri", "2026-11-20T07:00:00Z", 1), Texts{"2026-11-23T06:00"});
  EXPECT_EQ(Fires("UTC", "0 0 29 feb *", "2026-01-01", 1), Texts{"2028-02-29T00:00"});
  EXPECT_EQ(Fires("UTC", "0 0 13 * 5", "2026-11-01", 3),
            (Texts{"2026-11-06T00:00", "2026-11-13T00:00", "2026-11-20T00:00"}));
  EXPECT_EQ(Fires("UTC", "0 0 * * 7", "2026-11-20", 1), Texts{"2026-11-22T00:00"});
  EXPECT_EQ(FormatTimestamp(*Cron::Parse("*/20 * * * * *")->Next(At("2026-11-20"), Zone::Utc())),
            "2026-11-20T00:00:20.000000Z");
  EXPECT_TRUE(Fires("UTC", "0 0 30 2 *", "2026-01-01", 1).empty());
}

TEST(Cron, SaysWhatIsWrong) {
  for (const char* text : {"* * * *", "61 * * * *", "* 24 * * *", "*/0 * * * *", "5-1 * * * *", "a * * * *", "@often",
                           "", "1,,2 * * * *"}) {
    const auto cron = Cron::Parse(text);
    ASSERT_FALSE(cron.ok()) << text;
    EXPECT_EQ(cron.error().front().kind, kBadCron);
    EXPECT_FALSE(cron.error().front().hint.empty());
  }
  EXPECT_EQ(Cron::Parse("99 99 * * *").error().size(), 2U);
}

TEST(Calendar, IntervalsAreContiguousAndHalfOpen) {
  const Calendar daily = Calendar::Daily(*Zone::Find("Europe/Berlin"));
  const auto intervals = daily.Between(At("2026-03-27T23:00:00Z"), At("2026-03-30T22:00:00Z"));
  ASSERT_EQ(intervals.size(), 3U);
  EXPECT_EQ(intervals[1].end - intervals[1].start, std::chrono::hours(23)) << "the day of the gap";
  for (size_t i = 1; i < intervals.size(); ++i) EXPECT_EQ(intervals[i - 1].end, intervals[i].start);
}

TEST(Calendar, TheNewestCompleteIntervalAndTheOneThatHolds) {
  const Calendar hourly = Calendar::OfCron(*Cron::Parse("@hourly"), Zone::Utc());
  EXPECT_EQ(*hourly.LastComplete(At("2026-11-21T10:20:00Z")),
            (Interval{At("2026-11-21T09:00:00Z"), At("2026-11-21T10:00:00Z")}));
  EXPECT_EQ(*hourly.LastComplete(At("2026-11-21T10:00:00Z")),
            (Interval{At("2026-11-21T09:00:00Z"), At("2026-11-21T10:00:00Z")}));
  EXPECT_EQ(*hourly.Containing(At("2026-11-21T10:00:00Z")),
            (Interval{At("2026-11-21T10:00:00Z"), At("2026-11-21T11:00:00Z")}));
  const Calendar yearly = Calendar::OfCron(*Cron::Parse("@yearly"), Zone::Utc());
  EXPECT_EQ(*yearly.LastComplete(At("2026-11-21")), (Interval{At("2025-01-01"), At("2026-01-01")}));
}

TEST(Calendar, APeriodCountsFromItsAnchor) {
  const Calendar calendar = Calendar::OfPeriod(std::chrono::minutes(15), At("2026-01-01T00:05:00Z"), Zone::Utc());
  EXPECT_EQ(*calendar.Next(At("2026-01-01T00:05:00Z")), At("2026-01-01T00:20:00Z"));
  EXPECT_EQ(*calendar.Last(At("2025-12-31T23:59:00Z")), At("2025-12-31T23:50:00Z"));
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
