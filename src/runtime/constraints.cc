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

std::string References(const Value& constraint) {
  const std::string to = TextAt(constraint, "to");
  if (to.empty()) return "references " + TextAt(constraint, "expression");
  return fmt::format("references {} ({})", to, ColumnListAt(constraint, "to_columns"));
}

std::string ColumnConstraint(const Value& constraint) {
  const std::string type = TextAt(constraint, "type"), expression = TextAt(constraint, "expression");
  if (type == "check") return fmt::format("check ({})", expression);
  if (type == "foreign_key") return References(constraint);
  const std::string_view words = type == "not_null"      ? "not null"
                                 : type == "unique"      ? "unique"
                                 : type == "primary_key" ? "primary key"
                                                         : "";
  return std::string(Strip(fmt::format("{} {}", words, expression)));
}

std::string ModelConstraint(const Value& constraint) {
  const std::string type = TextAt(constraint, "type"), expression = TextAt(constraint, "expression");
  const std::string columns = ColumnListAt(constraint, "columns"), name = TextAt(constraint, "name");
  const std::string prefix = name.empty() ? "" : fmt::format("constraint {} ", name);
  if (type == "check") return fmt::format("{}check ({})", prefix, expression);
  if (type == "unique" || type == "primary_key")
    return std::string(
        Strip(fmt::format("{}{} ({}) {}", prefix, type == "unique" ? "unique" : "primary key", columns, expression)));
  if (type == "foreign_key") return fmt::format("{}foreign key ({}) {}", prefix, columns, References(constraint));
  return type == "custom" ? prefix + expression : "";
}

}  // namespace

Result<std::vector<std::string>> RenderColumns(const Value& columns, const adapter::Dialect& dialect) {
  std::vector<std::string> rendered;
  if (!columns.IsDict()) return rendered;
  for (const auto& [key, column] : columns.AsDict().entries()) {
    const std::string name = TextAt(column, "name");
    std::string text =
        fmt::format("{} {}", FlagAt(column, "quote") ? dialect.Quote(name) : name, TextAt(column, "data_type"));
    const Value* constraints = column.IsDict() ? column.AsDict().Find("constraints") : nullptr;
    if (constraints && constraints->IsSequence())
      for (const Value& constraint : constraints->Items()) text += " " + ColumnConstraint(constraint);
    rendered.push_back(std::move(text));
  }
  return rendered;
}

Result<std::vector<std::string>> RenderModelConstraints(const Value& constraints) {
  std::vector<std::string> rendered;
  if (!constraints.IsSequence()) return rendered;
  for (const Value& constraint : constraints.Items()) {
    std::string text = ModelConstraint(constraint);
    if (!text.empty()) rendered.push_back(std::move(text));
  }
  return rendered;
}

}  // namespace stir::runtime
