// Spelling SQL.
#include "transfer/sql.h"

#include <fmt/format.h>
#include <algorithm>

#include "base/strings.h"

namespace stir::transfer {

std::string Ident(std::string_view name) { return fmt::format("\"{}\"", ReplaceAll(name, "\"", "\"\"")); }

std::string Lit(std::string_view text) { return fmt::format("'{}'", ReplaceAll(text, "'", "''")); }

std::string TimestampLit(Timestamp time) {
  std::string text = FormatTimestamp(time);
  text.pop_back();  // Z
  return fmt::format("TIMESTAMP {}", Lit(ReplaceAll(text, "T", " ")));
}

std::string TableName(const adapter::Relation& relation) {
  std::string out;
  for (const std::string* part : {&relation.database, &relation.schema, &relation.identifier}) {
    if (part->empty()) continue;
    if (!out.empty()) out.push_back('.');
    out += Ident(*part);
  }
  return out;
}

std::string Idents(std::span<const std::string> names, std::string_view prefix) {
  std::vector<std::string> parts;
  for (const std::string& name : names) parts.push_back(fmt::format("{}{}", prefix, Ident(name)));
  return JoinText(parts, ", ");
}

std::string JoinText(const std::vector<std::string>& parts, std::string_view separator) {
  return Join(parts, separator);
}

bool SameColumn(std::string_view a, std::string_view b) { return ToLower(a) == ToLower(b); }

const std::string* FindColumn(std::span<const std::string> names, std::string_view name) {
  const auto found = std::ranges::find_if(names, [&](const std::string& each) { return SameColumn(each, name); });
  return found == names.end() ? nullptr : &*found;
}

}  // namespace stir::transfer
