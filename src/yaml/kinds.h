// The kinds of error that yaml reports.
#pragma once

#include "base/diagnostic.h"

namespace stir::yaml {

inline constexpr Kind kYamlSyntax{"yaml-syntax", Category::kParsing};
inline constexpr Kind kYamlValue{"yaml-value", Category::kParsing};
inline constexpr Kind kYamlEncoding{"yaml-encoding", Category::kParsing};
inline constexpr Kind kYamlLimit{"yaml-limit", Category::kParsing};
inline constexpr Kind kYamlDuplicateKey{"yaml-duplicate-key", Category::kParsing};

}  // namespace stir::yaml
