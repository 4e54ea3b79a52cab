#include "runtime/constraints.h"

#include <fmt/format.h>

#include "base/strings.h"

namespace stir::runtime {

namespace {

using jinja::Value;

std::string TextAt(const Value& dict, std::string_view key) {
  const Value* value = dict.IsDict() ? dict.AsDict().Find(key) : nullptr;
  if (!value || value->IsNone()) return "";
  Result<std::string> text = value->Str();
  return text.ok() ? *std::move(text) : "";
}

bool FlagAt(const Value& dict, std::string_view key) {
  const Value* value = dict.IsDict() ? dict.AsDict().Find(key) : nullptr;
  return value && value->Truthy();
}

std::string ColumnListAt(const Value& dict, std::string_view key) {
  const Value* value = dict.IsDict() ? dict.AsDict().Find(key) : nullptr;
  std::vector<std::string> names;
  if (value && value->IsSequence())
    for (const Value& item : value->Items())
      if (item.IsString()) names.emplace_back(item.AsString());
  return Join(names, ", ");
}

Result<std::string> References(const Value& constraint, const ResolveTarget& resolve) {
  const std::string to = TextAt(constraint, "to"), columns = ColumnListAt(constraint, "to_columns");
  if (to.empty() || columns.empty()) return "references " + TextAt(constraint, "expression");
  STIR_ASSIGN(const std::string target, resolve(to));
  return fmt::format("references {} ({})", target, columns);
}

Result<std::string> ColumnConstraint(const Value& constraint, const ResolveTarget& resolve) {
  const std::string type = TextAt(constraint, "type"), expression = TextAt(constraint, "expression");
  if (type == "check") return expression.empty() ? "" : fmt::format("check ({})", expression);
  if (type == "foreign_key") return References(constraint, resolve);
  if (type == "custom") return expression;
  const std::string_view words = type == "not_null"      ? "not null"
                                 : type == "unique"      ? "unique"
                                 : type == "primary_key" ? "primary key"
                                                         : "";
  return std::string(Strip(fmt::format("{} {}", words, expression)));
}

Result<std::string> ModelConstraint(const Value& constraint, const ResolveTarget& resolve) {
  const std::string type = TextAt(constraint, "type"), expression = TextAt(constraint, "expression");
  const std::string columns = ColumnListAt(constraint, "columns"), name = TextAt(constraint, "name");
  const std::string prefix = name.empty() ? "" : fmt::format("constraint {} ", name);
  if (type == "check") return expression.empty() ? "" : fmt::format("{}check ({})", prefix, expression);
  if (type == "unique" || type == "primary_key")
    return fmt::format("{}{}{} ({})", prefix, type == "unique" ? "unique" : "primary key",
                       expression.empty() ? "" : " " + expression, columns);
  if (type == "foreign_key") {
    STIR_ASSIGN(const std::string references, References(constraint, resolve));
    return fmt::format("{}foreign key ({}) {}", prefix, columns, references);
  }
  return type == "custom" && !expression.empty() ? prefix + expression : "";
}

}  // namespace

Result<std::vector<std::string>> RenderColumns(const Value& columns, const adapter::Dialect& dialect,
                                               const ResolveTarget& resolve) {
  std::vector<std::string> rendered;
  if (!columns.IsDict()) return rendered;
  for (const auto& [key, column] : columns.AsDict().entries()) {
    const std::string name = TextAt(column, "name");
    std::string text =
        fmt::format("{} {}", FlagAt(column, "quote") ? dialect.Quote(name) : name, TextAt(column, "data_type"));
    const Value* constraints = column.IsDict() ? column.AsDict().Find("constraints") : nullptr;
    if (constraints && constraints->IsSequence())
      for (const Value& constraint : constraints->Items()) {
        STIR_ASSIGN(const std::string part, ColumnConstraint(constraint, resolve));
        if (!part.empty()) text += " " + part;
      }
    rendered.push_back(std::move(text));
  }
  return rendered;
}

Result<std::vector<std::string>> RenderModelConstraints(const Value& constraints, const ResolveTarget& resolve) {
  std::vector<std::string> rendered;
  if (!constraints.IsSequence()) return rendered;
  for (const Value& constraint : constraints.Items()) {
    STIR_ASSIGN(std::string text, ModelConstraint(constraint, resolve));
    if (!text.empty()) rendered.push_back(std::move(text));
  }
  return rendered;
}

}  // namespace stir::runtime
