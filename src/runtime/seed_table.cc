// A text without quotes is read on several cores: every line end in it ends a row.
#include "runtime/seed_table.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/parallel.h"
#include "base/strings.h"
#include "jinja/template.h"
#include "pylib/agate.h"
#include "pylib/modules.h"
#include "runtime/kinds.h"
#include "runtime/object_tools.h"
#include "runtime/seed_csv.h"

namespace stir::runtime {

namespace {

using jinja::Value;

// The name of a column that the file does not name: a, b, ... z, aa, bb, ...
std::string LetterName(size_t column) {
  constexpr size_t kLetters = 26;
  return std::string(column / kLetters + 1, static_cast<char>('a' + column % kLetters));
}

// agate's names for columns without a name, and for one whose name stands twice in the header: `id`, `id_2`, `id_3`.
std::vector<std::string> ColumnNames(const std::vector<std::string_view>& header) {
  std::vector<std::string> columns;
  for (size_t i = 0; i < header.size(); ++i) {
    const std::string wanted = header[i].empty() ? LetterName(i) : std::string(header[i]);
    std::string name = wanted;
    for (int count = 2; std::ranges::find(columns, name) != columns.end(); ++count)
      name = fmt::format("{}_{}", wanted, count);
    columns.push_back(std::move(name));
  }
  return columns;
}

std::vector<ColumnGuess> FirstGuesses(const std::vector<std::string>& columns, std::span<const std::string> text) {
  std::vector<ColumnGuess> guesses;
  for (const std::string& column : columns)
    guesses.push_back(std::ranges::find(text, column) != text.end() ? ColumnGuess::Text() : ColumnGuess());
  return guesses;
}

// What a stretch of whole rows says.
struct Part {
  std::vector<ColumnGuess> guesses;
  size_t rows = 0;
  size_t wide_line = 0, wide_cells = 0;  // the first row that is too long: its line in the part, from 1; 0: none
};

void ReadPart(std::string_view text, char delimiter, Part& part) {
  CsvReader reader(text, delimiter);
  std::vector<std::string_view> cells;
  for (size_t line = 1; reader.Next(cells); line = reader.line()) {
    if (cells.size() > part.guesses.size()) {
      part.wide_line = line;
      part.wide_cells = cells.size();
      return;
    }
    ++part.rows;
    for (size_t i = 0; i < cells.size(); ++i) part.guesses[i].See(cells[i]);
  }
}

// Where to cut the rows for several cores: at line ends, and nowhere when a line end may be inside quotes.
std::vector<std::string_view> Stretches(std::string_view rows) {
  constexpr size_t kWorthIt = size_t{1} << 20;
  std::vector<std::string_view> stretches;
  if (rows.find('"') == std::string_view::npos) {
    while (rows.size() > kWorthIt) {
      const size_t end = rows.find('\n', kWorthIt);
      if (end == std::string_view::npos) break;
      stretches.push_back(rows.substr(0, end + 1));
      rows.remove_prefix(end + 1);
    }
  }
  stretches.push_back(rows);
  return stretches;
}

Status ReadRows(SeedData& data, size_t first_line) {
  const std::vector<std::string_view> stretches = Stretches(std::string_view(data.text).substr(data.body));
  std::vector<Part> parts(stretches.size(), Part{data.guesses});
  ParallelFor(parts.size(), [&](size_t i) { ReadPart(stretches[i], data.delimiter, parts[i]); });
  for (const Part& part : parts) {
    if (part.wide_line > 0)
      return Diagnostic(kBadSeed, fmt::format("Row {} has {} values, but Table only has {} columns.",
                                              data.rows + part.rows, part.wide_cells, data.columns.size()))
          .Hint(fmt::format("it is on line {}; put values that contain the delimiter between double quotes",
                            first_line + data.rows + part.wide_line - 1));
    data.rows += part.rows;
    for (size_t i = 0; i < data.guesses.size(); ++i) data.guesses[i].Merge(part.guesses[i]);
  }
  return {};
}

Value NumberValue(std::string_view cell) {
  constexpr size_t kFitsInt = 18;
  std::string text = *NumberText(cell);
  const bool small = text.size() <= kFitsInt && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  return small ? Value::Int(std::stoll(text)) : pylib::MakeDecimal(std::move(text));
}

Value CellToValue(std::string_view cell, SeedType type) {
  if (IsSeedNull(cell)) return Value::None();
  switch (type) {
    case SeedType::kNumber:
      return NumberValue(cell);
    case SeedType::kDate: {
      const auto date = *ReadSeedDate(cell);
      return pylib::MakeDate(static_cast<int>(date.year()), static_cast<int>(static_cast<unsigned>(date.month())),
                             static_cast<int>(static_cast<unsigned>(date.day())));
    }
    case SeedType::kDateTime:
      return pylib::MakeDatetime(*ReadSeedDateTime(cell));
    case SeedType::kIsoDateTime:
      return pylib::MakeDatetime(*ReadIsoDateTime(cell));
    case SeedType::kBoolean: {
      const auto value = ReadSeedBoolean(cell);
      return value ? Value::Bool(*value) : Value::None();
    }
    case SeedType::kText:
      break;
  }
  return Value::String(std::string(cell));
}

}  // namespace

Result<SeedData> ReadSeed(std::string text, char delimiter, std::span<const std::string> text_columns) {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  if (text.starts_with(kByteOrderMark)) text.erase(0, kByteOrderMark.size());
  if (!IsUtf8(text)) return Diagnostic(kBadSeed, "the file is not UTF-8 text").Hint("save it as UTF-8");
  SeedData data;
  data.text = std::move(text);
  data.delimiter = delimiter;
  CsvReader reader(data.text, delimiter);
  std::vector<std::string_view> header;
  if (!reader.Next(header) || header.empty())
    return Diagnostic(kBadSeed, header.empty() && !data.text.empty() ? "the first line is empty" : "the file is empty")
        .Hint("a seed begins with a line of column names");
  data.columns = ColumnNames(header);
  data.guesses = FirstGuesses(data.columns, text_columns);
  data.body = reader.at();
  STIR_TRY(ReadRows(data, reader.line()));
  return data;
}

void DropRows(SeedData& data) {
  data.body = data.text.size();
  data.rows = 0;
  for (ColumnGuess& guess : data.guesses) guess.Forget();
}

std::string_view SeedTable::SqlType(size_t column) const {
  const ColumnGuess& guess = data_.guesses[column];
  switch (guess.type()) {
    case SeedType::kNumber:
      return guess.fractional() ? "float8" : "integer";
    case SeedType::kDate:
      return "date";
    case SeedType::kDateTime:
    case SeedType::kIsoDateTime:
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
  rows.reserve(data_.rows);
  CsvReader reader(std::string_view(data_.text).substr(data_.body), data_.delimiter);
  std::vector<std::string_view> cells;
  while (reader.Next(cells)) {
    std::vector<Value>& values = rows.emplace_back();
    for (size_t i = 0; i < cells.size(); ++i) values.push_back(CellToValue(cells[i], data_.guesses[i].type()));
    values.resize(data_.columns.size(), Value::None());
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
