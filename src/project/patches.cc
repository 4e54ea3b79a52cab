// A node is looked for in the file's own package first, then anywhere.
#include "project/patches.h"

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "project/dbt_warnings.h"
#include "project/kinds.h"
#include "project/macro_annotations.h"

namespace stir::project {

namespace {

std::string KeyOf(std::string_view section, std::string_view package, std::string_view name) {
  std::string key;
  key.reserve(section.size() + package.size() + name.size() + 2);
  key.append(section).append(1, '\n').append(package).append(1, '\n').append(name);
  return key;
}

}  // namespace

std::string_view SectionOf(FileKind kind) {
  switch (kind) {
    case FileKind::kSeed:
      return "seeds";
    case FileKind::kAnalysis:
      return "analyses";
    case FileKind::kTest:
      return "data_tests";
    case FileKind::kSnapshot:
      return "snapshots";
    case FileKind::kFunction:
      return "functions";
    default:
      return "models";
  }
}

PatchIndex::PatchIndex(std::vector<Patchable> resources) : resources_(std::move(resources)) {
  patches_.reserve(resources_.size());
  any_package_.reserve(resources_.size());
  for (const Patchable& each : resources_) {
    patches_.emplace(KeyOf(each.section, each.package, each.name), Patch{});
    any_package_.emplace(KeyOf(each.section, "", each.name), each.package);
  }
}

void PatchIndex::Add(const PropertiesFile& file, Diagnostics& errors, Diagnostics& warnings) {
  for (size_t i = 0; i < file.properties.nodes.size(); ++i) Add(file, i, errors, warnings);
}

void PatchIndex::Add(const PropertiesFile& file, size_t index, Diagnostics& errors, Diagnostics& warnings) {
  const NodePatch& patch = file.properties.nodes[index];
  if (patch.relation) return;  // makes its node itself
  std::string_view name = patch.name;
  auto found = patches_.find(KeyOf(patch.section, file.package->name(), name));
  for (size_t i = 0; i < patch.files.size() && (i == 0 || found == patches_.end()); ++i) {
    name = patch.files[i];
    found = patches_.find(KeyOf(patch.section, file.package->name(), name));
  }
  if (found == patches_.end()) {
    auto elsewhere = any_package_.find(KeyOf(patch.section, "", name));
    if (elsewhere == any_package_.end())
      return WarnNoNode(file, patch, patch.files.empty() ? patch.name : patch.files.front(), warnings);
    found = patches_.find(KeyOf(patch.section, elsewhere->second, name));
  }
  if (!found->second) {
    found->second = Patch{&file, &patch, index};
    return;
  }
  errors.push_back(Diagnostic(kDuplicatePatch, "`" + patch.name + "` has properties in two places", patch.name_span)
                       .With({found->second.patch->name_span, "the other one"})
                       .Hint("keep one of them"));
}

void PatchIndex::WarnNoNode(const PropertiesFile& file, const NodePatch& patch, const std::string& name,
                            Diagnostics& warnings) const {
  for (std::string_view section : {"models", "seeds", "analyses", "snapshots", "functions"}) {
    if (section == patch.section || !patches_.contains(KeyOf(section, file.package->name(), name))) continue;
    warnings.push_back(Diagnostic(kPatchWithoutNode,
                                  "`" + name + "` belongs to `" + std::string(section) + "`, not to `" +
                                      std::string(patch.section) + "`",
                                  patch.name_span)
                           .As(Severity::kWarning)
                           .Hint("move it to `" + std::string(section) + ":`")
                           .InDbt(WrongSection(name, patch.section, file.file->path, section)));
    return;
  }
  std::vector<std::string> names;
  for (const Patchable& each : resources_) {
    if (each.section == patch.section) names.emplace_back(each.name);
  }
  warnings.push_back(Diagnostic(kPatchWithoutNode,
                                "properties of `" + name + "`, but no such " +
                                    std::string(patch.section.substr(0, patch.section.size() - 1)),
                                patch.name_span)
                         .As(Severity::kWarning)
                         .Hint(DidYouMean(name, names))
                         .InDbt(NoNodeForProperties(name, patch.section, file.file->path)));
}

Patch PatchIndex::Find(const Patchable& resource) const {
  auto found = patches_.find(KeyOf(resource.section, resource.package, resource.name));
  return found == patches_.end() ? Patch{} : found->second;
}

void PatchIndex::Renew(const std::function<bool(const PropertiesFile&)>& renewed) {
  for (auto& [key, patch] : patches_) {
    if (patch && renewed(*patch.file)) patch.patch = &patch.file->properties.nodes[patch.index];
  }
}

void DescribeMacros(const PropertiesFile& file, const DocIndex& docs, MacroIndex& macros, Diagnostics& errors,
                    Diagnostics& warnings) {
  const auto description_of = [&](const YamlNode& description) -> std::string {
    if (!description) return {};
    Result<DocIndex::Rendered> rendered = docs.Render(*description, file.package->name());
    if (rendered.ok()) return std::move(rendered->text);
    Append(errors, std::move(rendered).error());
    return {};
  };
  for (const MacroPatch& patch : file.properties.macros) {
    Macro* macro = macros.Mutable(file.package->name(), patch.name);
    if (!macro) {
      warnings.push_back(
          Diagnostic(kPatchWithoutNode, "properties of macro `" + patch.name + "`, but no such macro", patch.name_span)
              .As(Severity::kWarning)
              .Hint(DidYouMean(patch.name, macros.Names(file.package->name())))
              .InDbt(NoMacroForProperties(patch.name)));
      continue;
    }
    macro->description = description_of(patch.description);
    macro->patch_path = file.patch_path;
    macro->meta = patch.meta;
    macro->docs_show = patch.docs_show;
    if (patch.arguments.empty()) continue;
    std::vector<MacroArgument> arguments = patch.arguments;
    for (size_t i = 0; i < arguments.size(); ++i)
      arguments[i].description = description_of(patch.argument_descriptions[i]);
    CheckAnnotations(*macro, patch, warnings);
    macro->arguments = std::move(arguments);
  }
}

}  // namespace stir::project
