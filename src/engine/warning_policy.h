// What becomes of a warning: --warn-error and --warn-error-options, by the names of dbt's events.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "base/source_map.h"

namespace stir::engine {

enum class Treatment : uint8_t { kWarn, kError, kSilence };

// A name that is listed counts more than `Deprecations`, which counts more than `all`; silence more than warn, warn
// more than error.
struct WarningPolicy {
  bool error_all = false;
  std::vector<std::string> error, warn, silence;  // dbt's names, and "Deprecations"

  // `code`: dbt's code of the event; those of deprecations begin with D.
  Treatment For(std::string_view event, std::string_view code) const;
};

// --warn-error-options: a mapping of error (or include), warn (or exclude) and silence. All mistakes at once.
Result<WarningPolicy> ParseWarningPolicy(std::string_view yaml, SourceMap& sources);

}  // namespace stir::engine
