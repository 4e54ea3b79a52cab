// .stir/ of a project: the store, the logs, the locks. It keeps itself out of version control.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/files.h"
#include "base/result.h"
#include "engine/host.h"
#include "engine/options.h"
#include "store/store.h"

namespace stir::engine {

struct StateFolder {
  std::filesystem::path root;  // absolute

  explicit StateFolder(const std::filesystem::path& project_dir) : root(project_dir / ".stir") {}
  std::filesystem::path store() const { return root / "state.db"; }
  std::filesystem::path parse_cache() const { return root / "cache" / "parse"; }
  std::filesystem::path parsed_nodes() const { return root / "cache" / "nodes"; }  // the part that few commands read
  std::filesystem::path manifest_note() const { return root / "cache" / "manifest"; }
  std::filesystem::path logs() const { return root / "logs"; }
  std::filesystem::path lock(const std::string& name) const { return root / "locks" / (name + ".lock"); }
};

// Makes the folder if need be, and keeps it out of version control.
Status MakeStateFolder(const Host& host, const StateFolder& folder);
// Makes the folder if need be and opens the store in it.
Result<std::unique_ptr<store::Store>> OpenStore(const Host& host, const StateFolder& folder);
// Null when the project has no store yet: nothing ever ran.
Result<std::unique_ptr<store::Store>> OpenStoreIfThere(const Host& host, const StateFolder& folder);

}  // namespace stir::engine
