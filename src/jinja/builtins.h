// The tables of filters, tests and globals.
#pragma once

#include <string>
#include <string_view>

#include "jinja/value.h"

namespace stir::jinja {

class Evaluator;

// Filters and tests get their input and the arguments in parentheses; they throw EvaluationError.
struct FilterEntry {
  std::string_view name;
  Value (*apply)(Evaluator& evaluator, const Value& input, const Arguments& arguments);
  bool folds = true;      // a constant input makes a constant (Jinja2 computes it when it compiles)
  bool is_extra = false;  // dbt's, not Jinja2's
};
struct TestEntry {
  std::string_view name;
  bool (*apply)(Evaluator& evaluator, const Value& input, const Arguments& arguments);
};

Value FilterNames();  // sorted lists
Value TestNames();
const FilterEntry* FindFilter(std::string_view name);  // null: unknown
std::string FilterHint(std::string_view unknown);      // "did you mean `upper`?", or empty
std::string TestHint(std::string_view unknown);
const TestEntry* FindTest(std::string_view name);
// range, dict, namespace, cycler, joiner; false: unknown.
bool FindGlobal(std::string_view name, Value& value);

}  // namespace stir::jinja
