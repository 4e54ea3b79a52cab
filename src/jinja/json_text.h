// json.dumps, as Python writes it.
#pragma once

#include <string>

#include "jinja/value.h"

namespace stir::jinja {

struct JsonStyle {
  bool sort_keys = false;
  int indent = -1;  // spaces a level; < 0: on one line
};

// ", " and ": " between, non-ASCII characters escaped. Objects and undefined values are errors.
Result<std::string> JsonText(const Value& value, const JsonStyle& style = {});
// Python's int() and float() of a text; nullopt when it is none.
std::optional<Value> ParseInt(std::string_view text, int base);
std::optional<double> ParseFloat(std::string_view text);
// ast.literal_eval for numbers, strings, True, False, None, lists, tuples and dicts; nullopt: something else.
std::optional<Value> ParseLiteral(std::string_view text);

}  // namespace stir::jinja
