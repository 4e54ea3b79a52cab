// A model's columns on their way to PostgreSQL: their types there, their text in a COPY, and sums that both engines
// compute alike. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "transfer/builder.h"

namespace stir::transfer {

// A number that the engine and the server give for the rows of one column.
struct Check {
  std::string what;    // "values", "sum of lengths"
  std::string engine;  // an aggregate over the model, as text
  std::string server;  // the same over the table
  bool exact = true;   // else within a billionth: sums of floating numbers depend on their order
};

// How a type of the engine is published.
struct PgForm {
  std::string type;                    // PostgreSQL's, of a table made anew
  std::vector<std::string> also_into;  // pg_type.typname of column types that take every value, or refuse it
  std::string csv;                     // SQL of the value in a COPY of CSV; NULL is NULL
  std::string value = {};              // SQL of the value in a binary COPY, and the engine's type of that
  std::string value_type = {};
  std::vector<Check> checks;
};

// Nothing when the engine's type has no exact counterpart: the hint says what to cast it to.
Result<PgForm> FormOf(const ModelColumn& column, Span span);

// pg_type.typname of form.type.
std::string TypnameOf(const PgForm& form);

// Does a column of `typname` take what `form` writes? `loose`: it does, but in another shape: only values are counted.
struct Fit {
  bool fits = false;
  bool loose = false;
};
Fit FitInto(const PgForm& form, std::string_view typname);

}  // namespace stir::transfer
