// Texts as Python prints them: checksums of dbt's artifacts are made of them.
#pragma once

#include <string>
#include <string_view>

#include "jinja/value.h"

namespace stir::project {

std::string PythonRepr(const jinja::Value& value);

// A member of one of dbt's enumerations: <ConstraintType.check: 'check'>. Its name is `member`, or the value's.
std::string EnumRepr(std::string_view type, std::string_view value, std::string_view member = {});

// A date or time of YAML as dbt's artifacts have it: 2030-01-01T00:00:00+00:00; empty stays empty.
std::string DateTimeText(std::string_view text);

}  // namespace stir::project
