// Cron expressions as bit sets. What is wrong is said field by field.
#include <fmt/format.h>

#include <array>
#include <charconv>

#include "base/strings.h"
#include "scheduler/calendar.h"
#include "scheduler/kinds.h"

namespace stir::scheduler {
namespace {

struct Field {
  std::string_view name;
  unsigned low, high;
  std::span<const std::string_view> names = {};  // of low, low + 1, ...
};

constexpr std::array<std::string_view, 12> kMonths = {"jan", "feb", "mar", "apr", "may", "jun",
                                                      "jul", "aug", "sep", "oct", "nov", "dec"};
constexpr std::array<std::string_view, 7> kWeekdays = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
constexpr std::array<Field, 6> kFields = {{{"second", 0, 59},
                                           {"minute", 0, 59},
                                           {"hour", 0, 23},
                                           {"day of month", 1, 31},
                                           {"month", 1, 12, kMonths},
                                           {"day of week", 0, 7, kWeekdays}}};

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

Diagnostic Bad(const Field& field, std::string_view text, std::string_view what) {
  return Diagnostic(kBadCron, fmt::format("cron: `{}` is no {}: {}", text, field.name, what))
      .Hint(fmt::format("a {} is {} to {}, `*`, a list `1,2`, a range `1-5` or a step `*/5`", field.name, field.low,
                        field.high));
}

std::optional<unsigned> Number(std::string_view text) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.empty()) return std::nullopt;
  return value;
}

Result<unsigned> ParseValue(const Field& field, std::string_view text) {
  const std::string lower = ToLower(text);
  for (size_t i = 0; i < field.names.size(); ++i)
    if (field.names[i] == lower) return field.low + static_cast<unsigned>(i);
  const auto value = Number(text);
  if (!value) return Bad(field, text, "it is no number");
  if (*value < field.low || *value > field.high)
    return Bad(field, text, fmt::format("it is not between {} and {}", field.low, field.high));
  return *value;
}

// One element of a list: `*`, `a`, `a-b`, each with an optional `/step`.
Result<uint64_t> ParsePart(const Field& field, std::string_view part) {
  unsigned step = 1;
  std::string_view range = part;
  const size_t slash = part.find('/');
  if (slash != std::string_view::npos) {
    range = part.substr(0, slash);
    const auto value = Number(part.substr(slash + 1));
    if (!value || *value == 0) return Bad(field, part, "the step after `/` must be a number above 0");
    step = *value;
  }
  unsigned from = field.low, to = field.high;
  if (range != "*" && range != "?") {
    const size_t dash = range.find('-');
    STIR_ASSIGN(from, ParseValue(field, range.substr(0, dash)));
    to = slash == std::string_view::npos ? from : field.high;
    if (dash != std::string_view::npos) {
      STIR_ASSIGN(to, ParseValue(field, range.substr(dash + 1)));
    }
    if (to < from) return Bad(field, part, "its end is before its beginning");
  }
  uint64_t set = 0;
  for (unsigned value = from; value <= to; value += step) set |= uint64_t{1} << value;
  return set;
}

Result<uint64_t> ParseField(const Field& field, std::string_view text) {
  uint64_t set = 0;
  for (std::string_view part : Split(text, ',')) {
    STIR_ASSIGN(const uint64_t values, ParsePart(field, part));
    set |= values;
  }
  return set;
}

std::vector<std::string_view> Words(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::string_view word : Split(text, ' '))
    if (!Strip(word).empty()) words.push_back(Strip(word));
  return words;
}

bool Any(std::string_view field) { return field == "*" || field == "?"; }

}  // namespace

Result<Cron> Cron::Parse(std::string_view text) {
  for (const Preset& preset : kPresets)
    if (Strip(text) == preset.name) text = preset.fields;
  std::vector<std::string_view> words = Words(text);
  if (words.size() == 5) words.insert(words.begin(), "0");
  if (words.size() != 6)
    return Diagnostic(kBadCron, fmt::format("`{}` is no cron expression: it has {} fields", text, words.size()))
        .Hint(
            "five fields: minute, hour, day of month, month, day of week (six: seconds first), or `@hourly`, `@daily`, "
            "...");
  Cron cron;
  std::array<uint64_t, 6> sets{};
  Diagnostics errors;
  for (size_t i = 0; i < 6; ++i) {
    auto set = ParseField(kFields[i], words[i]);
    if (set.ok())
      sets[i] = *set;
    else
      Append(errors, std::move(set).error());
  }
  if (!errors.empty()) return errors;
  cron.seconds_ = sets[0], cron.minutes_ = sets[1], cron.hours_ = sets[2], cron.days_ = sets[3], cron.months_ = sets[4];
  cron.weekdays_ = (sets[5] | sets[5] >> 7) & 0x7f;
  cron.every_hour_ = Any(words[2]);
  cron.any_day_ = words[3].starts_with('*') || Any(words[3]);
  cron.any_weekday_ = words[5].starts_with('*') || Any(words[5]);
  return cron;
}

}  // namespace stir::scheduler
