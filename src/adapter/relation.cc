// Quoting, rendering and comparing names by a Dialect's rules.
#include "adapter/relation.h"

#include "base/strings.h"

namespace stir::adapter {
namespace {

// `text` between two marks, each mark inside it doubled.
std::string Enclose(std::string_view text, char mark) {
  std::string out;
  out.reserve(text.size() + 2);
  out.push_back(mark);
  for (char c : text) {
    if (c == mark) out.push_back(mark);
    out.push_back(c);
  }
  out.push_back(mark);
  return out;
}

}  // namespace

std::string_view RelationTypeName(RelationType type) {
  switch (type) {
    case RelationType::kTable:
      return "table";
    case RelationType::kView:
      return "view";
    case RelationType::kCte:
      return "cte";
    case RelationType::kMaterializedView:
      return "materialized_view";
    case RelationType::kExternal:
      return "external";
    case RelationType::kFunction:
      return "function";
    case RelationType::kUnknown:
      break;
  }
  return "";
}

std::string Dialect::Quote(std::string_view identifier) const { return Enclose(identifier, quote_char); }

std::string Dialect::QuoteLiteral(std::string_view text) const { return Enclose(text, '\''); }

std::string Dialect::Render(const Relation& relation) const {
  if (!relation.external.empty()) return relation.external;
  std::string out;
  const auto part = [&](const std::string& word, bool include, bool quote) {
    if (!include || word.empty()) return;
    if (!out.empty()) out.push_back('.');
    out += quote ? Quote(word) : word;
  };
  part(relation.database, relation.include.database, relation.quote.database);
  part(relation.schema, relation.include.schema, relation.quote.schema);
  part(relation.identifier, relation.include.identifier, relation.quote.identifier);
  return out;
}

bool Dialect::SameName(std::string_view a, std::string_view b) const {
  return fold_to_lower ? ToLower(a) == ToLower(b) : a == b;
}

}  // namespace stir::adapter
