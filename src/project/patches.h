// Which properties belong to which node, by section, package and name; and what properties say of macros.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "project/build_nodes.h"

namespace stir::project {

// "models", "seeds", ...: where properties of a node from such a file stand.
std::string_view SectionOf(FileKind kind);

// Something that properties can be about; the texts outlive the index.
struct Patchable {
  std::string_view section, package, name;
};

class PatchIndex {
 public:
  PatchIndex() = default;
  explicit PatchIndex(std::vector<Patchable> resources);

  // Two patches of one node are an error, one of none a warning.
  void Add(const PropertiesFile& file, Diagnostics& errors, Diagnostics& warnings);
  Patch Find(const Patchable& resource) const;
  // Files were read anew: their patches are at other addresses.
  void Renew(const std::function<bool(const PropertiesFile&)>& renewed);

 private:
  void Add(const PropertiesFile& file, size_t index, Diagnostics& errors, Diagnostics& warnings);
  void WarnNoNode(const PropertiesFile& file, const NodePatch& patch, const std::string& name,
                  Diagnostics& warnings) const;

  std::vector<Patchable> resources_;
  std::unordered_map<std::string, Patch> patches_;                 // of every resource
  std::unordered_map<std::string, std::string_view> any_package_;  // section, name -> package
};

// Tells macros what the file says of them.
void DescribeMacros(const PropertiesFile& file, const DocIndex& docs, MacroIndex& macros, Diagnostics& errors,
                    Diagnostics& warnings);

}  // namespace stir::project
