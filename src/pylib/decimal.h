// Python's Decimal as dbt's results carry it: exact digits, printed as they came; arithmetic only as far as macros use it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "jinja/value.h"

namespace stir::pylib {

__extension__ using Wide = __int128;  // what a DECIMAL(38) needs

// coefficient * 10^exponent with up to 38 digits. Arithmetic that does not fit 38 digits falls back to a float.
class DecimalObject : public jinja::Object {
 public:
  // `digits` is a decimal number in plain or scientific form; nullopt when it is not one.
  static std::optional<jinja::Value> Parse(std::string_view digits);

  DecimalObject(Wide coefficient, int exponent) : coefficient_(coefficient), exponent_(exponent) {}

  std::string Digits() const;
  double AsDouble() const;
  // The value as an integer when it is one that fits.
  std::optional<int64_t> AsInteger() const;

  std::string_view TypeName() const override { return "decimal.Decimal"; }
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext& context, std::string_view name) override;
  bool Truthy() const override { return coefficient_ != 0; }
  Result<std::string> Str() const override { return Digits(); }
  Result<std::string> Repr() const override { return "Decimal('" + Digits() + "')"; }
  bool Equals(const jinja::Value& other) const override;
  size_t Hash() const override;
  Result<std::optional<jinja::Value>> Binary(jinja::BinaryOp op, const jinja::Value& other, bool reflected) const override;
  bool IsNumber() const override { return true; }

 private:
  Wide coefficient_;
  int exponent_;
};

}  // namespace stir::pylib
