// Types in the order in which they are tried: number, date, date and time, boolean, text. A type fits a column when it
// fits every cell that is not null; a column of nulls is a number.
#include "runtime/seed_table.h"

#include <algorithm>
#include <array>
#include <charconv>

#include <fmt/format.h>

#include "base/strings.h"
#include "jinja/template.h"
#include "pylib/agate.h"
#include "pylib/modules.h"
#include "runtime/kinds.h"
#include "runtime/object_tools.h"

namespace stir::runtime {

namespace {

using jinja::Value;

class CsvReader {
 public:
  CsvReader(std::string_view text, char delimiter) : text_(text), delimiter_(delimiter) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;
  }
  bool done() const { return at_ >= text_.size(); }
  size_t line() const { return line_; }

  std::vector<std::string> Row() {
    std::vector<std::string> cells;
    while (true) {
      cells.push_back(Cell());
      if (at_ < text_.size() && text_[at_] == delimiter_) {
        ++at_;
        continue;
      }
      EndLine();
      return cells;
    }
  }

 private:
  std::string Cell() {
    std::string cell;
    bool quoted = at_ < text_.size() && text_[at_] == '"';
    if (quoted) ++at_;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (quoted && c == '"') {
        ++at_;
        if (at_ < text_.size() && text_[at_] == '"') {
          cell += '"';
          ++at_;
        } else {
          quoted = false;
        }
        continue;
      }
      if (!quoted && (c == delimiter_ || c == '\n' || c == '\r')) break;
      if (c == '\n') ++line_;
      cell += c;
      ++at_;
    }
    return cell;
  }
  void EndLine() {
    if (at_ < text_.size() && text_[at_] == '\r') ++at_;
    if (at_ < text_.size() && text_[at_] == '\n') ++at_;
    ++line_;
  }

  std::string_view text_;
  char delimiter_;
  size_t at_ = 0, line_ = 1;
};

bool IsNull(std::string_view cell) { return Strip(cell).empty() || ToLower(Strip(cell)) == "null"; }

bool AllDigits(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

struct Number {
  bool fractional = false;
  bool wide = false;
  std::string digits;  // in Decimal's form
};

// Python's Decimal grammar without NaN payloads: digits, a point, an exponent.
std::optional<Number> PlainNumber(std::string_view text, bool negative) {
  if (text.starts_with('+') || text.starts_with('-')) {
    negative ^= text[0] == '-';
    text.remove_prefix(1);
  }
  const std::string lower = ToLower(text);
  if (lower == "nan" || lower == "inf" || lower == "infinity") return Number{true, true, (negative ? "-" : "") + lower};
  const size_t e = lower.find('e');
  std::string_view mantissa = std::string_view(lower).substr(0, e);
  int64_t exponent = 0;
  if (e != std::string::npos) {
    std::string_view digits = std::string_view(lower).substr(e + 1);
    if (digits.starts_with('+')) digits.remove_prefix(1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  }
  const size_t point = mantissa.find('.');
  const std::string_view whole = mantissa.substr(0, point);
  std::string_view decimals = point == std::string_view::npos ? std::string_view() : mantissa.substr(point + 1);
  if (whole.empty() && decimals.empty()) return std::nullopt;
  if ((!whole.empty() && !AllDigits(whole)) || (!decimals.empty() && !AllDigits(decimals))) return std::nullopt;
  while (decimals.ends_with('0')) decimals.remove_suffix(1);
  Number number;
  number.fractional = static_cast<int64_t>(decimals.size()) > exponent;
  const std::string_view significant = whole.substr(std::min(whole.find_first_not_of('0'), whole.size()));
  const int64_t length = static_cast<int64_t>(significant.size()) + exponent;
  number.wide =
      length > 10 || (length == 10 && (exponent != 0 || significant > (negative ? "2147483648" : "2147483647")));
  number.digits = (negative ? "-" : "") + lower;
  return number;
}

// agate's numbers: with thousands separators, currency signs and percent signs left out.
std::optional<Number> ReadNumber(std::string_view cell) {
  static constexpr std::array<std::string_view, 7> kIgnored{"%", ",", "_", "$", "£", "€", "¥"};
  std::string text(Strip(cell));
  for (const std::string_view sign : kIgnored)
    if (text.find(sign) != std::string::npos) text = ReplaceAll(text, sign, "");
  const bool negative = text.starts_with('-');
  return PlainNumber(Strip(negative ? std::string_view(text).substr(1) : std::string_view(text)), negative);
}

std::optional<int> Part(std::string_view text, size_t begin, size_t length) {
  if (begin + length > text.size() || !AllDigits(text.substr(begin, length))) return std::nullopt;
  int value = 0;
  std::from_chars(text.data() + begin, text.data() + begin + length, value);
  return value;
}

std::optional<std::chrono::year_month_day> ValidDate(std::optional<int> year, std::optional<int> month,
                                                     std::optional<int> day) {
  if (!year || !month || !day || *year < 1) return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(*year), std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  return date.ok() ? std::optional(date) : std::nullopt;
}

// "2024-1-31": the month and the day may have one digit.
std::optional<std::chrono::year_month_day> ReadDate(std::string_view cell) {
  const auto parts = Split(Strip(cell), '-');
  if (parts.size() != 3 || parts[0].size() != 4 || parts[1].size() > 2 || parts[2].size() > 2) return std::nullopt;
  return ValidDate(Part(parts[0], 0, 4), Part(parts[1], 0, parts[1].size()), Part(parts[2], 0, parts[2].size()));
}

struct Moment {
  Timestamp time{};
  bool iso = false;  // with a T: the two forms do not share a column
  bool zoned = false;
};

// "10", "10:00", "1000", "10:00:00.5" after a date.
std::optional<Duration> ReadTimeOfDay(std::string_view text) {
  const size_t dot = text.find('.');
  std::string_view clock = text.substr(0, dot);
  std::string digits = ReplaceAll(clock, ":", "");
  const bool colons = digits.size() != clock.size();
  if (digits.empty() || digits.size() > 6 || digits.size() % 2 || !AllDigits(digits)) return std::nullopt;
  if (colons && clock.size() != digits.size() + digits.size() / 2 - 1) return std::nullopt;
  digits.append(6 - digits.size(), '0');
  const int hour = *Part(digits, 0, 2), minute = *Part(digits, 2, 2), second = *Part(digits, 4, 2);
  if (hour > 23 || minute > 59 || second > 59) return std::nullopt;
  Duration micros{0};
  if (dot != std::string_view::npos) {
    std::string fraction(text.substr(dot + 1, 6));
    if (!AllDigits(fraction) || !AllDigits(text.substr(dot + 1))) return std::nullopt;
    fraction.append(6 - fraction.size(), '0');
    micros = Duration(*Part(fraction, 0, 6));
  }
  return std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second) + micros;
}

std::optional<Duration> ReadZone(std::string_view& text) {
  if (text.ends_with('Z')) {
    text.remove_suffix(1);
    return Duration{0};
  }
  const size_t sign = text.find_last_of("+-");
  if (sign == std::string_view::npos) return std::nullopt;
  const std::string digits = ReplaceAll(text.substr(sign + 1), ":", "");
  if (!AllDigits(digits) || (digits.size() != 2 && digits.size() != 4)) return std::nullopt;
  const Duration shift =
      std::chrono::hours(*Part(digits, 0, 2)) + std::chrono::minutes(digits.size() == 4 ? *Part(digits, 2, 2) : 0);
  const bool east = text[sign] == '+';
  text = text.substr(0, sign);
  return east ? shift : -shift;
}

std::optional<Moment> ReadMoment(std::string_view cell) {
  const std::string_view text = Strip(cell);
  const size_t separator = text.find_first_of("T ");
  if (separator == std::string_view::npos) return std::nullopt;
  Moment moment;
  moment.iso = text[separator] == 'T';
  const std::string_view day = text.substr(0, separator);
  const auto date = moment.iso && day.size() == 8 && AllDigits(day)
                        ? ValidDate(Part(day, 0, 4), Part(day, 4, 2), Part(day, 6, 2))
                        : ReadDate(day);
  if (!date) return std::nullopt;
  std::string_view clock = text.substr(separator + 1);
  Duration shift{0};
  if (moment.iso) {
    if (const auto zone = ReadZone(clock)) {
      shift = *zone;
      moment.zoned = true;
    }
  } else if (clock.size() != 8 || clock.find('.') != std::string_view::npos) {
    return std::nullopt;
  }
  const auto time = ReadTimeOfDay(clock);
  if (!time) return std::nullopt;
  moment.time = std::chrono::sys_days(*date) + *time - shift;
  return moment;
}

std::optional<bool> ReadBoolean(std::string_view cell) {
  const std::string text = ToLower(Strip(cell));
  if (text == "true") return true;
  return text == "false" ? std::optional(false) : std::nullopt;
}

template <typename Fits>
bool AllFit(const SeedData& data, size_t column, Fits fits) {
  return std::ranges::all_of(data.rows, [&](const auto& row) { return IsNull(row[column]) || fits(row[column]); });
}

SeedType GuessType(const SeedData& data, size_t column) {
  if (AllFit(data, column, [](std::string_view cell) { return ReadNumber(cell).has_value(); }))
    return SeedType::kNumber;
  if (AllFit(data, column, [](std::string_view cell) { return ReadDate(cell).has_value(); })) return SeedType::kDate;
  for (const bool iso : {false, true}) {
    const auto fits = [iso](std::string_view cell) {
      const auto moment = ReadMoment(cell);
      return moment && moment->iso == iso;
    };
    if (AllFit(data, column, fits)) return SeedType::kDateTime;
  }
  if (AllFit(data, column, [](std::string_view cell) { return ReadBoolean(cell).has_value(); }))
    return SeedType::kBoolean;
  return SeedType::kText;
}

void MeasureNumbers(SeedData& data, size_t column) {
  for (const auto& row : data.rows) {
    if (IsNull(row[column])) continue;
    const auto number = ReadNumber(row[column]);
    if (!number) continue;
    data.fractional[column] = data.fractional[column] || number->fractional;
    data.wide[column] = data.wide[column] || number->wide;
  }
}

void GuessTypes(SeedData& data, std::span<const std::string> text_columns) {
  const size_t count = data.columns.size();
  data.types.assign(count, SeedType::kText);
  data.fractional.assign(count, false);
  data.wide.assign(count, false);
  for (size_t i = 0; i < count; ++i) {
    const auto same = [&](const std::string& name) { return ToLower(name) == ToLower(data.columns[i]); };
    if (std::ranges::any_of(text_columns, same)) continue;
    data.types[i] = GuessType(data, i);
    if (data.types[i] == SeedType::kNumber) MeasureNumbers(data, i);
  }
}

Value CellToValue(const std::string& cell, SeedType type) {
  if (IsNull(cell)) return Value::None();
  switch (type) {
    case SeedType::kNumber: {
      const Number number = *ReadNumber(cell);
      const bool small = AllDigits(number.digits) && number.digits.size() <= 18;
      return small ? Value::Int(std::stoll(number.digits)) : pylib::MakeDecimal(number.digits);
    }
    case SeedType::kDate: {
      const auto date = *ReadDate(cell);
      return pylib::MakeDate(static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
                             static_cast<int>(static_cast<unsigned>(date.day())));
    }
    case SeedType::kDateTime: {
      const Moment moment = *ReadMoment(cell);
      return moment.zoned ? pylib::MakeDatetimeUtc(moment.time) : pylib::MakeDatetime(moment.time);
    }
    case SeedType::kBoolean:
      return Value::Bool(*ReadBoolean(cell));
    case SeedType::kText:
      break;
  }
  return Value::String(cell);
}

// agate's names for a column whose name stands twice in the header: `id`, `id_2`, `id_3`.
void NameRepeated(std::vector<std::string>& columns) {
  for (size_t i = 0; i < columns.size(); ++i) {
    const std::string name = columns[i];
    const auto before = columns.begin() + static_cast<std::ptrdiff_t>(i);
    for (int count = 2; std::find(columns.begin(), before, columns[i]) != before; ++count)
      columns[i] = fmt::format("{}_{}", name, count);
  }
}

}  // namespace

Result<SeedData> ParseSeed(std::string_view csv, char delimiter, std::span<const std::string> text_columns) {
  CsvReader reader(csv, delimiter);
  SeedData data;
  if (reader.done()) return Diagnostic(kBadSeed, "the file is empty").Hint("a seed begins with a line of column names");
  data.columns = reader.Row();
  NameRepeated(data.columns);
  while (!reader.done()) {
    const size_t line = reader.line();
    std::vector<std::string> row = reader.Row();
    if (row.size() == 1 && row[0].empty() && data.columns.size() != 1) continue;  // an empty line
    if (row.size() > data.columns.size())
      return Diagnostic(kBadSeed, fmt::format("line {} has {} values, but the header has {} columns", line, row.size(),
                                              data.columns.size()))
          .Hint("put values that contain the delimiter between double quotes");
    row.resize(data.columns.size());
    data.rows.push_back(std::move(row));
  }
  GuessTypes(data, text_columns);
  return data;
}

std::string_view SeedTable::SqlType(size_t column) const {
  switch (data_.types[column]) {
    case SeedType::kNumber:
      return data_.fractional[column] ? "float8" : data_.wide[column] ? "bigint" : "integer";
    case SeedType::kDate:
      return "date";
    case SeedType::kDateTime:
      return "timestamp without time zone";
    case SeedType::kBoolean:
      return "boolean";
    case SeedType::kText:
      break;
  }
  return "text";
}

const Value& SeedTable::Table() {
  if (!table_.IsUndefined()) return table_;
  std::vector<std::vector<Value>> rows;
  rows.reserve(data_.rows.size());
  for (const auto& row : data_.rows) {
    std::vector<Value>& values = rows.emplace_back();
    for (size_t i = 0; i < row.size(); ++i) values.push_back(CellToValue(row[i], data_.types[i]));
  }
  table_ = pylib::MakeTable(data_.columns, std::move(rows));
  return table_;
}

namespace {

// `rows` of a seed: its length is known without making a single value.
class SeedRows final : public jinja::Object {
 public:
  SeedRows(jinja::Ref<SeedTable> table, std::function<const Value&()> values)
      : table_(std::move(table)), values_(std::move(values)) {}
  std::string_view TypeName() const override { return "MappedSequence"; }
  bool IsIterable() const override { return true; }
  std::optional<size_t> Length() const override { return table_->row_count(); }
  Result<std::unique_ptr<jinja::Iterator>> Iterate() override { return values_().AsObject()->Iterate(); }
  Result<std::optional<Value>> GetItem(jinja::CallContext& context, const Value& key) override {
    STIR_ASSIGN(const Value rows, context.GetAttribute(values_(), "rows"));
    STIR_ASSIGN(Value item, context.GetItem(rows, key));
    return {std::move(item)};
  }

 private:
  jinja::Ref<SeedTable> table_;
  std::function<const Value&()> values_;
};

}  // namespace

Result<std::optional<Value>> SeedTable::GetAttribute(jinja::CallContext& context, std::string_view name) {
  if (name == "column_names") {
    std::vector<Value> names;
    for (const std::string& column : data_.columns) names.push_back(Value::String(column));
    return {Value::Tuple(std::move(names))};
  }
  if (name == "rows")
    return {Value::New<SeedRows>(jinja::Ref<SeedTable>(this), [this]() -> const Value& { return Table(); })};
  STIR_ASSIGN(Value value, context.GetAttribute(Table(), name));
  if (value.IsUndefined()) return {std::nullopt};
  return {std::move(value)};
}

Result<std::optional<Value>> SeedTable::GetItem(jinja::CallContext& context, const Value& key) {
  STIR_ASSIGN(Value value, context.GetItem(Table(), key));
  return {std::move(value)};
}

Result<std::unique_ptr<jinja::Iterator>> SeedTable::Iterate() { return Table().AsObject()->Iterate(); }

std::string_view SqlTypeOf(std::span<const Value> values) {
  bool whole = true, number = true, boolean = true, any = false;
  std::string_view object;
  for (const Value& value : values) {
    if (value.IsNone()) continue;
    any = true;
    const bool is_int = value.type() == jinja::Type::kInt;
    const bool is_number =
        is_int || value.type() == jinja::Type::kFloat || (value.AsObject() && value.AsObject()->IsNumber());
    whole = whole && is_int;
    number = number && is_number;
    boolean = boolean && value.type() == jinja::Type::kBool;
    if (value.AsObject() && !is_number) object = value.AsObject()->TypeName();
  }
  if (!any || whole) return "integer";
  if (number) return "float8";
  if (boolean) return "boolean";
  return object == "date" || object == "datetime.date" ? "date"
         : object.find("datetime") != object.npos      ? "timestamp without time zone"
                                                       : "text";
}

std::string SeedPath(const project::Manifest& manifest, const project::Node& seed) {
  for (const project::Package& package : manifest.packages())
    if (package.name == seed.package) return fmt::format("{}/{}", package.root, seed.original_file_path);
  return std::string(seed.original_file_path);
}

}  // namespace stir::runtime
