// date, time, datetime, timedelta and tzinfo: attributes, arithmetic, comparison and Python's printed forms.
#include "pylib/temporal.h"

#include <cmath>

#include <fmt/format.h>

#include "pylib/modules.h"

namespace stir::pylib {
namespace {

using jinja::ArgumentReader;
using jinja::Arguments;
using jinja::BinaryOp;
using jinja::CallContext;
using jinja::Value;
using Attribute = Result<std::optional<Value>>;

Attribute Present(Value value) { return std::optional<Value>(std::move(value)); }
Attribute HaveInt(int64_t value) { return Present(Value::Int(value)); }
Attribute Absent() { return std::optional<Value>(); }

// A method without arguments.
Attribute Getter(std::string name, Value result) {
  return Present(jinja::MakeFunction(std::move(name),
                                     [result](CallContext&, const Arguments&) -> Result<Value> { return result; }));
}

int64_t FloorQuotient(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }
int64_t DayNumber(WallTime wall) { return FloorQuotient(wall, kMicrosPerDay); }
int64_t TimeOfDay(WallTime wall) { return wall - DayNumber(wall) * kMicrosPerDay; }
int64_t Weekday(int64_t days) { return ((days + 3) % 7 + 7) % 7; }

std::string DateText(int64_t days) {
  const DateFields fields = FieldsOfDays(days);
  return fmt::format("{:04}-{:02}-{:02}", fields.year, fields.month, fields.day);
}

template <typename T>
std::optional<Value> Ordered(BinaryOp op, T left, T right) {
  switch (op) {
    case BinaryOp::kLess:
      return Value::Bool(left < right);
    case BinaryOp::kLessEqual:
      return Value::Bool(left <= right);
    case BinaryOp::kGreater:
      return Value::Bool(left > right);
    case BinaryOp::kGreaterEqual:
      return Value::Bool(left >= right);
    default:
      return std::nullopt;
  }
}

Attribute DateAttribute(int64_t days, std::string_view name) {
  const DateFields fields = FieldsOfDays(days);
  if (name == "year") return HaveInt(fields.year);
  if (name == "month") return HaveInt(fields.month);
  if (name == "day") return HaveInt(fields.day);
  if (name == "weekday") return Getter("weekday", Value::Int(Weekday(days)));
  if (name == "isoweekday") return Getter("isoweekday", Value::Int(Weekday(days) + 1));
  if (name == "toordinal") return Getter("toordinal", Value::Int(days + 719163));
  if (name == "isocalendar") {
    const Moment moment{days * kMicrosPerDay, nullptr};
    return Getter("isocalendar",
                  Value::Tuple({Value::Int(std::stoll(FormatTime("%G", moment))),
                                Value::Int(std::stoll(FormatTime("%V", moment))), Value::Int(Weekday(days) + 1)}));
  }
  return Absent();
}

Attribute TimeAttribute(int64_t micros, std::string_view name) {
  const int64_t second = micros / kMicrosPerSecond;
  if (name == "hour") return HaveInt(second / 3600);
  if (name == "minute") return HaveInt(second / 60 % 60);
  if (name == "second") return HaveInt(second % 60);
  if (name == "microsecond") return HaveInt(micros % kMicrosPerSecond);
  return Absent();
}

Value Formatter(WallTime wall, std::optional<Zone> zone) {
  return jinja::MakeFunction("strftime", [wall, zone](CallContext&, const Arguments& arguments) -> Result<Value> {
    ArgumentReader reader("strftime", arguments);
    STIR_ASSIGN(Value format, reader.Required("format"));
    if (!format.IsString())
      return TypeError(fmt::format("strftime() argument 1 must be str, not {}", format.TypeName()));
    return Value::String(FormatTime(format.AsString(), {wall, zone ? &*zone : nullptr}));
  });
}

// isoformat(timespec=...): the clock cut at a unit.
Result<Value> IsoWith(const DatetimeObject& moment, char separator, std::string_view timespec) {
  if (timespec == "auto") return Value::String(moment.IsoText(separator));
  const std::string_view clock = timespec == "hours"     ? "%H"
                                 : timespec == "minutes" ? "%H:%M"
                                 : timespec == "seconds" ? "%H:%M:%S"
                                                         : "%H:%M:%S.%f";
  const bool finer = timespec == "milliseconds" || timespec == "microseconds";
  if (clock.ends_with("%f") && !finer) return ValueError("Unknown timespec value");
  std::string text = DateText(DayNumber(moment.wall())) + separator + FormatTime(clock, {moment.wall(), nullptr});
  if (timespec == "milliseconds") text.resize(text.size() - 3);
  return Value::String(text + (moment.zone() ? OffsetText(moment.zone()->offset, true) : ""));
}

// Python's OverflowError outside the years 1 to 9999.
Attribute CheckedDate(int64_t days) {
  if (days < *DaysOf(1, 1, 1) || days > *DaysOf(9999, 12, 31)) return ValueError("date value out of range");
  return Present(Value::New<DateObject>(days));
}

Attribute CheckedMoment(WallTime wall, std::optional<Zone> zone) {
  if (DayNumber(wall) < *DaysOf(1, 1, 1) || DayNumber(wall) > *DaysOf(9999, 12, 31))
    return ValueError("date value out of range");
  return Present(Value::New<DatetimeObject>(wall, std::move(zone)));
}

// A timedelta from a product or quotient; ties go to the even microsecond.
Attribute ScaledDelta(double micros) {
  if (!(std::fabs(micros) < 8.64e19 / 10)) return ValueError("days out of range for timedelta");
  return Present(Value::New<TimedeltaObject>(static_cast<int64_t>(std::nearbyint(micros))));
}

// The replace() of dates and datetimes: any field by name.
Result<WallTime> Replaced(ArgumentReader& reader, WallTime wall, bool with_time) {
  const DateFields date = FieldsOfDays(DayNumber(wall));
  const int64_t time = TimeOfDay(wall), second = time / kMicrosPerSecond;
  const auto field = [&](std::string_view name, int64_t old) {
    const Value value = reader.Optional(name, Value::Int(old));
    return value.type() == jinja::Type::kInt ? value.AsInt() : old;
  };
  const int64_t year = field("year", date.year), month = field("month", date.month), day = field("day", date.day);
  const std::optional<int64_t> days = DaysOf(year, month, day);
  if (!days) return ValueError("day is out of range for month");
  if (!with_time) return *days * kMicrosPerDay;
  const int64_t hour = field("hour", second / 3600), minute = field("minute", second / 60 % 60),
                sec = field("second", second % 60);
  const int64_t micro = field("microsecond", time % kMicrosPerSecond);
  if (hour < 0 || hour > 23) return ValueError("hour must be in 0..23");
  if (minute < 0 || minute > 59) return ValueError("minute must be in 0..59");
  if (sec < 0 || sec > 59) return ValueError("second must be in 0..59");
  return *days * kMicrosPerDay + ((hour * 60 + minute) * 60 + sec) * kMicrosPerSecond + micro;
}

std::string DatetimeReprFields(WallTime wall) {
  const DateFields date = FieldsOfDays(DayNumber(wall));
  const int64_t time = TimeOfDay(wall), second = time / kMicrosPerSecond, micros = time % kMicrosPerSecond;
  std::string text =
      fmt::format("{}, {}, {}, {}, {}", date.year, date.month, date.day, second / 3600, second / 60 % 60);
  if (second % 60 != 0 || micros != 0) text += fmt::format(", {}", second % 60);
  if (micros != 0) text += fmt::format(", {}", micros);
  return text;
}

Diagnostic NaiveAndAware(std::string_view what) {
  return TypeError(fmt::format("can't {} offset-naive and offset-aware datetimes", what));
}

}  // namespace

DateFields FieldsOfDays(int64_t days) {
  const std::chrono::year_month_day date{std::chrono::sys_days(std::chrono::days(days))};
  return {int(date.year()), unsigned(date.month()), unsigned(date.day())};
}

std::optional<int64_t> DaysOf(int64_t year, int64_t month, int64_t day) {
  if (year < 1 || year > 9999 || month < 1 || month > 12 || day < 1 || day > 31) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(year)),
                                         std::chrono::month(static_cast<unsigned>(month)),
                                         std::chrono::day(static_cast<unsigned>(day))};
  if (!date.ok()) return std::nullopt;
  return std::chrono::sys_days(date).time_since_epoch().count();
}

// --- date

Attribute DateObject::GetAttribute(CallContext&, std::string_view name) {
  if (name == "isoformat") return Getter("isoformat", Value::String(DateText(days_)));
  if (name == "strftime") return Present(Formatter(days_ * kMicrosPerDay, std::nullopt));
  if (name == "replace") {
    return Present(
        jinja::MakeFunction("replace", [days = days_](CallContext&, const Arguments& arguments) -> Result<Value> {
          ArgumentReader reader("replace", arguments);
          STIR_ASSIGN(const WallTime wall, Replaced(reader, days * kMicrosPerDay, false));
          STIR_TRY(reader.Finish());
          return Value::New<DateObject>(DayNumber(wall));
        }));
  }
  return DateAttribute(days_, name);
}

Result<std::string> DateObject::Str() const { return DateText(days_); }

Result<std::string> DateObject::Repr() const {
  const DateFields fields = FieldsOfDays(days_);
  return fmt::format("datetime.date({}, {}, {})", fields.year, fields.month, fields.day);
}

bool DateObject::Equals(const Value& other) const {
  const auto* date = other.As<DateObject>();
  return date != nullptr && date->days_ == days_;
}

Attribute DateObject::Binary(BinaryOp op, const Value& other, bool reflected) const {
  if (const auto* delta = other.As<TimedeltaObject>()) {
    const int64_t days = FloorQuotient(delta->micros(), kMicrosPerDay);
    if (op == BinaryOp::kAdd) return CheckedDate(days_ + days);
    if (op == BinaryOp::kSubtract && !reflected) return CheckedDate(days_ - days);
  }
  const auto* date = other.As<DateObject>();
  if (date == nullptr) return Absent();
  const int64_t left = reflected ? date->days_ : days_, right = reflected ? days_ : date->days_;
  if (op == BinaryOp::kSubtract) return Present(Value::New<TimedeltaObject>((left - right) * kMicrosPerDay));
  return Ordered(op, left, right);
}

// --- time

Attribute TimeObject::GetAttribute(CallContext&, std::string_view name) {
  if (name == "isoformat") return Getter("isoformat", Value::String(ClockText(micros_)));
  if (name == "strftime") return Present(Formatter(*DaysOf(1900, 1, 1) * kMicrosPerDay + micros_, std::nullopt));
  if (name == "tzinfo") return Present(Value::None());
  return TimeAttribute(micros_, name);
}

Result<std::string> TimeObject::Str() const { return ClockText(micros_); }

Result<std::string> TimeObject::Repr() const {
  const int64_t second = micros_ / kMicrosPerSecond;
  std::string text = fmt::format("datetime.time({}, {}", second / 3600, second / 60 % 60);
  if (micros_ % (60 * kMicrosPerSecond) != 0) text += fmt::format(", {}", second % 60);
  if (micros_ % kMicrosPerSecond != 0) text += fmt::format(", {}", micros_ % kMicrosPerSecond);
  return text + ")";
}

bool TimeObject::Equals(const Value& other) const {
  const auto* time = other.As<TimeObject>();
  return time != nullptr && time->micros_ == micros_;
}

Attribute TimeObject::Binary(BinaryOp op, const Value& other, bool reflected) const {
  const auto* time = other.As<TimeObject>();
  if (time == nullptr) return Absent();
  return reflected ? Ordered(op, time->micros_, micros_) : Ordered(op, micros_, time->micros_);
}

// --- datetime

std::string DatetimeObject::IsoText(char separator) const {
  return DateText(DayNumber(wall_)) + separator + ClockText(TimeOfDay(wall_)) +
         (zone_ ? OffsetText(zone_->offset, true) : "");
}

Attribute DatetimeObject::GetAttribute(CallContext&, std::string_view name) {
  const auto self = [wall = wall_, zone = zone_] { return DatetimeObject(wall, zone); };
  if (name == "date") return Getter("date", Value::New<DateObject>(DayNumber(wall_)));
  if (name == "time") return Getter("time", Value::New<TimeObject>(TimeOfDay(wall_)));
  if (name == "tzinfo") return Present(zone_ ? Value::New<ZoneObject>(*zone_) : Value::None());
  if (name == "timestamp") return Getter("timestamp", Value::Float(static_cast<double>(Instant()) / 1e6));
  if (name == "utcoffset")
    return Getter("utcoffset",
                  zone_ ? Value::New<TimedeltaObject>(zone_->offset.count() * kMicrosPerSecond) : Value::None());
  if (name == "tzname") return Getter("tzname", zone_ ? Value::String(zone_->abbreviation) : Value::None());
  if (name == "dst") {
    return Getter("dst", zone_ ? Value::New<TimedeltaObject>(zone_->dst ? 3600 * kMicrosPerSecond : 0) : Value::None());
  }
  if (name == "strftime") return Present(Formatter(wall_, zone_));
  if (name == "isoformat") {
    return Present(jinja::MakeFunction("isoformat", [self](CallContext&, const Arguments& arguments) -> Result<Value> {
      ArgumentReader reader("isoformat", arguments);
      const Value separator = reader.Optional("sep", Value::String("T"));
      const Value timespec = reader.Optional("timespec", Value::String("auto"));
      STIR_TRY(reader.Finish());
      const char between = separator.IsString() && !separator.AsString().empty() ? separator.AsString().front() : 'T';
      return IsoWith(self(), between, timespec.IsString() ? timespec.AsString() : "");
    }));
  }
  if (name == "replace") {
    return Present(jinja::MakeFunction("replace", [self](CallContext&, const Arguments& arguments) -> Result<Value> {
      ArgumentReader reader("replace", arguments);
      STIR_ASSIGN(const WallTime wall, Replaced(reader, self().wall(), true));
      std::optional<Zone> zone = self().zone();
      if (reader.Has("tzinfo")) {
        const Value given = reader.Optional("tzinfo");
        const auto* object = given.As<ZoneObject>();
        zone = object != nullptr ? std::optional<Zone>(object->zone()) : std::nullopt;
      }
      STIR_TRY(reader.Finish());
      return Value::New<DatetimeObject>(wall, std::move(zone));
    }));
  }
  if (name == "astimezone") {
    return Present(jinja::MakeFunction("astimezone", [self](CallContext&, const Arguments& arguments) -> Result<Value> {
      ArgumentReader reader("astimezone", arguments);
      const Value given = reader.Optional("tz");
      const auto* object = given.As<ZoneObject>();
      const Zone zone = ZoneAt(object != nullptr ? object->zone() : Zone{}, self().Instant());
      return Value::New<DatetimeObject>(self().Instant() + zone.offset.count() * kMicrosPerSecond, zone);
    }));
  }
  STIR_ASSIGN(std::optional<Value> of_time, TimeAttribute(TimeOfDay(wall_), name));
  if (of_time) return of_time;
  return DateAttribute(DayNumber(wall_), name);
}

Result<std::string> DatetimeObject::Repr() const {
  if (!zone_) return fmt::format("datetime.datetime({})", DatetimeReprFields(wall_));
  STIR_ASSIGN(const std::string zone, ZoneObject(*zone_).Repr());
  return fmt::format("datetime.datetime({}, tzinfo={})", DatetimeReprFields(wall_), zone);
}

bool DatetimeObject::Equals(const Value& other) const {
  const auto* datetime = other.As<DatetimeObject>();
  return datetime != nullptr && datetime->zone_.has_value() == zone_.has_value() && datetime->Instant() == Instant();
}

Attribute DatetimeObject::Binary(BinaryOp op, const Value& other, bool reflected) const {
  if (const auto* delta = other.As<TimedeltaObject>()) {
    if (op == BinaryOp::kAdd) return CheckedMoment(wall_ + delta->micros(), zone_);
    if (op == BinaryOp::kSubtract && !reflected) return CheckedMoment(wall_ - delta->micros(), zone_);
  }
  if (other.As<DateObject>() != nullptr && op >= BinaryOp::kLess) {
    return TypeError("can't compare datetime.datetime to datetime.date");
  }
  const auto* datetime = other.As<DatetimeObject>();
  if (datetime == nullptr) return Absent();
  if (datetime->zone_.has_value() != zone_.has_value())
    return NaiveAndAware(op == BinaryOp::kSubtract ? "subtract" : "compare");
  const int64_t left = reflected ? datetime->Instant() : Instant(), right = reflected ? Instant() : datetime->Instant();
  if (op == BinaryOp::kSubtract) return Present(Value::New<TimedeltaObject>(left - right));
  return Ordered(op, left, right);
}

// --- timedelta

Attribute TimedeltaObject::GetAttribute(CallContext&, std::string_view name) {
  const int64_t days = FloorQuotient(micros_, kMicrosPerDay), rest = micros_ - days * kMicrosPerDay;
  if (name == "days") return HaveInt(days);
  if (name == "seconds") return HaveInt(rest / kMicrosPerSecond);
  if (name == "microseconds") return HaveInt(rest % kMicrosPerSecond);
  if (name == "total_seconds") return Getter("total_seconds", Value::Float(static_cast<double>(micros_) / 1e6));
  if (name == "__abs__") return Getter("__abs__", Value::New<TimedeltaObject>(std::abs(micros_)));
  return Absent();
}

Result<std::string> TimedeltaObject::Str() const {
  const int64_t days = FloorQuotient(micros_, kMicrosPerDay), rest = micros_ - days * kMicrosPerDay;
  const int64_t second = rest / kMicrosPerSecond;
  std::string text;
  if (days != 0) text = fmt::format("{} day{}, ", days, days == 1 || days == -1 ? "" : "s");
  text += fmt::format("{}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60);
  if (rest % kMicrosPerSecond != 0) text += fmt::format(".{:06}", rest % kMicrosPerSecond);
  return text;
}

Result<std::string> TimedeltaObject::Repr() const {
  const int64_t days = FloorQuotient(micros_, kMicrosPerDay), rest = micros_ - days * kMicrosPerDay;
  std::string text;
  const auto part = [&text](std::string_view name, int64_t value) {
    if (value != 0) text += fmt::format("{}{}={}", text.empty() ? "" : ", ", name, value);
  };
  part("days", days), part("seconds", rest / kMicrosPerSecond), part("microseconds", rest % kMicrosPerSecond);
  return fmt::format("datetime.timedelta({})", text.empty() ? "0" : text);
}

bool TimedeltaObject::Equals(const Value& other) const {
  const auto* delta = other.As<TimedeltaObject>();
  return delta != nullptr && delta->micros_ == micros_;
}

Attribute TimedeltaObject::Binary(BinaryOp op, const Value& other, bool reflected) const {
  if (const auto* delta = other.As<TimedeltaObject>()) {
    const int64_t left = reflected ? delta->micros_ : micros_, right = reflected ? micros_ : delta->micros_;
    if (op == BinaryOp::kAdd) return Present(Value::New<TimedeltaObject>(left + right));
    if (op == BinaryOp::kSubtract) return Present(Value::New<TimedeltaObject>(left - right));
    const bool divides = op == BinaryOp::kDivide || op == BinaryOp::kFloorDivide || op == BinaryOp::kModulo;
    if (divides && right == 0) return ValueError("integer division or modulo by zero");
    if (op == BinaryOp::kDivide) return Present(Value::Float(static_cast<double>(left) / static_cast<double>(right)));
    if (op == BinaryOp::kFloorDivide) return HaveInt(FloorQuotient(left, right));
    if (op == BinaryOp::kModulo) return Present(Value::New<TimedeltaObject>(left - FloorQuotient(left, right) * right));
    return Ordered(op, left, right);
  }
  if (other.type() == jinja::Type::kInt || other.type() == jinja::Type::kFloat) {
    const double factor = other.type() == jinja::Type::kInt ? static_cast<double>(other.AsInt()) : other.AsFloat();
    int64_t exact = 0;
    if (op == BinaryOp::kMultiply && other.type() == jinja::Type::kInt &&
        !__builtin_mul_overflow(micros_, other.AsInt(), &exact)) {
      return Present(Value::New<TimedeltaObject>(exact));
    }
    if (op == BinaryOp::kMultiply) return ScaledDelta(static_cast<double>(micros_) * factor);
    if (reflected || (op != BinaryOp::kDivide && op != BinaryOp::kFloorDivide)) return Absent();
    if (factor == 0) return ValueError("division by zero");
    if (op == BinaryOp::kDivide) return ScaledDelta(static_cast<double>(micros_) / factor);
    if (op == BinaryOp::kFloorDivide && other.type() == jinja::Type::kInt)
      return Present(Value::New<TimedeltaObject>(FloorQuotient(micros_, other.AsInt())));
  }
  return Absent();
}

// --- tzinfo

Attribute ZoneObject::GetAttribute(CallContext&, std::string_view name) {
  if (name == "zone") return Present(Value::String(zone_.name));
  if (name == "localize") {
    return Present(
        jinja::MakeFunction("localize", [zone = zone_](CallContext&, const Arguments& arguments) -> Result<Value> {
          ArgumentReader reader("localize", arguments);
          STIR_ASSIGN(Value given, reader.Required("dt"));
          reader.Optional("is_dst");
          STIR_TRY(reader.Finish());
          const auto* datetime = given.As<DatetimeObject>();
          if (datetime == nullptr) return TypeError("localize() needs a datetime");
          if (datetime->zone()) return ValueError("Not naive datetime (tzinfo is already set)");
          return Value::New<DatetimeObject>(datetime->wall(), ZoneOfWall(zone, datetime->wall()));
        }));
  }
  if (name == "normalize") {
    return Present(
        jinja::MakeFunction("normalize", [zone = zone_](CallContext&, const Arguments& arguments) -> Result<Value> {
          ArgumentReader reader("normalize", arguments);
          STIR_ASSIGN(Value given, reader.Required("dt"));
          const auto* datetime = given.As<DatetimeObject>();
          if (datetime == nullptr || !datetime->zone()) return ValueError("Naive time - no tzinfo set");
          const Zone at = ZoneAt(zone, datetime->Instant());
          return Value::New<DatetimeObject>(datetime->Instant() + at.offset.count() * kMicrosPerSecond, at);
        }));
  }
  if (name == "utcoffset" || name == "tzname" || name == "dst") {
    return Present(jinja::MakeFunction(
        std::string(name),
        [zone = zone_, name = std::string(name)](CallContext&, const Arguments& arguments) -> Result<Value> {
          ArgumentReader reader(name, arguments);
          const Value given = reader.Optional("dt");
          const auto* datetime = given.As<DatetimeObject>();
          const Zone at = datetime != nullptr ? ZoneOfWall(zone, datetime->wall()) : zone;
          if (name == "tzname") return Value::String(at.abbreviation);
          return Value::New<TimedeltaObject>((name == "dst" ? (at.dst ? 3600 : 0) : at.offset.count()) *
                                             kMicrosPerSecond);
        }));
  }
  return Absent();
}

Result<std::string> ZoneObject::Repr() const {
  if (zone_.standard) {
    if (zone_.offset.count() == 0) return std::string("datetime.timezone.utc");
    STIR_ASSIGN(const std::string delta, TimedeltaObject(zone_.offset.count() * kMicrosPerSecond).Repr());
    return fmt::format("datetime.timezone({})", delta);
  }
  if (zone_.zone == nullptr) return zone_.name == "UTC" ? "<UTC>" : zone_.name;
  const std::string_view kind = zone_.dst ? "DST" : "STD";
  Result<std::string> offset = TimedeltaObject(zone_.offset.count() * kMicrosPerSecond).Str();
  return fmt::format("<DstTzInfo '{}' {}{}{} {}>", zone_.name, zone_.abbreviation, zone_.offset.count() < 0 ? "" : "+",
                     *offset, kind);
}

bool ZoneObject::Equals(const Value& other) const {
  const auto* zone = other.As<ZoneObject>();
  return zone != nullptr && zone->zone_ == zone_;
}

// --- values from the host

Value MakeDatetimeUtc(Timestamp time) { return Value::New<DatetimeObject>(time.time_since_epoch().count(), Zone{}); }
Value MakeDatetime(Timestamp naive_utc) {
  return Value::New<DatetimeObject>(naive_utc.time_since_epoch().count(), std::nullopt);
}
Value MakeDate(int year, int month, int day) { return Value::New<DateObject>(DaysOf(year, month, day).value_or(0)); }

}  // namespace stir::pylib
