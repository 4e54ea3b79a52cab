// Cron expressions as bit sets. What is wrong is said field by field.
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <span>

#include "base/strings.h"
#include "scheduler/cron.h"
#include "scheduler/kinds.h"

namespace stir::scheduler {
namespace {

enum FieldIndex : uint8_t { kSecond, kMinute, kHour, kDayField, kMonth, kWeekday };

struct Field {
  std::string_view name;
  unsigned low, high;
  unsigned open_end;  // where `*` and `5/10` end: a week ends on Saturday, though 7 is Sunday too
  std::span<const std::string_view> names = {};  // of low, low + 1, ...
};

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<Field, 6> kFields = {{{"second", 0, 59, 59},
                                           {"minute", 0, 59, 59},
                                           {"hour", 0, 23, 23},
                                           {"day of month", 1, 31, 31},
                                           {"month", 1, 12, 12, kMonths},
                                           {"day of week", 0, 7, 6, kWeekdays}}};

struct Preset {
  std::string_view name, fields;
};
constexpr std::array<Preset, 8> kPresets = {{{"@hourly", "0 * * * *"},
                                             {"@daily", "0 0 * * *"},
                                             {"@midnight", "0 0 * * *"},
                                             {"@weekly", "0 0 * * 0"},
                                             {"@monthly", "0 0 1 * *"},
                                             {"@quarterly", "0 0 1 */3 *"},
                                             {"@yearly", "0 0 1 1 *"},
                                             {"@annually", "0 0 1 1 *"}}};

Diagnostic Bad(FieldIndex index, std::string_view text, std::string_view what) {
  const Field& field = kFields[index];
  std::string hint = fmt::format("a {} is {} to {}, `*`, a list `1,2`, a range `1-5` or a step `*/5`", field.name,
                                 field.low, field.high);
  if (index == kDayField) hint += "; the last day is `L`, the weekday nearest to the 15th `15W`";
  if (index == kWeekday) hint += "; the third Friday is `fri#3`, the last one `5L`";
  return Diagnostic(kBadCron, fmt::format("cron: `{}` is no {}: {}", text, field.name, what)).Hint(std::move(hint));
}

std::optional<unsigned> Number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

Result<unsigned> ParseValue(FieldIndex index, std::string_view text) {
  const Field& field = kFields[index];
  for (size_t i = 0; i < field.names.size(); ++i)
    if (field.names[i] == text) return field.low + static_cast<unsigned>(i);
  const auto value = Number(text);
  if (!value) return Bad(index, text, "it is no number");
  if (*value < field.low || *value > field.high)
    return Bad(index, text, fmt::format("it is not between {} and {}", field.low, field.high));
  return *value;
}

// `*`, `a`, `a-b`, each with an optional `/step`.
Result<uint64_t> ParseRange(FieldIndex index, std::string_view part) {
  const Field& field = kFields[index];
  unsigned step = 1;
  std::string_view range = part;
  const size_t slash = part.find('/');
  if (slash != std::string_view::npos) {
    range = part.substr(0, slash);
    const auto value = Number(part.substr(slash + 1));
    if (!value || *value == 0) return Bad(index, part, "the step after `/` must be a number above 0");
    step = *value;
  }
  unsigned from = field.low, to = field.open_end;
  if (range != "*") {
    const size_t dash = range.find('-');
    STIR_ASSIGN(from, ParseValue(index, range.substr(0, dash)));
    to = slash == std::string_view::npos ? from : std::max(from, field.open_end);
    if (dash != std::string_view::npos) {
      STIR_ASSIGN(to, ParseValue(index, range.substr(dash + 1)));
    }
    if (to < from) return Bad(index, part, "its end is before its beginning");
  }
  uint64_t set = 0;
  for (unsigned value = from; value <= to; value += step) set |= uint64_t{1} << value;
  return set;
}

std::vector<std::string_view> Fields(std::string_view text) {
  std::vector<std::string_view> words;
  for (size_t at = 0; (at = text.find_first_not_of(" \t", at)) != std::string_view::npos;) {
    const size_t end = std::min(text.find_first_of(" \t", at), text.size());
    words.push_back(text.substr(at, end - at));
    at = end;
  }
  return words;
}

bool Any(std::string_view field) { return field == "*" || field == "?"; }

}  // namespace

class CronParser {
 public:
  Result<Cron> Parse(std::span<const std::string_view> fields) {
    std::array<uint64_t*, 6> sets = {&cron_.seconds_, &cron_.minutes_, &cron_.hours_,
                                     &cron_.days_,    &cron_.months_,  &cron_.weekdays_};
    cron_.seconds_ = 0;
    Diagnostics errors;
    for (size_t i = 0; i < fields.size(); ++i)
      for (std::string_view part : Split(fields[i], ','))
        if (auto set = ParsePart(static_cast<FieldIndex>(i), part, part.size() == fields[i].size()); set.ok())
          *sets[i] |= *set;
        else
          Append(errors, std::move(set).error());
    if (!errors.empty()) return errors;
    cron_.weekdays_ = (cron_.weekdays_ | cron_.weekdays_ >> 7) & 0x7f;
    cron_.every_hour_ = fields[kHour] == "*";
    cron_.any_day_ = Any(fields[kDayField]);
    cron_.any_weekday_ = Any(fields[kWeekday]);
    return cron_;
  }

 private:
  // One element of a list. What is no set of values stands in the parts of `cron_` for it.
  Result<uint64_t> ParsePart(FieldIndex index, std::string_view part, bool alone) {
    if (part == "?" && alone && (index == kDayField || index == kWeekday)) return ParseRange(index, "*");
    if (index == kDayField && part.find_first_of("lw") != std::string_view::npos) return ParseDay(part);
    if (index == kWeekday && (part.find('#') != std::string_view::npos || part.ends_with('l') || part.starts_with('l')))
      return ParseNth(part);
    return ParseRange(index, part);
  }

  // L, L-3, 15W, LW.
  Result<uint64_t> ParseDay(std::string_view part) {
    if (part == "lw") {
      cron_.nearest_ |= uint64_t{1} << Cron::kLastWeekday;
      return 0;
    }
    if (part.ends_with('w')) {
      STIR_ASSIGN(const unsigned day, ParseValue(kDayField, part.substr(0, part.size() - 1)));
      cron_.nearest_ |= uint64_t{1} << day;
      return 0;
    }
    unsigned before = 0;
    if (part != "l") {
      const auto number = part.starts_with("l-") ? Number(part.substr(2)) : std::nullopt;
      if (!number || *number > 30) return Bad(kDayField, part, "`L` stands alone, or as `L-3`");
      before = *number;
    }
    cron_.before_last_ |= uint64_t{1} << before;
    return 0;
  }

  // 5#3, fri#3; 5L, L5.
  Result<uint64_t> ParseNth(std::string_view part) {
    const size_t hash = part.find('#');
    unsigned nth = 0;
    std::string_view day = part.starts_with('l') ? part.substr(1) : part.substr(0, part.size() - 1);
    if (hash != std::string_view::npos) {
      day = part.substr(0, hash);
      const auto number = Number(part.substr(hash + 1));
      if (!number || *number < 1 || *number > 5) return Bad(kWeekday, part, "after `#` stands a number from 1 to 5");
      nth = *number;
    }
    STIR_ASSIGN(const unsigned weekday, ParseValue(kWeekday, day));
    cron_.nth_[weekday % 7] |= static_cast<uint8_t>(1U << nth);
    return 0;
  }

  Cron cron_;
};

Result<Cron> Cron::Parse(std::string_view text) {
  const std::string lower = ToLower(Strip(text));
  std::string_view expression = lower;
  for (const Preset& preset : kPresets)
    if (lower == preset.name) expression = preset.fields;
  std::vector<std::string_view> fields = Fields(expression);
  const size_t count = fields.size();
  if (count == 5) fields.insert(fields.begin(), "0");
  if (fields.size() != 6)
    return Diagnostic(kBadCron, fmt::format("`{}` is no cron expression: it has {} fields", text, count))
        .Hint(
            "five fields: minute, hour, day of month, month, day of week (six: seconds first), or `@hourly`, `@daily`, "
            "...");
  STIR_ASSIGN(Cron cron, CronParser().Parse(fields));
  if (cron.NamesNothing())
    return Diagnostic(kBadCron, fmt::format("cron: `{}` is never due: no year has such a day", text))
        .Hint("look at day of month and month together, as in `0 0 30 2 *`");
  return cron;
}

}  // namespace stir::scheduler
