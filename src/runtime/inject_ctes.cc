#include "runtime/inject_ctes.h"

#include "base/strings.h"
#include "runtime/mapped_text.h"

namespace stir::runtime {

namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f' || c == '\v'; }
bool IsNameCharacter(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

size_t SkipSpace(std::string_view sql, size_t at) {
  while (at < sql.size() && IsSpace(sql[at])) ++at;
  return at;
}

// The end of the comment that begins at `at`, or `at` when none does.
size_t SkipComment(std::string_view sql, size_t at) {
  const std::string_view rest = sql.substr(at);
  if (rest.starts_with("--")) {
    const size_t end = sql.find('\n', at);
    return end == sql.npos ? sql.size() : end + 1;
  }
  if (!rest.starts_with("/*")) return at;
  const size_t end = sql.find("*/", at + 2);
  return end == sql.npos ? sql.size() : end + 2;
}

size_t SkipSpaceAndComments(std::string_view sql, size_t at) {
  while (true) {
    const size_t next = SkipComment(sql, SkipSpace(sql, at));
    if (next == at) return at;
    at = next;
  }
}

size_t SkipWord(std::string_view sql, size_t at, std::string_view word) {
  size_t end = at;
  while (end < sql.size() && IsNameCharacter(sql[end])) ++end;
  return ToLower(sql.substr(at, end - at)) == word ? end : at;
}

// Past the end of the first statement, with its semicolon.
size_t StatementEnd(std::string_view sql) {
  int depth = 0;
  for (size_t at = 0; at < sql.size();) {
    const size_t comment = SkipComment(sql, at);
    if (comment != at) {
      at = comment;
      continue;
    }
    const char c = sql[at++];
    if (c == '\'' || c == '"') {
      const size_t end = sql.find(c, at);
      at = end == sql.npos ? sql.size() : end + 1;
    }
    depth += c == '(' ? 1 : c == ')' ? -1 : 0;
    if (c == ';' && depth <= 0) return at;
  }
  return sql.size();
}

}  // namespace

CompiledNode InjectCtes(CompiledNode query, std::span<const NamedCte> ctes) {
  if (ctes.empty()) return query;
  const std::string_view sql = query.sql;
  const size_t first = SkipSpaceAndComments(sql, 0);
  size_t point = SkipWord(sql, first, "with");
  const bool has_with = point != first;
  if (has_with) {
    point = SkipSpace(sql, point);
    const size_t recursive = SkipWord(sql, point, "recursive");
    if (recursive != point) point = SkipSpace(sql, recursive);
  } else {
    point = SkipSpace(sql, 0);
  }
  CompiledNode result;
  AppendPart(result, query, 0, point);
  if (!has_with) AppendLiteral(result, "with");
  for (size_t i = 0; i < ctes.size(); ++i) {
    AppendLiteral(result, (i ? ",  " : " ") + ctes[i].name + " as (\n");
    AppendPart(result, ctes[i].query, 0, ctes[i].query.sql.size());
    AppendLiteral(result, "\n)");
  }
  AppendLiteral(result, has_with ? ", " : " ");
  AppendPart(result, query, point, StatementEnd(sql));
  return result;
}

}  // namespace stir::runtime
