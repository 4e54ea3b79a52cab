// modules.datetime and modules.pytz: the classes and functions that make the time types.
#include <cmath>

#include <fmt/format.h>

#include "pylib/class_object.h"
#include "pylib/temporal.h"

namespace stir::pylib {
namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::CallContext;
using jinja::MakeFunction;
using jinja::Value;

Result<int64_t> IntOf(std::string_view name, const Value& value) {
  if (value.type() == jinja::Type::kInt) return value.AsInt();
  if (value.type() == jinja::Type::kBool) return int64_t{value.AsBool()};
  return TypeError(fmt::format("'{}' object cannot be interpreted as an integer for `{}`", value.TypeName(), name));
}

Result<int64_t> RequiredInt(ArgumentReader& reader, std::string_view name) {
  STIR_ASSIGN(Value value, reader.Required(name));
  return IntOf(name, value);
}

Result<int64_t> OptionalInt(ArgumentReader& reader, std::string_view name) {
  return IntOf(name, reader.Optional(name, Value::Int(0)));
}

Result<int64_t> ReadDays(ArgumentReader& reader) {
  STIR_ASSIGN(const int64_t year, RequiredInt(reader, "year"));
  STIR_ASSIGN(const int64_t month, RequiredInt(reader, "month"));
  STIR_ASSIGN(const int64_t day, RequiredInt(reader, "day"));
  if (year < 1 || year > 9999) return ValueError(fmt::format("year {} is out of range", year));
  if (month < 1 || month > 12) return ValueError("month must be in 1..12");
  const std::optional<int64_t> days = DaysOf(year, month, day);
  if (!days) return ValueError("day is out of range for month");
  return *days;
}

Result<int64_t> ReadTimeOfDay(ArgumentReader& reader) {
  STIR_ASSIGN(const int64_t hour, OptionalInt(reader, "hour"));
  STIR_ASSIGN(const int64_t minute, OptionalInt(reader, "minute"));
  STIR_ASSIGN(const int64_t second, OptionalInt(reader, "second"));
  STIR_ASSIGN(const int64_t micros, OptionalInt(reader, "microsecond"));
  if (hour < 0 || hour > 23) return ValueError("hour must be in 0..23");
  if (minute < 0 || minute > 59) return ValueError("minute must be in 0..59");
  if (second < 0 || second > 59) return ValueError("second must be in 0..59");
  if (micros < 0 || micros >= kMicrosPerSecond) return ValueError("microsecond must be in 0..999999");
  return ((hour * 60 + minute) * 60 + second) * kMicrosPerSecond + micros;
}

Result<std::optional<Zone>> ReadZone(ArgumentReader& reader, std::string_view name) {
  const Value given = reader.Optional(name);
  if (given.IsNone()) return std::optional<Zone>();
  const auto* zone = given.As<ZoneObject>();
  if (zone == nullptr)
    return TypeError(
        fmt::format("tzinfo argument must be None or of a tzinfo subclass, not type '{}'", given.TypeName()));
  return std::optional<Zone>(zone->zone());
}

Result<std::string> RequiredText(ArgumentReader& reader, std::string_view name) {
  STIR_ASSIGN(Value value, reader.Required(name));
  if (!value.IsString()) return TypeError(fmt::format("`{}` must be str, not {}", name, value.TypeName()));
  return std::string(value.AsString());
}

Value InZone(int64_t instant, const std::optional<Zone>& zone) {
  if (!zone) return Value::New<DatetimeObject>(instant, std::nullopt);
  const Zone at = ZoneAt(*zone, instant);
  return Value::New<DatetimeObject>(instant + at.offset.count() * kMicrosPerSecond, at);
}

int64_t NowOf(const Clock& clock) { return clock.Now().time_since_epoch().count(); }
int64_t DayOf(WallTime wall) { return wall / kMicrosPerDay - (wall % kMicrosPerDay < 0 ? 1 : 0); }

Result<Value> NewDatetime(CallContext&, const Arguments& arguments) {
  ArgumentReader reader("datetime", arguments);
  STIR_ASSIGN(const int64_t days, ReadDays(reader));
  STIR_ASSIGN(const int64_t time, ReadTimeOfDay(reader));
  STIR_ASSIGN(std::optional<Zone> zone, ReadZone(reader, "tzinfo"));
  STIR_TRY(reader.Finish());
  return Value::New<DatetimeObject>(days * kMicrosPerDay + time, std::move(zone));
}

Result<Value> Strptime(CallContext&, const Arguments& arguments) {
  ArgumentReader reader("strptime", arguments);
  STIR_ASSIGN(const std::string text, RequiredText(reader, "date_string"));
  STIR_ASSIGN(const std::string format, RequiredText(reader, "format"));
  STIR_TRY(reader.Finish());
  STIR_ASSIGN(Parsed parsed, ParseTime(text, format));
  return Value::New<DatetimeObject>(parsed.wall, std::move(parsed.zone));
}

Result<Parsed> ReadIso(std::string_view callee, const Arguments& arguments) {
  ArgumentReader reader(callee, arguments);
  STIR_ASSIGN(const std::string text, RequiredText(reader, "date_string"));
  STIR_TRY(reader.Finish());
  // Python wants two digits of month and day; YAML, which reads dates the same way, takes one.
  const bool dashed = text.size() >= 10 && text[4] == '-' && text[7] == '-';
  const bool compact = text.size() >= 8 && text.find('-') >= 8;
  std::optional<Parsed> parsed = dashed || compact ? ParseIso(text) : std::nullopt;
  if (!parsed) return ValueError(fmt::format("Invalid isoformat string: '{}'", text));
  return *parsed;
}

Result<Value> Combine(CallContext&, const Arguments& arguments) {
  ArgumentReader reader("combine", arguments);
  STIR_ASSIGN(Value date, reader.Required("date"));
  STIR_ASSIGN(Value time, reader.Required("time"));
  STIR_ASSIGN(std::optional<Zone> zone, ReadZone(reader, "tzinfo"));
  STIR_TRY(reader.Finish());
  const auto* at = time.As<TimeObject>();
  if (at == nullptr) return TypeError("combine() argument 2 must be datetime.time");
  if (const auto* day = date.As<DateObject>())
    return Value::New<DatetimeObject>(day->days() * kMicrosPerDay + at->micros(), std::move(zone));
  if (const auto* moment = date.As<DatetimeObject>()) {
    return Value::New<DatetimeObject>(DayOf(moment->wall()) * kMicrosPerDay + at->micros(), std::move(zone));
  }
  return TypeError("combine() argument 1 must be datetime.date");
}

Result<Value> FromTimestamp(CallContext&, const Arguments& arguments) {
  ArgumentReader reader("fromtimestamp", arguments);
  STIR_ASSIGN(Value seconds, reader.Required("timestamp"));
  STIR_ASSIGN(std::optional<Zone> zone, ReadZone(reader, "tz"));
  STIR_TRY(reader.Finish());
  if (seconds.type() == jinja::Type::kInt) return InZone(seconds.AsInt() * kMicrosPerSecond, zone);
  if (seconds.type() == jinja::Type::kFloat) return InZone(static_cast<int64_t>(seconds.AsFloat() * 1e6), zone);
  return TypeError("fromtimestamp() needs a number");
}

Value DatetimeClass(const Clock& clock) {
  const Clock* source = &clock;
  Value now = MakeFunction("now", [source](CallContext&, const Arguments& arguments) -> Result<Value> {
    ArgumentReader reader("now", arguments);
    STIR_ASSIGN(std::optional<Zone> zone, ReadZone(reader, "tz"));
    STIR_TRY(reader.Finish());
    return InZone(NowOf(*source), zone);
  });
  Value utcnow = MakeFunction(
      "utcnow", [source](CallContext&, const Arguments&) -> Result<Value> { return InZone(NowOf(*source), {}); });
  Value from_iso = MakeFunction("fromisoformat", [](CallContext&, const Arguments& arguments) -> Result<Value> {
    STIR_ASSIGN(Parsed parsed, ReadIso("fromisoformat", arguments));
    return Value::New<DatetimeObject>(parsed.wall, std::move(parsed.zone));
  });
  return Value::New<ClassObject>(
      "datetime.datetime", NewDatetime,
      std::vector<std::pair<std::string, Value>>{
          {"now", now},
          {"today", utcnow},
          {"utcnow", utcnow},
          {"fromisoformat", from_iso},
          {"strptime", MakeFunction("strptime", Strptime)},
          {"combine", MakeFunction("combine", Combine)},
          {"fromtimestamp", MakeFunction("fromtimestamp", FromTimestamp)},
          {"utcfromtimestamp", MakeFunction("utcfromtimestamp", FromTimestamp)},
          {"min", Value::New<DatetimeObject>(*DaysOf(1, 1, 1) * kMicrosPerDay, std::nullopt)},
          {"max", Value::New<DatetimeObject>((*DaysOf(9999, 12, 31) + 1) * kMicrosPerDay - 1, std::nullopt)}});
}

Value DateClass(const Clock& clock) {
  const Clock* source = &clock;
  const jinja::Function construct = [](CallContext&, const Arguments& arguments) -> Result<Value> {
    ArgumentReader reader("date", arguments);
    STIR_ASSIGN(const int64_t days, ReadDays(reader));
    STIR_TRY(reader.Finish());
    return Value::New<DateObject>(days);
  };
  Value today = MakeFunction("today", [source](CallContext&, const Arguments&) -> Result<Value> {
    return Value::New<DateObject>(DayOf(NowOf(*source)));
  });
  Value from_iso = MakeFunction("fromisoformat", [](CallContext&, const Arguments& arguments) -> Result<Value> {
    STIR_ASSIGN(Parsed parsed, ReadIso("fromisoformat", arguments));
    return Value::New<DateObject>(DayOf(parsed.wall));
  });
  Value from_ordinal = MakeFunction("fromordinal", [](CallContext&, const Arguments& arguments) -> Result<Value> {
    ArgumentReader reader("fromordinal", arguments);
    STIR_ASSIGN(const int64_t ordinal, RequiredInt(reader, "ordinal"));
    return Value::New<DateObject>(ordinal - 719163);
  });
  return Value::New<ClassObject>(
      "datetime.date", construct,
      std::vector<std::pair<std::string, Value>>{{"today", today},
                                                 {"fromisoformat", from_iso},
                                                 {"fromordinal", from_ordinal},
                                                 {"min", Value::New<DateObject>(*DaysOf(1, 1, 1))},
                                                 {"max", Value::New<DateObject>(*DaysOf(9999, 12, 31))},
                                                 {"resolution", Value::New<TimedeltaObject>(kMicrosPerDay)}});
}

Result<Value> NewTime(CallContext&, const Arguments& arguments) {
  ArgumentReader reader("time", arguments);
  STIR_ASSIGN(const int64_t micros, ReadTimeOfDay(reader));
  STIR_TRY(reader.Finish());
  return Value::New<TimeObject>(micros);
}

Result<Value> NewTimedelta(CallContext&, const Arguments& arguments) {
  static constexpr std::pair<std::string_view, int64_t> kUnits[] = {
      {"days", kMicrosPerDay}, {"seconds", kMicrosPerSecond},      {"microseconds", 1},         {"milliseconds", 1000},
      {"minutes", 60000000},   {"hours", 3600 * kMicrosPerSecond}, {"weeks", 7 * kMicrosPerDay}};
  ArgumentReader reader("timedelta", arguments);
  int64_t micros = 0;
  for (const auto& [name, unit] : kUnits) {
    const Value value = reader.Optional(name, Value::Int(0));
    int64_t product = 0;
    if (value.type() == jinja::Type::kInt) {
      if (__builtin_mul_overflow(value.AsInt(), unit, &product)) return ValueError("days out of range for timedelta");
    } else if (value.type() == jinja::Type::kFloat) {
      const double real = value.AsFloat() * static_cast<double>(unit);
      if (!(std::fabs(real) < 9e18)) return ValueError("days out of range for timedelta");
      product = static_cast<int64_t>(std::nearbyint(real));
    } else {
      return TypeError(fmt::format("unsupported type for timedelta {} component: {}", name, value.TypeName()));
    }
    if (__builtin_add_overflow(micros, product, &micros)) return ValueError("days out of range for timedelta");
  }
  STIR_TRY(reader.Finish());
  return Value::New<TimedeltaObject>(micros);
}

Value TimezoneClass() {
  const jinja::Function construct = [](CallContext&, const Arguments& arguments) -> Result<Value> {
    ArgumentReader reader("timezone", arguments);
    STIR_ASSIGN(Value offset, reader.Required("offset"));
    const auto* delta = offset.As<TimedeltaObject>();
    if (delta == nullptr) return TypeError("timezone() argument 1 must be datetime.timedelta");
    Zone zone;
    zone.offset = std::chrono::seconds(delta->micros() / kMicrosPerSecond);
    zone.name = zone.abbreviation = zone.offset.count() == 0 ? "UTC" : "UTC" + OffsetText(zone.offset, true);
    zone.standard = true;
    return Value::New<ZoneObject>(std::move(zone));
  };
  Zone utc;
  utc.standard = true;
  return Value::New<ClassObject>(
      "datetime.timezone", construct,
      std::vector<std::pair<std::string, Value>>{{"utc", Value::New<ZoneObject>(std::move(utc))}});
}

Result<Value> PytzTimezone(CallContext&, const Arguments& arguments) {
  ArgumentReader reader("timezone", arguments);
  STIR_ASSIGN(const std::string name, RequiredText(reader, "zone"));
  STIR_TRY(reader.Finish());
  std::optional<Zone> zone = FindZone(name);
  if (!zone) return ValueError(fmt::format("unknown time zone '{}'", name));
  return Value::New<ZoneObject>(std::move(*zone));
}

}  // namespace

Value DatetimeModule(const Clock& clock) {
  const jinja::Function no_tzinfo = [](CallContext&, const Arguments&) -> Result<Value> {
    return TypeError("tzinfo is an abstract class");
  };
  const std::vector<std::pair<std::string, Value>> none;
  return MakeModule("datetime", {{"datetime", DatetimeClass(clock)},
                                 {"date", DateClass(clock)},
                                 {"time", Value::New<ClassObject>("datetime.time", NewTime, none)},
                                 {"timedelta", Value::New<ClassObject>("datetime.timedelta", NewTimedelta, none)},
                                 {"timezone", TimezoneClass()},
                                 {"tzinfo", Value::New<ClassObject>("datetime.tzinfo", no_tzinfo, none)}});
}

Value PytzModule() {
  const Value utc = Value::New<ZoneObject>(Zone{});
  Value fixed = MakeFunction("FixedOffset", [](CallContext&, const Arguments& arguments) -> Result<Value> {
    ArgumentReader reader("FixedOffset", arguments);
    STIR_ASSIGN(const int64_t minutes, RequiredInt(reader, "offset"));
    Zone zone;
    zone.offset = std::chrono::minutes(minutes);
    zone.name = zone.abbreviation = fmt::format("pytz.FixedOffset({})", minutes);
    return Value::New<ZoneObject>(std::move(zone));
  });
  return MakeModule(
      "pytz",
      {{"utc", utc}, {"UTC", utc}, {"timezone", MakeFunction("timezone", PytzTimezone)}, {"FixedOffset", fixed}});
}

}  // namespace stir::pylib
