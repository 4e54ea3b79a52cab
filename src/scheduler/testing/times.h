// Times as the tests of this room write them.
#pragma once

#include <string_view>

#include "base/clock.h"

namespace stir::scheduler {

inline Timestamp At(std::string_view text) { return *ParseTimestamp(text); }

}  // namespace stir::scheduler
