#include "engine/state_folder.h"

namespace stir::engine {

Status MakeStateFolder(const Host& host, const StateFolder& folder) {
  STIR_TRY(host.files.MakeDirectories(folder.root));
  const auto ignore = folder.root / ".gitignore";
  if (!host.files.Exists(ignore)) STIR_TRY(host.files.Write(ignore, "*\n"));
  return {};
}

Result<std::unique_ptr<store::Store>> OpenStore(const Host& host, const StateFolder& folder) {
  STIR_TRY(MakeStateFolder(host, folder));
  store::StoreOptions options;
  options.before_write = host.on_step;
  return store::OpenSqliteStore(folder.store().string(), options);
}

Result<std::unique_ptr<store::Store>> OpenStoreIfThere(const Host& host, const StateFolder& folder) {
  if (!host.files.Exists(folder.store())) return std::unique_ptr<store::Store>();
  return OpenStore(host, folder);
}

}  // namespace stir::engine
