// JSON as Python writes and reads it, and Python's reading of numbers and literals.
#pragma once

#include <string>

#include "jinja/value.h"

namespace stir::jinja {

struct JsonStyle {
  bool sort_keys = false;
  std::optional<std::string> indent = {};  // of each level; nullopt: on one line
  bool any_value = false;                  // what JSON has no form for is written as its text, in place of an error
};

// ", " and ": " between, non-ASCII characters escaped. Objects and undefined values are errors.
Result<std::string> JsonText(const Value& value, const JsonStyle& style = {});
// json.loads: integers of any size, the last of equal keys counts.
Result<Value> ParseJson(std::string_view text);
// An integer of any size from its decimal digits.
Result<Value> WholeNumber(std::string_view digits, bool negative);
// Python's int() and float() of a text; nullopt when it is none.
std::optional<Value> ParseInt(std::string_view text, int base);
std::optional<double> ParseFloat(std::string_view text);
// ast.literal_eval for numbers, strings, True, False, None, lists, tuples, dicts and sets; nullopt: something else.
std::optional<Value> ParseLiteral(std::string_view text);

}  // namespace stir::jinja
