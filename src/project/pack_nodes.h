// Nodes and what stands beside them, packed. A chunk of nodes is packed by itself, so that chunks are read on all
// cores.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/digest.h"
#include "project/manifest.h"
#include "project/reads.h"

namespace stir::project {

class PackedSources;
class Packer;
class Unpacker;

// Nothing when a value cannot be packed: an object that a template put into a configuration.
std::optional<std::string> PackNodes(std::span<const Node> nodes, const PackedSources& sources);
// Texts are views into `pack` and into the sources' texts. Nothing when the pack is not whole.
std::optional<std::vector<Node>> UnpackNodes(std::string_view pack, const PackedSources& sources);

// Of all that other nodes, checks and warnings may see of a node: as long as it is the same, only the node itself has
// changed. It leaves out its text, the places that it names, and what joining decides.
Hash128 ShapeOf(const Node& node);

// What properties say about macros.
void PackMacroProperties(Packer& pack, const MacroIndex& macros);
bool UnpackMacroProperties(Unpacker& pack, MacroIndex& macros);

// Only kinds that parsing warns of can be packed; any other makes the pack fail.
void PackWarnings(Packer& pack, const Diagnostics& warnings);
bool CanPack(const Diagnostics& warnings);
Diagnostics UnpackWarnings(Unpacker& pack);

void PackReads(Packer& pack, const Reads& reads);
Reads UnpackReads(Unpacker& pack);
void PackGroups(Packer& pack, const std::vector<Group>& groups);
std::vector<Group> UnpackGroups(Unpacker& pack);

}  // namespace stir::project
