// pprint.pformat: a value on as many lines of 80 characters as it needs.
#pragma once

#include <string>

#include "jinja/value.h"

namespace stir::jinja {

std::string PrettyText(const Value& value);  // throws EvaluationError

}  // namespace stir::jinja
