// The warnings that dbt has, in its words.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/diagnostic.h"
#include "project/manifest.h"

namespace stir::project {

// A test refers to something (`kind`: "node", "source", ...) that is not there.
DbtEvent TargetNotFound(const Node& test, std::string_view kind, std::string_view name, std::string_view package);
// Properties in a section of a file, of something that is not there.
DbtEvent NoNodeForProperties(std::string_view name, std::string_view section, std::string_view file);
DbtEvent NoMacroForProperties(std::string_view name);
// Properties of a `type` that stand in a section for something else; `right`: the section they belong in.
DbtEvent WrongSection(std::string_view name, std::string_view section, std::string_view file, std::string_view right);
// A model that has passed its `deprecation_date`, and a model that refers to one that has, or will have.
DbtEvent ModelDeprecated(const Node& model);
DbtEvent ReferenceToDeprecated(const Node& from, const Node& to, bool past);
DbtEvent UnusedConfigPaths(const std::vector<std::string>& paths);
// A property of `path` that belongs into its `config`, and arguments of a generic test outside of `arguments`.
DbtEvent MovedToConfig(std::string_view key, std::string_view path, std::string_view file);
DbtEvent ArgumentsOutside(std::string_view test, std::string_view resource, std::string_view package,
                          std::string_view file);
// `message`: what is wrong about the properties of a macro's arguments.
DbtEvent BadMacroAnnotation(const Macro& macro, std::string message);
// A key of dbt_project.yml that has got another name: `source-paths`, `data-paths`.
DbtEvent PathsRenamed(std::string_view code, std::string_view event, std::string_view old, std::string_view now);
// A folder for dbt's `output` that belongs into an option or the variable `env_var`: `log-path`, `target-path`.
DbtEvent FolderMoved(std::string_view code, std::string_view event, std::string_view key, std::string_view output,
                     std::string_view env_var);

}  // namespace stir::project
