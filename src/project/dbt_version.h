// `require-dbt-version`: whether the version of dbt that stir keeps to is one that a project asks for.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stir::project {

// `wanted`: entries such as ">=1.6.0" or ">=1.6.0,<2.0.0"; all of them have to hold. An entry that is no version is an
// error without a place.
Result<bool> IsDbtVersion(std::string_view version, std::span<const std::string> wanted);

}  // namespace stir::project
