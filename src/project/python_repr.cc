// Only what the artifacts need of Python is here.
#include "project/python_repr.h"

namespace stir::project {

std::string PythonRepr(const jinja::Value& value) {
  Result<std::string> repr = value.Repr();
  return repr.ok() ? *std::move(repr) : std::string();
}

std::string EnumRepr(std::string_view type, std::string_view value, std::string_view member) {
  return "<" + std::string(type) + "." + std::string(member.empty() ? value : member) + ": '" + std::string(value) +
         "'>";
}

std::string DateTimeText(std::string_view text) {
  if (text.empty()) return {};
  std::string full(text);
  if (full.find_first_of(" T") == std::string::npos) full += "T00:00:00";
  if (const size_t space = full.find(' '); space != std::string::npos) full[space] = 'T';
  const bool zoned = full.ends_with('Z') || full.find_first_of("+-", full.find('T')) != std::string::npos;
  if (full.ends_with('Z')) full.pop_back();
  return zoned && !text.ends_with('Z') ? full : full + "+00:00";
}

}  // namespace stir::project
