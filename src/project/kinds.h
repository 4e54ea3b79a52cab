// The kinds of error that a project on disk can have.
#pragma once

#include "base/diagnostic.h"

namespace stir::project {

inline constexpr Kind kNoProject{"no-project", Category::kConfig};
inline constexpr Kind kBadProjectFile{"bad-project-file", Category::kConfig};
inline constexpr Kind kUnknownKey{"unknown-key", Category::kConfig};
inline constexpr Kind kWrongType{"wrong-type", Category::kParsing};
inline constexpr Kind kMissingKey{"missing-key", Category::kParsing};
inline constexpr Kind kNoProfile{"no-profile", Category::kConfig};
inline constexpr Kind kNoTarget{"no-target", Category::kConfig};
inline constexpr Kind kBadProfile{"bad-profile", Category::kConfig};
inline constexpr Kind kPackagesNotInstalled{"packages-not-installed", Category::kCompilation};
inline constexpr Kind kDuplicatePackage{"duplicate-package", Category::kDependency};
inline constexpr Kind kDbtVersionNeeded{"dbt-version-needed", Category::kConfig};
inline constexpr Kind kNotUtf8{"not-utf8", Category::kParsing};
inline constexpr Kind kBadVars{"bad-vars", Category::kUsage};
inline constexpr Kind kVarMissing{"var-missing", Category::kCompilation};
inline constexpr Kind kEnvVarMissing{"env-var-missing", Category::kParsing};
inline constexpr Kind kSecretNotAllowed{"secret-not-allowed", Category::kParsing};
inline constexpr Kind kBlockNotClosed{"block-not-closed", Category::kCompilation};
inline constexpr Kind kBlockNested{"block-nested", Category::kCompilation};
inline constexpr Kind kDuplicateMacro{"duplicate-macro", Category::kCompilation};
inline constexpr Kind kMacroNotFound{"macro-not-found", Category::kCompilation};
inline constexpr Kind kDispatchNotFound{"dispatch-not-found", Category::kCompilation};
inline constexpr Kind kDuplicateName{"duplicate-name", Category::kCompilation};
inline constexpr Kind kAmbiguousRelation{"ambiguous-relation", Category::kCompilation};
inline constexpr Kind kDuplicatePatch{"duplicate-patch", Category::kCompilation};
inline constexpr Kind kPatchWithoutNode{"patch-without-node", Category::kParsing};
inline constexpr Kind kRefNotFound{"ref-not-found", Category::kCompilation};
inline constexpr Kind kRefDisabled{"ref-disabled", Category::kCompilation};
inline constexpr Kind kRefAmbiguous{"ref-ambiguous", Category::kCompilation};
inline constexpr Kind kSourceNotFound{"source-not-found", Category::kCompilation};
inline constexpr Kind kSourceDisabled{"source-disabled", Category::kCompilation};
inline constexpr Kind kBadCall{"bad-call", Category::kCompilation};
inline constexpr Kind kWarningAsError{"warning-as-error", Category::kCompilation};
inline constexpr Kind kNoAccess{"no-access", Category::kParsing};
inline constexpr Kind kBadSelectors{"bad-selectors", Category::kConfig};
inline constexpr Kind kNoPriorState{"no-prior-state", Category::kRuntime};
inline constexpr Kind kContractBroken{"contract-broken", Category::kParsing};
inline constexpr Kind kCycle{"cycle", Category::kCompilation};
inline constexpr Kind kBadConfig{"bad-config", Category::kParsing};
inline constexpr Kind kBadTest{"bad-test", Category::kParsing};
inline constexpr Kind kMacroArguments{"macro-arguments", Category::kParsing};
inline constexpr Kind kTestNotFound{"test-not-found", Category::kCompilation};
inline constexpr Kind kDocNotFound{"doc-not-found", Category::kCompilation};
inline constexpr Kind kUnusedConfigPath{"unused-config-path", Category::kConfig};
inline constexpr Kind kDeprecated{"deprecated", Category::kConfig};
inline constexpr Kind kRenamedKey{"renamed-key", Category::kConfig};
inline constexpr Kind kRaised{"raised", Category::kCompilation};
inline constexpr Kind kRaisedFailFast{"raised-fail-fast", Category::kRuntime};
inline constexpr Kind kNotSupported{"not-supported", Category::kConfig};

}  // namespace stir::project
