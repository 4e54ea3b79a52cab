#!/usr/bin/env python3
"""Random cron expressions in random time zones, and when they are due by Python's croniter and zoneinfo.

  tests/oracle/schedules_oracle.py COUNT SEED >cases.txt
  STIR_SCHEDULES=cases.txt build/dev/scheduler_test --gtest_filter='Schedules.*'

A line is zone|cron|after|due due due, in seconds since 1970. croniter says which wall-clock times an expression names, zoneinfo
when a wall clock shows them; how daylight saving joins the two is stir's own rule (docs/orchestration.md) and written once more here.
Left out is what croniter means otherwise: ranges of one value (`5-5` is the whole field to it), `#` or `W` beside another kind of
day, `W` in a list, a day field that lists all days, which is `*` to it if the other one has a `*` in it. Years end in 2037, where the zone files that machines have may end.
"""
import bisect
import datetime
import functools
import random
import sys
import zoneinfo

import croniter

EPOCH = datetime.datetime(1970, 1, 1)
DAY = 86400
ZONES = """UTC America/New_York America/Chicago America/Santiago America/Sao_Paulo America/St_Johns America/Havana America/Asuncion
America/Nuuk America/Caracas Europe/Berlin Europe/London Europe/Dublin Europe/Moscow Europe/Istanbul Europe/Lisbon Africa/Cairo
Africa/Casablanca Africa/Monrovia Africa/Windhoek Africa/Lagos Asia/Kolkata Asia/Kathmandu Asia/Tehran Asia/Tokyo Asia/Gaza Asia/Amman
Asia/Beirut Asia/Pyongyang Asia/Dhaka Australia/Sydney Australia/Lord_Howe Australia/Adelaide Pacific/Apia Pacific/Auckland
Pacific/Chatham Pacific/Kiritimati Pacific/Kwajalein Pacific/Easter Pacific/Fakaofo Antarctica/Troll Antarctica/Casey""".split()
MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
WEEKDAYS = "sun mon tue wed thu fri sat".split()


@functools.cache
def transitions(zone, year):
    """The instants of a year at which the wall clock changes its distance to UTC."""
    info, found = zoneinfo.ZoneInfo(zone), []
    begin = int((datetime.datetime(year, 1, 1) - EPOCH).total_seconds())
    end = int((datetime.datetime(year + 1, 1, 1) - EPOCH).total_seconds())
    before = offset(info, begin)
    for low in range(begin, end, DAY):
        after = offset(info, low + DAY)
        if after != before:
            a, b = low, low + DAY
            while b - a > 1:
                middle = (a + b) // 2
                a, b = (middle, b) if offset(info, middle) == before else (a, middle)
            found.append(b)
        before = after
    return found


def offset(info, instant):
    utc = datetime.datetime.fromtimestamp(instant, datetime.timezone.utc)
    return int(utc.astimezone(info).utcoffset().total_seconds())


def change_after(zone, instant, until):
    """The first change in (instant, until], or None."""
    first, last = (EPOCH + datetime.timedelta(seconds=s) for s in (instant, until))
    for year in range(first.year, last.year + 1):
        times = transitions(zone, year)
        at = bisect.bisect_right(times, instant)
        if at < len(times):
            return times[at] if times[at] <= until else None
    return None


def named(cron, wall):
    """The wall-clock times after `wall` that the expression names, as seconds."""
    iterator = croniter.croniter(cron, EPOCH + datetime.timedelta(seconds=wall), second_at_beginning=True)
    while True:
        yield int((iterator.get_next(datetime.datetime) - EPOCH).total_seconds())


def instant_of(zone, info, wall):
    """When the wall clock first shows a time, or the end of the gap that swallows it."""
    time = (EPOCH + datetime.timedelta(seconds=wall)).replace(tzinfo=info, fold=0)
    instant = wall - int(time.utcoffset().total_seconds())
    if instant + offset(info, instant) == wall:
        return instant
    return change_after(zone, instant - DAY - 3600, instant)


def due_by_wall(zone, info, cron, after, count):
    reach = (26 if zone.startswith("Pacific/") else 3) * 3600  # the most that a clock is moved
    near = change_after(zone, after - reach, after + reach) is not None
    due = []
    for wall in named(cron, after + offset(info, after) - (reach if near else 0)):
        instant = instant_of(zone, info, wall)
        if instant > after:
            due.append(instant)
            after = instant
        if len(due) == count:
            return due


def due_by_real_hours(zone, info, cron, after, count):
    due, shift, steady_from = [], offset(info, after), after
    while len(due) < count:
        instant = next(named(cron, after + shift)) - shift
        change = change_after(zone, steady_from, instant)
        if change is None:
            due.append(instant)
            after = steady_from = instant
        else:
            after, shift, steady_from = change - 1, offset(info, change), change
    return due


def value(rng, low, high, names):
    number = rng.randint(low, high)
    return names[number - low] if names and rng.random() < 0.3 else str(number)


def part(rng, low, high, names):
    kind = rng.random()
    step = rng.randint(1, max(2, (high - low) // 2))
    if kind < 0.5 or high - low < 2:
        return value(rng, low, high, names)
    if kind < 0.7:
        return f"*/{step}"
    if kind < 0.75:
        return f"{rng.randint(low, high)}/{step}"
    begin = rng.randint(low, high - 1)
    end = rng.randint(begin + 1, high)
    return f"{begin}-{end}" + (f"/{step}" if kind < 0.85 else "")


def field(rng, low, high, names=None, star=0.4):
    if rng.random() < star:
        return "*"
    return ",".join(part(rng, low, high, names) for _ in range(rng.choice([1, 1, 1, 2, 3])))


def days(rng):
    kind = rng.random()
    if kind < 0.1:
        return rng.choice(["L", "l", f"{rng.randint(1, 31)}W", "L,1", "15,L"]), rng.choice("*?")
    if kind < 0.2:
        weekday = value(rng, 0, 6, WEEKDAYS)
        return rng.choice("*?"), rng.choice([f"{weekday}#{rng.randint(1, 5)}", f"L{rng.randint(0, 6)}"])
    weekday = "7" if rng.random() < 0.03 else field(rng, 0, 6, WEEKDAYS, 0.6)
    return field(rng, 1, 31, None, 0.6), weekday


def expression(rng):
    day, weekday = days(rng)
    fields = [field(rng, 0, 59, None, 0.15), field(rng, 0, 23), day, field(rng, 1, 12, MONTHS, 0.7), weekday]
    if rng.random() < 0.2:
        fields.insert(0, field(rng, 0, 59, None, 0.1))
    if rng.random() < 0.02:
        return rng.choice(["@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually"])
    return " ".join(fields)


def moment(rng, zone):
    """Half of the time near a change of the clock, if the zone has one that year."""
    year = rng.randint(1971, 2035)
    changes = transitions(zone, year)
    if changes and rng.random() < 0.5:
        return rng.choice(changes) + rng.randint(-2 * DAY, 3 * 3600)
    return int((datetime.datetime(year, 1, 1) - EPOCH).total_seconds()) + rng.randint(0, 365 * DAY)


def lists_all_days(cron):
    """Whether croniter takes a field for `*` that is not written so."""
    if cron[0] == "@":
        return False
    expanded = croniter.croniter.expand(cron, second_at_beginning=True)[0]
    day, _, weekday = cron.split()[-3:]
    return (expanded[2] == ["*"] and day not in "*?") or (expanded[4] == ["*"] and weekday not in "*?")


def case(rng):
    zone, cron = rng.choice(ZONES), expression(rng)
    if lists_all_days(cron):
        raise croniter.CroniterBadDateError("another reading")
    info, after = zoneinfo.ZoneInfo(zone), moment(rng, zone)
    real = cron == "@hourly" or (cron[0] != "@" and cron.split()[-4] == "*")
    due = (due_by_real_hours if real else due_by_wall)(zone, info, cron, after, 3)
    if due[-1] > 2145000000:
        raise croniter.CroniterBadDateError("beyond what zone files hold")
    return f"{zone}|{cron}|{after}|{' '.join(map(str, due))}"


def main():
    count, rng = int(sys.argv[1]), random.Random(int(sys.argv[2]))
    while count:
        try:
            print(case(rng))
            count -= 1
        except (croniter.CroniterBadDateError, OverflowError):
            pass  # never due, long after, or read otherwise


main()
