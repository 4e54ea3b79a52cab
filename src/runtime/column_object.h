// Columns as templates see them: what adapter.get_columns_in_relation returns, and `api.Column`, which makes new ones.
#pragma once

#include <string>

#include "adapter/relation.h"
#include "jinja/value.h"

namespace stir::runtime {

// Immutable; may be shared between threads.
class ColumnObject final : public jinja::Object {
 public:
  ColumnObject(const adapter::Dialect& dialect, adapter::Column column)
      : dialect_(dialect), column_(std::move(column)) {}

  const adapter::Column& column() const { return column_; }
  bool IsString() const;
  bool IsFloat() const;
  bool IsInteger() const;
  bool IsNumeric() const;
  // The type with its size, as it stands in DDL: "character varying(256)", "numeric(10,2)".
  Result<std::string> DataType() const;
  Result<int> StringSize() const;
  // True when a text column of this size can grow to the other's.
  Result<bool> CanExpandTo(const ColumnObject& other) const;

  std::string_view TypeName() const override { return "Column"; }
  Result<std::optional<jinja::Value>> GetAttribute(jinja::CallContext& context, std::string_view name) override;
  Result<std::string> Repr() const override;
  bool Equals(const jinja::Value& other) const override;
  size_t Hash() const override { return std::hash<std::string>()(column_.name); }

 private:
  const adapter::Dialect& dialect_;
  adapter::Column column_;
};

// `api.Column`: callable, with create(), from_description(), translate_type(), numeric_type(), string_type().
jinja::Value MakeColumnClass(const adapter::Dialect& dialect);

}  // namespace stir::runtime
