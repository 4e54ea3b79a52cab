// The kinds of error that a node's life on an engine can bring.
#pragma once

#include "base/diagnostic.h"

namespace stir::runtime {

inline constexpr Kind kUndeclaredRef{"undeclared-ref", Category::kCompilation};
inline constexpr Kind kEphemeralInOperation{"ephemeral-in-operation", Category::kCompilation};
inline constexpr Kind kMaterializationNotFound{"materialization-not-found", Category::kCompilation};
inline constexpr Kind kStrategyNotFound{"strategy-not-found", Category::kRuntime};
inline constexpr Kind kBadRelation{"bad-relation", Category::kCompilation};
inline constexpr Kind kBadColumnType{"bad-column-type", Category::kRuntime};
inline constexpr Kind kConfigMissing{"config-missing", Category::kCompilation};
inline constexpr Kind kResultConsumed{"result-consumed", Category::kCompilation};
inline constexpr Kind kNoRelations{"no-relations", Category::kCompilation};
inline constexpr Kind kBadTestResult{"bad-test-result", Category::kDatabase};
inline constexpr Kind kBadSeed{"bad-seed", Category::kCompilation};
inline constexpr Kind kNameTooLong{"name-too-long", Category::kRuntime};
inline constexpr Kind kOtherDatabase{"other-database", Category::kRuntime};
inline constexpr Kind kBadIndex{"bad-index", Category::kCompilation};
inline constexpr Kind kNoMacro{"no-macro", Category::kRuntime};
inline constexpr Kind kMacroFailed{"macro-failed", Category::kCompilation};
inline constexpr Kind kBadMicrobatch{"bad-microbatch", Category::kRuntime};
inline constexpr Kind kBadSnapshot{"bad-snapshot", Category::kCompilation};
inline constexpr Kind kNoFreshness{"no-freshness", Category::kRuntime};
inline constexpr Kind kBadFreshness{"bad-freshness", Category::kDatabase};
inline constexpr Kind kBadCatalog{"bad-catalog", Category::kRuntime};
inline constexpr Kind kNotInThisVersion{"not-in-this-version", Category::kCompilation};

}  // namespace stir::runtime
