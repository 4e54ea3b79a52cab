// Spelling the engine's SQL: names, literals, lists.
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapter/relation.h"
#include "base/clock.h"

namespace stir::transfer {

std::string Ident(std::string_view name);  // "a ""b"
std::string Lit(std::string_view text);    // 'it''s'
std::string TimestampLit(Timestamp time);  // TIMESTAMP '2026-11-20 00:00:00'
std::string TableName(const adapter::Relation& relation);
std::string Idents(std::span<const std::string> names, std::string_view prefix = {});  // s."a", s."b"
std::string JoinText(const std::vector<std::string>& parts, std::string_view separator);

// Case-insensitive, as the engine compares names of columns.
bool SameColumn(std::string_view a, std::string_view b);
// Null when there is none.
const std::string* FindColumn(std::span<const std::string> names, std::string_view name);

}  // namespace stir::transfer
