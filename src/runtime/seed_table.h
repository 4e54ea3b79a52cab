// A seed's rows: the CSV file parsed once, the types of its columns guessed as agate guesses them for dbt. Templates
// see an agate table; the cells become template values only when a template looks at them.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "jinja/value.h"
#include "project/manifest.h"

namespace stir::runtime {

enum class SeedType : uint8_t { kNumber, kDate, kDateTime, kBoolean, kText };

// Parses RFC 4180 text (quotes doubled inside quotes, line ends of any kind, a BOM skipped). Rows of another length
// than the header's are errors that name their line. Columns in `text_columns` (any case) are not guessed.
struct SeedData {
  std::vector<std::string> columns;
  std::vector<std::vector<std::string>> rows;
  std::vector<SeedType> types;
  std::vector<bool> fractional, wide;  // numbers: some have decimals; some do not fit 32 bits
};
Result<SeedData> ParseSeed(std::string_view csv, char delimiter, std::span<const std::string> text_columns);

class SeedTable final : public jinja::Object {
 public:
  explicit SeedTable(SeedData data) : data_(std::move(data)) {}
  size_t row_count() const { return data_.rows.size(); }
  // The type that a column gets in the database: "integer", "bigint", "float8", "date", "timestamp without time zone",
  // "boolean", "text".
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
