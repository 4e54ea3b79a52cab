#include "engine/bell.h"

namespace stir::engine {

// In a folder of its own: who watches it hears nothing else.
std::filesystem::path BellOf(const StateFolder& folder) { return folder.root / "bell" / "ring"; }

Status RingBell(Files& files, const StateFolder& folder) { return files.Write(BellOf(folder), "\n"); }

}  // namespace stir::engine
