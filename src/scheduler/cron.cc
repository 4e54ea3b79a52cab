#include "scheduler/cron.h"

#include <date/date.h>

#include <algorithm>
#include <bit>

namespace stir::scheduler {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

// The rarest days that a month and a weekday can name (the fifth Friday of a February) are 40 years apart.
constexpr int kRarest = 41 * 366;

bool Has(uint64_t set, unsigned value) { return (set >> value & 1) != 0; }

// The smallest member that is at least `from`; 64 when there is none.
int NextIn(uint64_t set, int from) { return from > 63 ? 64 : std::countr_zero(set >> from << from); }

// The weekday nearest to a day, without leaving the month. Sunday is 0.
unsigned NearestWeekday(unsigned day, unsigned last, unsigned weekday_of_first) {
  day = std::min(day, last);
  const unsigned weekday = (weekday_of_first + day - 1) % 7;
  if (weekday == 6) return day > 1 ? day - 1 : day + 2;
  if (weekday == 0) return day < last ? day + 1 : day - 2;
  return day;
}

}  // namespace

struct Cron::Date {
  unsigned month, day, last, weekday;
};

bool Cron::DayMatches(const Date& date) const {
  bool by_day = Has(days_, date.day) || Has(before_last_, date.last - date.day);
  if (nearest_ != 0) {
    const unsigned first = (date.weekday + 35 - (date.day - 1)) % 7;
    for (unsigned target = 1; target <= kLastWeekday && !by_day; ++target)
      by_day = Has(nearest_, target) && NearestWeekday(target, date.last, first) == date.day;
  }
  const uint8_t nth = nth_[date.weekday];
  const bool by_weekday =
      Has(weekdays_, date.weekday) || Has(nth, (date.day - 1) / 7 + 1) || (Has(nth, 0) && date.day + 7 > date.last);
  if (!any_day_ && !any_weekday_) return by_day || by_weekday;
  return by_day && by_weekday;
}

// The first named time of a day that is not before `from`.
std::optional<Duration> Cron::TimeOfDayFrom(Duration from) const {
  const int first_hour = static_cast<int>(from / hours(1)),
            first_minute = static_cast<int>(from % hours(1) / minutes(1));
  const int first_second = static_cast<int>(from % minutes(1) / seconds(1));
  for (int hour = NextIn(hours_, first_hour); hour < 24; hour = NextIn(hours_, hour + 1)) {
    const bool same_hour = hour == first_hour;
    for (int minute = NextIn(minutes_, same_hour ? first_minute : 0); minute < 60;
         minute = NextIn(minutes_, minute + 1)) {
      const int second = NextIn(seconds_, same_hour && minute == first_minute ? first_second : 0);
      if (second < 60) return hours(hour) + minutes(minute) + seconds(second);
    }
  }
  return std::nullopt;
}

std::optional<Timestamp> Cron::NextLocal(Timestamp local) const {
  const Timestamp from = date::floor<seconds>(local) + seconds(1);
  date::sys_days day = date::floor<date::days>(from);
  Duration time_of_day = from - day;
  for (const date::sys_days end = day + date::days(kRarest); day < end;
       day += date::days(1), time_of_day = Duration(0)) {
    const date::year_month_day ymd(day);
    if (!Has(months_, static_cast<unsigned>(ymd.month()))) {
      day = date::sys_days(ymd.year() / ymd.month() / date::last);
      continue;
    }
    const date::year_month_day_last last(ymd.year() / ymd.month() / date::last);
    if (!DayMatches({static_cast<unsigned>(ymd.month()), static_cast<unsigned>(ymd.day()),
                     static_cast<unsigned>(last.day()), date::weekday(day).c_encoding()}))
      continue;
    if (const auto time = TimeOfDayFrom(time_of_day)) return day + *time;
  }
  return std::nullopt;
}

// Parse has seen to it that there is one.
Timestamp Cron::NextNamed(Timestamp local) const { return *NextLocal(local); }

bool Cron::NamesNothing() const { return !NextLocal(Timestamp{}); }

bool Cron::Names(Timestamp local) const { return NextNamed(local - seconds(1)) == date::floor<seconds>(local); }

Timestamp Cron::Next(Timestamp after, const Zone& zone) const {
  if (!every_hour_) {
    // A wall-clock time and its instant grow together, but for the second pass of a time that comes twice.
    Timestamp local = NextNamed(zone.ToLocal(after));
    while (zone.ToUtc(local) <= after) local = NextNamed(local);
    return zone.ToUtc(local);
  }
  // Between two changes of the clock, real hours are those of the wall. After each the search begins anew: a clock that
  // goes back shows times again, also those of the day before.
  while (true) {
    const Zone::Stretch stretch = zone.StretchAt(after + Duration(1));
    const Timestamp due = NextNamed(after + stretch.offset) - stretch.offset;
    if (due < stretch.end) return due;
    after = stretch.end - Duration(1);
  }
}

}  // namespace stir::scheduler
