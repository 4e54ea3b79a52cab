#include "engine/warning_policy.h"

#include <fmt/format.h>
#include <algorithm>
#include <array>

#include "base/strings.h"
#include "engine/kinds.h"
#include "yaml/node.h"

namespace stir::engine {
namespace {

constexpr std::string_view kDeprecations = "Deprecations";
constexpr std::string_view kOwnWarning = "StirWarning";

// dbt's events that can warn.
constexpr auto kNames = std::to_array<std::string_view>({
    kDeprecations,
    "AdapterDeprecationWarning",
    "AdapterEventWarning",
    "AdapterRegistered",
    "ArgumentsPropertyInGenericTestDeprecation",
    "BehaviorChangeEvent",
    "CatalogGenerationError",
    "CollectFreshnessReturnSignature",
    "ConfigDataPathDeprecation",
    "ConfigLogPathDeprecation",
    "ConfigSourcePathDeprecation",
    "ConfigTargetPathDeprecation",
    "ConstraintNotEnforced",
    "ConstraintNotSupported",
    "CustomKeyInConfigDeprecation",
    "CustomKeyInObjectDeprecation",
    "CustomOutputPathInSourceFreshnessDeprecation",
    "CustomTopLevelKeyDeprecation",
    "DeprecatedModel",
    "DeprecatedReference",
    "DeprecationsSummary",
    "DepsScrubbedPackageName",
    "DepsUnpinned",
    "DuplicateNameDistinctNodeTypesDeprecation",
    "DuplicateYAMLKeysDeprecation",
    "EnvironmentVariableNamespaceDeprecation",
    "EnvironmentVariableRenamed",
    "ExposureNameDeprecation",
    "FreshnessConfigProblem",
    "GenerateSchemaNameNullValueDeprecation",
    "GenericJSONSchemaValidationDeprecation",
    "GenericSemanticLayerDeprecation",
    "GetMetaKeyWarning",
    "InternalDeprecation",
    "InvalidConcurrentBatchesConfig",
    "InvalidMacroAnnotation",
    "InvalidValueForField",
    "JinjaLogWarning",
    "LogBatchResult",
    "LogFreshnessResult",
    "LogFunctionResult",
    "LogModelResult",
    "LogNodeResult",
    "LogOverloadResult",
    "LogSeedResult",
    "LogSnapshotResult",
    "LogTestResult",
    "MFConverterIssue",
    "MFCumulativeTypeParamsDeprecation",
    "MFTimespineWithoutYamlConfigurationDeprecation",
    "MacroNotFoundForPatch",
    "MetricAttributesRenamed",
    "MicrobatchMacroOutsideOfBatchesDeprecation",
    "MicrobatchModelNoEventTimeInputs",
    "MissingArgumentsPropertyInGenericTestDeprecation",
    "MissingPlusPrefixDeprecation",
    "ModelParamUsageDeprecation",
    "ModulesItertoolsUsageDeprecation",
    "NoNodeForYamlKey",
    "NoNodesForSelectionCriteria",
    "NoNodesSelected",
    "NodeNotFoundOrDisabled",
    "Note",
    "NothingToDo",
    "PackageInstallPathDeprecation",
    "PackageMaterializationOverrideDeprecation",
    "PackageNodeDependsOnRootProjectNode",
    "PackageRedirectDeprecation",
    "ProjectFlagsMovedDeprecation",
    "PropertyMovedToConfigDeprecation",
    "ResourceNamesWithSpacesDeprecation",
    "RunResultWarning",
    "RunResultWarningMessage",
    "SeedExceedsLimitAndPathChanged",
    "SeedExceedsLimitChecksumChanged",
    "SeedExceedsLimitSamePath",
    "SeedIncreased",
    "SelectExcludeIgnoredWithSelectorWarning",
    "SemanticValidationFailure",
    "SnapshotTimestampWarning",
    "SourceFreshnessProjectHooksNotRun",
    "SourceOverrideDeprecation",
    "SpacesInResourceNameDeprecation",
    kOwnWarning,
    "TestsConfigDeprecation",
    "TimeDimensionsRequireGranularityDeprecation",
    "UnexpectedJinjaBlockDeprecation",
    "UnsupportedConstraintMaterialization",
    "UnusedResourceConfigPath",
    "UnusedTables",
    "UnversionedBreakingChange",
    "UpcomingReferenceDeprecation",
    "ValidationWarning",
    "WEOIncludeExcludeDeprecation",
    "WarnStateTargetEqual",
    "WrongResourceSchemaFile",
});

bool Holds(const std::vector<std::string>& names, std::string_view name) {
  return std::ranges::find(names, name) != names.end();
}

class PolicyReader {
 public:
  Result<WarningPolicy> Read(const yaml::Node& root) {
    for (const yaml::Entry& entry : root.entries) {
      const std::string& key = entry.key->text;
      if (key == "error" || key == "include") {
        ReadError(*entry.value);
      } else if (key == "warn" || key == "exclude") {
        policy_.warn = Names(*entry.value);
      } else if (key == "silence") {
        policy_.silence = Names(*entry.value);
      } else {
        Bad(fmt::format("`{}` is not a key of warn-error-options", key), entry.key->span,
            "it takes error, warn and silence");
      }
    }
    const bool has_base =
        policy_.error_all || Holds(policy_.error, kDeprecations) || Holds(policy_.silence, kDeprecations);
    if (!policy_.warn.empty() && !has_base) {
      Bad("`warn` can only be specified if `error` is one of ('all', '*') or Deprecations is in `error` or silence.",
          root.span, "add `error: all`");
    }
    if (!errors_.empty()) return std::move(errors_);
    return std::move(policy_);
  }

 private:
  void Bad(std::string message, Span span, std::string hint) {
    errors_.push_back(Diagnostic(kBadWarningOptions, std::move(message), span).Hint(std::move(hint)));
  }

  void ReadError(const yaml::Node& value) {
    policy_.error_all = value.IsScalar() && (value.text == "all" || value.text == "*");
    if (!policy_.error_all) policy_.error = Names(value);
  }

  std::vector<std::string> Names(const yaml::Node& value) {
    std::vector<std::string> names;
    if (value.IsNull()) return names;
    if (!value.IsSequence()) {
      Bad("a list of event names belongs here", value.span, "as in [NoNodesForSelectionCriteria]");
      return names;
    }
    for (const auto& item : value.items) {
      if (std::ranges::find(kNames, item->text) == kNames.end()) {
        Bad(fmt::format("{} is not a valid dbt error name.", item->text), item->span,
            DidYouMean(item->text, std::vector<std::string>(kNames.begin(), kNames.end())));
      } else {
        names.push_back(item->text);
      }
    }
    return names;
  }

  WarningPolicy policy_;
  Diagnostics errors_;
};

}  // namespace

Treatment WarningPolicy::For(std::string_view event, std::string_view code) const {
  if (Holds(silence, event)) return Treatment::kSilence;
  if (Holds(warn, event)) return Treatment::kWarn;
  if (Holds(error, event)) return Treatment::kError;
  if (code.starts_with('D')) {
    if (Holds(silence, kDeprecations)) return Treatment::kSilence;
    if (Holds(warn, kDeprecations)) return Treatment::kWarn;
    if (Holds(error, kDeprecations)) return Treatment::kError;
  }
  // What dbt does not warn of fails nothing that dbt passes.
  return error_all && event != kOwnWarning ? Treatment::kError : Treatment::kWarn;
}

Result<WarningPolicy> ParseWarningPolicy(std::string_view yaml, SourceMap& sources) {
  if (Strip(yaml).empty()) return WarningPolicy{};
  const SourceId source = sources.Add("--warn-error-options", std::string(yaml));
  STIR_ASSIGN(const yaml::Document document, yaml::Parse(sources, source));
  if (!document.root->IsMapping()) {
    return Diagnostic(kBadWarningOptions, "warn-error-options has to be a mapping", document.root->span)
        .Hint("as in '{error: all, silence: [NothingToDo]}'");
  }
  return PolicyReader().Read(*document.root);
}

}  // namespace stir::engine
