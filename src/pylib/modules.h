// What dbt's templates reach as `modules`: datetime, pytz, re, itertools; and agate tables and Decimal numbers.
#pragma once

#include <functional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "jinja/value.h"

namespace stir::pylib {

// {datetime, pytz, re, itertools} as one value. `clock` answers now() and utcnow() and must outlive the value. Every
// call into itertools asks `on_itertools` first, where there is one.
jinja::Value Modules(const Clock& clock, std::function<Status()> on_itertools = {});

// An aware UTC datetime, as `run_started_at`.
jinja::Value MakeDatetimeUtc(Timestamp time);
// date / naive datetime from parts, for query results.
jinja::Value MakeDate(int year, int month, int day);
jinja::Value MakeDatetime(Timestamp naive_utc);
// A Decimal from its digits ("12.30"); prints them as they are.
jinja::Value MakeDecimal(std::string digits);

}  // namespace stir::pylib
