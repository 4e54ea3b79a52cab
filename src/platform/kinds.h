// The kinds of error that stir/*.yml can have, beside those of project (unknown-key, missing-key).
#pragma once

#include "base/diagnostic.h"

namespace stir::platform {

inline constexpr Kind kBadValue{"bad-value", Category::kConfig};
inline constexpr Kind kBadVersion{"bad-version", Category::kConfig};
inline constexpr Kind kNameTaken{"name-taken", Category::kConfig};
inline constexpr Kind kReservedName{"reserved-name", Category::kConfig};
inline constexpr Kind kUnknownConnection{"unknown-connection", Category::kConfig};
inline constexpr Kind kUnknownIngestion{"unknown-ingestion", Category::kConfig};
inline constexpr Kind kUnknownPublication{"unknown-publication", Category::kConfig};
inline constexpr Kind kUnknownCalendar{"unknown-calendar", Category::kConfig};
inline constexpr Kind kUnknownPipeline{"unknown-pipeline", Category::kConfig};
inline constexpr Kind kUnknownTask{"unknown-task", Category::kConfig};
inline constexpr Kind kUnknownPool{"unknown-pool", Category::kConfig};
inline constexpr Kind kUnknownSource{"unknown-source", Category::kConfig};
inline constexpr Kind kUnknownModel{"unknown-model", Category::kConfig};
inline constexpr Kind kAmbiguousTask{"ambiguous-task", Category::kConfig};
inline constexpr Kind kNothingAsks{"nothing-asks", Category::kConfig};
inline constexpr Kind kNotBuilt{"not-built", Category::kConfig};
inline constexpr Kind kSecretMissing{"secret-missing", Category::kConfig};
inline constexpr Kind kSecretUnsafe{"secret-unsafe", Category::kConfig};

}  // namespace stir::platform
