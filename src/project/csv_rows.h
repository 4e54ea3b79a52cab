// CSV as Python's csv.DictReader reads it: rows of a unit test.
#pragma once

#include <string_view>

#include "jinja/value.h"

namespace stir::project {

// A list of dicts by the first row's names; a row that is too short has none, what is too much stands under the key
// none, and empty rows are passed over.
jinja::Value CsvRows(std::string_view text);

}  // namespace stir::project
