#include "scheduler/cron.h"

#include <gtest/gtest.h>

#include "scheduler/calendar.h"
#include "scheduler/kinds.h"
#include "scheduler/testing/times.h"

namespace stir::scheduler {
namespace {

// The first `count` times due after `after`, to the minute.
std::vector<std::string> Fires(std::string_view zone, std::string_view cron, std::string_view after, size_t count) {
  const Zone where = *Zone::Find(zone);
  const Cron parsed = *Cron::Parse(cron);
  std::vector<std::string> fires;
  for (Timestamp time = At(after); fires.size() < count;) {
    time = parsed.Next(time, where);
    fires.push_back(FormatTimestamp(time).substr(0, 16));
  }
  return fires;
}

using Texts = std::vector<std::string>;

TEST(DaylightSaving, NewYorkATimeInTheGapIsDueOnceAfterIt) {
  EXPECT_EQ(Fires("America/New_York", "30 2 * * *", "2026-03-07T00:00:00Z", 3),
            (Texts{"2026-03-07T07:30", "2026-03-08T07:00", "2026-03-09T06:30"}));
}

TEST(DaylightSaving, NewYorkATimeThatComesTwiceIsDueTheFirstTime) {
  EXPECT_EQ(Fires("America/New_York", "30 1 * * *", "2026-10-31T00:00:00Z", 3),
            (Texts{"2026-10-31T05:30", "2026-11-01T05:30", "2026-11-02T06:30"}));
}

TEST(DaylightSaving, NewYorkEveryHourFollowsRealHours) {
  EXPECT_EQ(Fires("America/New_York", "0 * * * *", "2026-11-01T03:30:00Z", 4),
            (Texts{"2026-11-01T04:00", "2026-11-01T05:00", "2026-11-01T06:00", "2026-11-01T07:00"}));
  EXPECT_EQ(Fires("America/New_York", "30 * * * *", "2026-03-08T06:00:00Z", 3),
            (Texts{"2026-03-08T06:30", "2026-03-08T07:30", "2026-03-08T08:30"}));
}

TEST(DaylightSaving, BerlinEveryFiveMinutesIsRealTimeOnTheShortAndTheLongDay) {
  const Zone berlin = *Zone::Find("Europe/Berlin");
  const Calendar calendar = Calendar::OfCron(*Cron::Parse("*/5 * * * *"), berlin);
  EXPECT_EQ(calendar.Between(berlin.ToUtc(At("2026-03-29")), berlin.ToUtc(At("2026-03-30"))).size(), 276U);
  EXPECT_EQ(calendar.Between(berlin.ToUtc(At("2026-10-25")), berlin.ToUtc(At("2026-10-26"))).size(), 300U);
}

TEST(DaylightSaving, LordHoweAHalfHourThatComesTwice) {
  EXPECT_EQ(Fires("Australia/Lord_Howe", "45 1 * * *", "2026-04-04T00:00:00Z", 2),
            (Texts{"2026-04-04T14:45", "2026-04-05T15:15"}));
  EXPECT_EQ(Fires("Australia/Lord_Howe", "15 2 * * *", "2026-10-02T15:30:00Z", 3),
            (Texts{"2026-10-02T15:45", "2026-10-03T15:30", "2026-10-04T15:15"}));
}

TEST(DaylightSaving, CairoAMidnightInTheGap) {
  EXPECT_EQ(Fires("Africa/Cairo", "0 0 * * *", "2026-04-22T12:00:00Z", 3),
            (Texts{"2026-04-22T22:00", "2026-04-23T22:00", "2026-04-24T21:00"}));
}

TEST(DaylightSaving, SantiagoADayThatBeginsInTheGapHasOneRun) {
  EXPECT_EQ(Fires("America/Santiago", "@daily", "2026-09-05T00:00:00Z", 3),
            (Texts{"2026-09-05T04:00", "2026-09-06T04:00", "2026-09-07T03:00"}));
}

TEST(DaylightSaving, ApiaADayThatNeverCameIsDueAtItsEnd) {
  EXPECT_EQ(Fires("Pacific/Apia", "0 9 * * *", "2011-12-29T18:00:00Z", 3),
            (Texts{"2011-12-29T19:00", "2011-12-30T10:00", "2011-12-30T19:00"}));
}

TEST(DaylightSaving, CasablancaGoesBackInFebruaryAndForwardInMarch) {
  EXPECT_EQ(Fires("Africa/Casablanca", "30 2 * * *", "2026-02-13T12:00:00Z", 3),
            (Texts{"2026-02-14T01:30", "2026-02-15T01:30", "2026-02-16T02:30"}));
  EXPECT_EQ(Fires("Africa/Casablanca", "30 2 * * *", "2026-03-20T12:00:00Z", 3),
            (Texts{"2026-03-21T02:30", "2026-03-22T02:00", "2026-03-23T01:30"}));
  EXPECT_EQ(Fires("Africa/Casablanca", "0 * * * *", "2026-02-15T00:30:00Z", 3),
            (Texts{"2026-02-15T01:00", "2026-02-15T02:00", "2026-02-15T03:00"}));
}

TEST(DaylightSaving, HavanaRealHoursOfADayThatComesBackAfterMidnight) {
  EXPECT_EQ(Fires("America/Havana", "7 * 11 * *", "1986-10-12T02:30:00Z", 3),
            (Texts{"1986-10-12T03:07", "1986-10-12T04:07", "1986-11-11T05:07"}));
}

TEST(DaylightSaving, StepsOfHoursAreWallClock) {
  EXPECT_EQ(Fires("America/New_York", "0 */2 * * *", "2026-03-08T04:30:00Z", 3),
            (Texts{"2026-03-08T05:00", "2026-03-08T07:00", "2026-03-08T08:00"}));
  EXPECT_EQ(Fires("America/New_York", "30 0-2 * * *", "2026-11-01T04:00:00Z", 4),
            (Texts{"2026-11-01T04:30", "2026-11-01T05:30", "2026-11-01T07:30", "2026-11-02T05:30"}));
}

TEST(Cron, FieldsNamesStepsAndSeconds) {
  EXPECT_EQ(Fires("UTC", "0 6 * * mon-fri", "2026-11-20T07:00:00Z", 1), Texts{"2026-11-23T06:00"});
  EXPECT_EQ(Fires("UTC", "0 0 29 FEB *", "2026-01-01", 1), Texts{"2028-02-29T00:00"});
  EXPECT_EQ(Fires("UTC", "0 0 * * 7", "2026-11-20", 1), Texts{"2026-11-22T00:00"});
  EXPECT_EQ(Fires("UTC", "0 0 * * 5-7", "2026-11-20", 3),
            (Texts{"2026-11-21T00:00", "2026-11-22T00:00", "2026-11-27T00:00"}));
  EXPECT_EQ(Fires("UTC", "5/20 3\t* * *", "2026-11-20", 3),
            (Texts{"2026-11-20T03:05", "2026-11-20T03:25", "2026-11-20T03:45"}));
  EXPECT_EQ(FormatTimestamp(Cron::Parse("*/20 * * * * *")->Next(At("2026-11-20T00:00:00.5Z"), Zone::Utc())),
            "2026-11-20T00:00:20.000000Z");
  EXPECT_EQ(FormatTimestamp(Cron::Parse("59 59 23 31 12 ?")->Next(At("2026-11-20"), Zone::Utc())),
            "2026-12-31T23:59:59.000000Z");
}

TEST(Cron, AnOpenWeekEndsOnSaturday) {
  EXPECT_EQ(Fires("UTC", "0 0 * * 1/2", "2026-11-22", 4),
            (Texts{"2026-11-23T00:00", "2026-11-25T00:00", "2026-11-27T00:00", "2026-11-30T00:00"}));
}

TEST(Cron, EitherKindOfDayMakesAMatchWhenBothAreNamed) {
  EXPECT_EQ(Fires("UTC", "0 0 13 * 5", "2026-11-01", 3),
            (Texts{"2026-11-06T00:00", "2026-11-13T00:00", "2026-11-20T00:00"}));
  EXPECT_EQ(Fires("UTC", "0 0 30 2 5", "2026-02-21", 2), (Texts{"2026-02-27T00:00", "2027-02-05T00:00"}));
}

TEST(Cron, DaysFromTheEndOfTheMonth) {
  EXPECT_EQ(Fires("UTC", "0 0 L * *", "2028-01-31", 3),
            (Texts{"2028-02-29T00:00", "2028-03-31T00:00", "2028-04-30T00:00"}));
  EXPECT_EQ(Fires("UTC", "0 0 L-3 * *", "2026-02-01", 2), (Texts{"2026-02-25T00:00", "2026-03-28T00:00"}));
  EXPECT_EQ(Fires("UTC", "0 0 1,L * *", "2026-11-01", 2), (Texts{"2026-11-30T00:00", "2026-12-01T00:00"}));
}

TEST(Cron, TheNearestWeekdayStaysInItsMonth) {
  EXPECT_EQ(Fires("UTC", "0 0 15W * *", "2026-08-01", 3),  // Saturday, Tuesday, Thursday
            (Texts{"2026-08-14T00:00", "2026-09-15T00:00", "2026-10-15T00:00"}));
  EXPECT_EQ(Fires("UTC", "0 0 1W * *", "2026-07-31", 2), (Texts{"2026-08-03T00:00", "2026-09-01T00:00"}));
  EXPECT_EQ(Fires("UTC", "0 0 LW * *", "2026-05-01", 2), (Texts{"2026-05-29T00:00", "2026-06-30T00:00"}));
}

TEST(Cron, TheNthAndTheLastWeekday) {
  EXPECT_EQ(Fires("UTC", "0 0 * * fri#3", "2026-11-01", 2), (Texts{"2026-11-20T00:00", "2026-12-18T00:00"}));
  EXPECT_EQ(Fires("UTC", "0 0 * * 5#5", "2026-11-01", 2), (Texts{"2027-01-29T00:00", "2027-04-30T00:00"}));
  EXPECT_EQ(Fires("UTC", "0 0 ? * 5L", "2026-11-01", 2), (Texts{"2026-11-27T00:00", "2026-12-25T00:00"}));
  EXPECT_EQ(Fires("UTC", "0 0 ? * 7L", "2026-11-01", 1), Texts{"2026-11-29T00:00"});
  EXPECT_EQ(Fires("UTC", "0 0 ? 2 fri#5", "2064-03-01", 2), (Texts{"2092-02-29T00:00", "2104-02-29T00:00"}));
}

TEST(Cron, SaysWhatIsWrong) {
  for (const char* text : {"* * * *",
                           "61 * * * *",
                           "* 24 * * *",
                           "*/0 * * * *",
                           "5-1 * * * *",
                           "a * * * *",
                           "@often",
                           "",
                           "1,,2 * * * *",
                           "? * * * *",
                           "0 0 32W * *",
                           "0 0 W * *",
                           "0 0 L-31 * *",
                           "0 0 L5 * *",
                           "0 0 * * 5#6",
                           "0 0 * * 8#1",
                           "0 0 * * #1",
                           "0 0 * * L",
                           "0 L * * *",
                           "0 0 *,? * *",
                           "99999999999 * * * *"}) {
    const auto cron = Cron::Parse(text);
    ASSERT_FALSE(cron.ok()) << text;
    EXPECT_EQ(cron.error().front().kind, kBadCron);
    EXPECT_FALSE(cron.error().front().hint.empty());
  }
  EXPECT_EQ(Cron::Parse("99 99 * * *").error().size(), 2U);
}

TEST(Cron, ADayThatNoYearHasIsRefused) {
  for (const char* text : {"0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 L-30 2 *"}) {
    const auto cron = Cron::Parse(text);
    ASSERT_FALSE(cron.ok()) << text;
    EXPECT_NE(cron.error().front().message.find("is never due"), std::string::npos);
  }
}

}  // namespace
}  // namespace stir::scheduler
