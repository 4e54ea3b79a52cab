#include "engine/dbt_exception.h"

#include <algorithm>
#include <array>
#include <utility>

namespace stir::engine {
namespace {

// Kinds whose exception is a class of its own; by the kind's name, since the kinds stand in many rooms.
constexpr auto kClasses = std::to_array<std::pair<std::string_view, std::string_view>>({
    {"no-profile", "DbtProfileError"},
    {"no-target", "DbtProfileError"},
    {"bad-profile", "DbtProfileError"},
    {"packages-not-installed", "UninstalledPackagesFoundError"},
    {"duplicate-package", "NonUniquePackageNameError"},
    {"var-missing", "RequiredVarNotFoundError"},
    {"env-var-missing", "EnvVarMissingError"},
    {"secret-not-allowed", "SecretEnvVarLocationError"},
    {"duplicate-macro", "DuplicateMacroNameError"},
    {"duplicate-name", "DuplicateResourceNameError"},
    {"ambiguous-relation", "AmbiguousAliasError"},
    {"duplicate-patch", "DuplicatePatchPathError"},
    {"ref-not-found", "TargetNotFoundError"},
    {"ref-disabled", "TargetNotFoundError"},
    {"ref-ambiguous", "AmbiguousResourceNameRefError"},
    {"source-not-found", "TargetNotFoundError"},
    {"source-disabled", "TargetNotFoundError"},
    {"cycle", "DbtRuntimeError"},
    {"doc-not-found", "DocTargetNotFoundError"},
    {"template-undefined", "UndefinedMacroError"},
    {"template-syntax", "CompilationError"},
    {"undeclared-ref", "RefBadContextError"},
    {"ephemeral-in-operation", "OperationsCannotRefEphemeralNodesError"},
    {"result-consumed", "MacroResultAlreadyLoadedError"},
    {"no-macro", "UndefinedMacroError"},
    {"undefined-macro", "UndefinedMacroError"},
    {"bad-vars", "DbtUsageException"},
    {"bad-usage", "DbtUsageException"},
    {"selection-method", "InvalidSelectorError"},
    {"selection-syntax", "DbtRuntimeError"},
    {"selection-value", "DbtRuntimeError"},
    {"bad-package", "DbtProjectError"},
    {"package-not-fetched", "DependencyError"},
});

}  // namespace

std::string_view DbtExceptionClass(const Diagnostic& diagnostic) {
  const auto* own = std::ranges::find(kClasses, diagnostic.kind.name, &decltype(kClasses)::value_type::first);
  if (own != kClasses.end()) return own->second;
  switch (diagnostic.kind.category) {
    case Category::kUsage:
      return "DbtUsageException";
    case Category::kConfig:
      return "DbtProjectError";
    case Category::kParsing:
      return "ParsingError";
    case Category::kCompilation:
      return "CompilationError";
    case Category::kDependency:
      return "DependencyError";
    case Category::kDatabase:
      return "DbtDatabaseError";
    case Category::kInternal:
      return "DbtInternalError";
    case Category::kRuntime:
    case Category::kIo:
      return "DbtRuntimeError";
  }
  return "DbtRuntimeError";
}

}  // namespace stir::engine
