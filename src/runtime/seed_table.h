// A seed's rows as an agate table: the CSV file read once for the names, the types and the number of its rows, which is
// all that loading it takes. Cells become template values only when a template looks at them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jinja/value.h"
#include "project/manifest.h"
#include "runtime/seed_types.h"

namespace stir::runtime {

struct SeedData {
  std::string text;  // UTF-8, without its byte order mark
  char delimiter = ',';
  size_t body = 0;                   // where the first row begins
  std::vector<std::string> columns;  // as agate names them: none is empty, none stands twice
  std::vector<ColumnGuess> guesses;
  size_t rows = 0;  // an empty line counts: a row of nulls
};
// Columns of `text_columns` are text. A row with more values than the header has names is an error that names its line.
Result<SeedData> ReadSeed(std::string text, char delimiter, std::span<const std::string> text_columns);

// --empty: the names and the types, no row.
void DropRows(SeedData& data);

class SeedTable final : public jinja::Object {
 public:
  explicit SeedTable(SeedData data) : data_(std::move(data)) {}
  size_t row_count() const { return data_.rows; }
  // The type that a column gets in the database: "integer", "float8", "date", "timestamp without time zone", "boolean",
  // "text".
  std::string_view SqlType(size_t column) const;

  std::string_view TypeName() const override { return "Table"; }
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext& context, std::string_view name) override;
  Result<std::optional<jinja::Value>> GetItem(jinja::CallContext& context, const jinja::Value& key) override;
  bool IsIterable() const override { return true; }
  std::optional<size_t> Length() const override { return row_count(); }
  Result<std::unique_ptr<jinja::Iterator>> Iterate() override;

 private:
  const jinja::Value& Table();
  SeedData data_;
  jinja::Value table_;  // undefined until it is needed
};

// The type for a column of values that no file declared.
std::string_view SqlTypeOf(std::span<const jinja::Value> values);

// The seed's file, absolute.
std::string SeedPath(const project::Manifest& manifest, const project::Node& seed);

}  // namespace stir::runtime
