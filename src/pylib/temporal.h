// Python's date, time, datetime, timedelta and tzinfo as template values. Proleptic Gregorian, years 1 to 9999.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "jinja/value.h"

namespace date {
class time_zone;
}

namespace stir::pylib {

// A time zone as pytz has it: a zone of the system's database at one of its offsets, UTC, or a fixed offset.
struct Zone {
  const date::time_zone* zone = nullptr;  // null: fixed
  std::string name = "UTC";
  std::string abbreviation = "UTC";
  std::chrono::seconds offset{0};
  bool dst = false;
  bool standard = false;  // of the module datetime itself, not of pytz
  bool operator==(const Zone& other) const {
    return zone == other.zone && name == other.name && offset == other.offset;
  }
};

// Microseconds since 1970-01-01T00:00 of the wall clock, in whatever zone.
using WallTime = int64_t;
inline constexpr int64_t kMicrosPerSecond = 1000000;
inline constexpr int64_t kMicrosPerDay = 86400 * kMicrosPerSecond;

struct DateFields {
  int year = 1970;
  unsigned month = 1, day = 1;
};
DateFields FieldsOfDays(int64_t days);
// nullopt outside the calendar.
std::optional<int64_t> DaysOf(int64_t year, int64_t month, int64_t day);

class DateObject : public jinja::Object {
 public:
  explicit DateObject(int64_t days) : days_(days) {}
  int64_t days() const { return days_; }
  std::string_view TypeName() const override { return "datetime.date"; }
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext& context, std::string_view name) override;
  Result<std::string> Str() const override;
  Result<std::string> Repr() const override;
  bool Equals(const jinja::Value& other) const override;
  size_t Hash() const override { return jinja::Value::Int(days_).Hash(); }
  Result<std::optional<jinja::Value>> Binary(jinja::BinaryOp op, const jinja::Value& other,
                                             bool reflected) const override;

 private:
  int64_t days_;
};

class TimeObject : public jinja::Object {
 public:
  explicit TimeObject(int64_t micros) : micros_(micros) {}
  int64_t micros() const { return micros_; }
  std::string_view TypeName() const override { return "datetime.time"; }
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext& context, std::string_view name) override;
  Result<std::string> Str() const override;
  Result<std::string> Repr() const override;
  bool Equals(const jinja::Value& other) const override;
  size_t Hash() const override { return jinja::Value::Int(micros_).Hash(); }
  Result<std::optional<jinja::Value>> Binary(jinja::BinaryOp op, const jinja::Value& other,
                                             bool reflected) const override;

 private:
  int64_t micros_;  // since midnight
};

class DatetimeObject : public jinja::Object {
 public:
  DatetimeObject(WallTime wall, std::optional<Zone> zone) : wall_(wall), zone_(std::move(zone)) {}
  WallTime wall() const { return wall_; }
  const std::optional<Zone>& zone() const { return zone_; }
  // Microseconds since the epoch in UTC; a naive one counts as UTC.
  int64_t Instant() const { return wall_ - (zone_ ? zone_->offset.count() * kMicrosPerSecond : 0); }
  std::string IsoText(char separator) const;
  std::string_view TypeName() const override { return "datetime.datetime"; }
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext& context, std::string_view name) override;
  Result<std::string> Str() const override { return IsoText(' '); }
  Result<std::string> Repr() const override;
  bool Equals(const jinja::Value& other) const override;
  size_t Hash() const override { return jinja::Value::Int(Instant()).Hash(); }
  Result<std::optional<jinja::Value>> Binary(jinja::BinaryOp op, const jinja::Value& other,
                                             bool reflected) const override;

 private:
  WallTime wall_;
  std::optional<Zone> zone_;
};

class TimedeltaObject : public jinja::Object {
 public:
  explicit TimedeltaObject(int64_t micros) : micros_(micros) {}
  int64_t micros() const { return micros_; }
  std::string_view TypeName() const override { return "datetime.timedelta"; }
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext& context, std::string_view name) override;
  bool Truthy() const override { return micros_ != 0; }
  Result<std::string> Str() const override;
  Result<std::string> Repr() const override;
  bool Equals(const jinja::Value& other) const override;
  size_t Hash() const override { return jinja::Value::Int(micros_).Hash(); }
  Result<std::optional<jinja::Value>> Binary(jinja::BinaryOp op, const jinja::Value& other,
                                             bool reflected) const override;

 private:
  int64_t micros_;
};

class ZoneObject : public jinja::Object {
 public:
  explicit ZoneObject(Zone zone) : zone_(std::move(zone)) {}
  const Zone& zone() const { return zone_; }
  std::string_view TypeName() const override { return "tzinfo"; }
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext& context, std::string_view name) override;
  Result<std::string> Str() const override { return zone_.name; }
  Result<std::string> Repr() const override;
  bool Equals(const jinja::Value& other) const override;
  size_t Hash() const override { return jinja::Value::String(zone_.name).Hash(); }

 private:
  Zone zone_;
};

// zone.cc
// A zone of the system's database at its first offset (as pytz gives it), or nullopt.
std::optional<Zone> FindZone(std::string_view name);
// The same zone with the offset that it has at an instant (microseconds since the epoch).
Zone ZoneAt(const Zone& zone, int64_t instant);
// The zone with the offset of a wall time; of an hour that comes twice the standard one, as pytz's localize.
Zone ZoneOfWall(const Zone& zone, WallTime wall);

// time_format.cc: strftime and strptime with Python's directives.
struct Moment {
  WallTime wall = 0;
  const Zone* zone = nullptr;
};
std::string FormatTime(std::string_view format, const Moment& moment);
// The wall time and, with %z, the offset; an error in Python's words.
struct Parsed {
  WallTime wall = 0;
  std::optional<Zone> zone;
};
Result<Parsed> ParseTime(std::string_view text, std::string_view format);
// ISO 8601 as date.fromisoformat and datetime.fromisoformat take it; nullopt when it is not that.
std::optional<Parsed> ParseIso(std::string_view text);

std::string ClockText(int64_t micros_of_day, bool always_seconds = true);  // "10:00:00" or "10:00:00.000123"
std::string OffsetText(std::chrono::seconds offset, bool colon);           // "+05:30"

jinja::Value DatetimeModule(const Clock& clock);
jinja::Value PytzModule();
jinja::Value RegexModule();
jinja::Value ItertoolsModule(const std::function<Status()>& on_call);

// An object with named members, printed as `<module 'x'>`.
jinja::Value MakeModule(std::string name, std::vector<std::pair<std::string, jinja::Value>> members);
Diagnostic ValueError(std::string message);
Diagnostic TypeError(std::string message);

}  // namespace stir::pylib
