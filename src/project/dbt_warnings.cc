#include "project/dbt_warnings.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"

namespace stir::project {
namespace {

// Data of text values.
std::string Data(std::initializer_list<std::pair<std::string_view, std::string_view>> values) {
  JsonWriter json;
  json.BeginObject();
  for (const auto& [key, value] : values) json.Key(key).String(value);
  json.EndObject();
  return std::move(json).Take();
}

// "dim.v2".
std::string VersionedName(const Node& model) {
  const Text version = model.model->version;
  return version.empty() ? std::string(model.name) : fmt::format("{}.v{}", model.name, version);
}

}  // namespace

DbtEvent TargetNotFound(const Node& test, std::string_view kind, std::string_view name, std::string_view package) {
  return {"I060", "NodeNotFoundOrDisabled",
          fmt::format("Test '{}' ({}) depends on a {} named '{}' in package '{}' which was not found", test.unique_id,
                      test.original_file_path, kind, name, package),
          Data({{"disabled", "False"},
                {"original_file_path", test.original_file_path},
                {"resource_type_title", "Test"},
                {"target_kind", kind},
                {"target_name", name},
                {"target_package", package},
                {"unique_id", test.unique_id}})};
}

DbtEvent NoNodeForProperties(std::string_view name, std::string_view section, std::string_view file) {
  return {"I058", "NoNodeForYamlKey",
          fmt::format("Did not find matching node for patch with name '{}' in the '{}' section of file '{}'", name,
                      section, file),
          Data({{"file_path", file}, {"patch_name", name}, {"yaml_key", section}})};
}

DbtEvent NoMacroForProperties(std::string_view name) {
  return {"I059", "MacroNotFoundForPatch", fmt::format("Found patch for macro \"{}\" which was not found", name),
          Data({{"patch_name", name}})};
}

DbtEvent WrongSection(std::string_view name, std::string_view section, std::string_view file, std::string_view right) {
  const std::string_view type = right == "analyses" ? "analysis" : right.substr(0, right.size() - 1);
  return {"I057", "WrongResourceSchemaFile",
          fmt::format("'{}' is a {} node, but it is specified in the {} section of {}. To fix this error, place the "
                      "`{}` specification under the {} key instead.",
                      name, type, section, file, name, right),
          Data({{"file_path", file},
                {"patch_name", name},
                {"plural_resource_type", right},
                {"resource_type", type},
                {"yaml_key", section}})};
}

DbtEvent ModelDeprecated(const Node& model) {
  const Text date = model.model->deprecation_date;
  return {"I065", "DeprecatedModel",
          fmt::format("Model {} has passed its deprecation date of {}. This model should be disabled or removed.",
                      VersionedName(model), date),
          Data({{"deprecation_date", date}, {"model_name", model.name}, {"model_version", model.model->version}})};
}

DbtEvent ReferenceToDeprecated(const Node& from, const Node& to, bool past) {
  const Text date = to.model->deprecation_date, version = to.model->version, latest = to.model->latest_version;
  std::string message = fmt::format("While compiling '{}': Found a reference to {}, which {} on '{}'. ", from.name,
                                    VersionedName(to), past ? "was deprecated" : "is slated for deprecation", date);
  if (!version.empty() && version != latest) {
    message += fmt::format("A new version of '{}' is available. {}: {{{{ ref('{}', '{}', v='{}') }}}}.", to.name,
                           past ? "Migrate now" : "Try it out", to.package, to.name, latest);
  }
  return {past ? "I067" : "I066", past ? "DeprecatedReference" : "UpcomingReferenceDeprecation", std::move(message),
          Data({{"model_name", from.name},
                {"ref_model_deprecation_date", date},
                {"ref_model_latest_version", latest.empty() ? "None" : latest},
                {"ref_model_name", to.name},
                {"ref_model_package", to.package},
                {"ref_model_version", version}})};
}

DbtEvent UnusedConfigPaths(const std::vector<std::string>& paths) {
  JsonWriter json;
  json.BeginObject().Key("unused_config_paths").BeginArray();
  for (const std::string& path : paths) json.String(path);
  json.EndArray().EndObject();
  return {"I051", "UnusedResourceConfigPath",
          fmt::format("Configuration paths exist in your dbt_project.yml file which do not apply to any "
                      "resources.\nThere are {} unused configuration paths:\n- {}",
                      paths.size(), Join(paths, "\n- ")),
          std::move(json).Take()};
}

DbtEvent BadMacroAnnotation(const Macro& macro, std::string message) {
  std::string data = Data({{"macro_file_path", macro.path}, {"macro_unique_id", macro.unique_id}, {"msg", message}});
  return {"I076", "InvalidMacroAnnotation", std::move(message), std::move(data)};
}

DbtEvent MovedToConfig(std::string_view key, std::string_view path, std::string_view file) {
  return {"D030", "PropertyMovedToConfigDeprecation",
          fmt::format("Found `{0}` as a top-level property of `{1}` in file `{2}`. The `{0}` top-level property should "
                      "be moved into the `config` of `{1}`.",
                      key, path, file),
          Data({{"file", file}, {"key", key}, {"key_path", path}})};
}

DbtEvent ArgumentsOutside(std::string_view test, std::string_view resource, std::string_view package,
                          std::string_view file) {
  const std::string what = fmt::format("`{}` defined on '{}' in package '{}' ({})", test, resource, package, file);
  return {"D039", "MissingArgumentsPropertyInGenericTestDeprecation",
          fmt::format("Found top-level arguments to test {}. Arguments to generic tests should be nested under the "
                      "`arguments` property.",
                      what),
          Data({{"test_name", what}})};
}

DbtEvent PathsRenamed(std::string_view code, std::string_view event, std::string_view old, std::string_view now) {
  return {std::string(code), std::string(event),
          fmt::format("The `{}` config has been renamed to `{}`. Please update your `dbt_project.yml` configuration to "
                      "reflect this change.",
                      old, now),
          Data({{"deprecated_path", old}, {"exp_path", now}})};
}

DbtEvent FolderMoved(std::string_view code, std::string_view event, std::string_view key, std::string_view output,
                     std::string_view env_var) {
  return {std::string(code), std::string(event),
          fmt::format("The `{0}` config in `dbt_project.yml` has been deprecated, and will no longer be supported in a "
                      "future version of dbt-core. If you wish to write dbt {1} to a custom directory, please use the "
                      "--{0} CLI flag or {2} env var instead.",
                      key, output, env_var),
          Data({{"deprecated_path", key}})};
}

}  // namespace stir::project
