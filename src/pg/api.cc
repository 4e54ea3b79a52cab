// Finds and opens libpq.
#include "pg/api.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <mutex>

#include "pg/kinds.h"

namespace stir::pg {
namespace {

Result<Api> Load() {
  const char* const hint = "install PostgreSQL's client library: `apt-get install libpq5`";
  void* library = dlopen("libpq.so.5", RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    return Diagnostic(kClientLibraryMissing,
                      fmt::format("PostgreSQL's client library could not be opened: {}", dlerror()))
        .Hint(hint);
  }
  Api api;
  const char* missing = nullptr;
#define STIR_LIBPQ_FIND(name)                                                  \
  api.name = reinterpret_cast<decltype(api.name)>(dlsym(library, "PQ" #name)); \
  if (api.name == nullptr) missing = "PQ" #name;
  STIR_LIBPQ_FUNCTIONS(STIR_LIBPQ_FIND)
#undef STIR_LIBPQ_FIND
  if (missing == nullptr) return api;
  return Diagnostic(kClientLibraryMissing, fmt::format("the libpq found has no function `{}`", missing)).Hint(hint);
}

}  // namespace

Result<const Api*> LoadApi() {
  static std::mutex mutex;
  static Api api;
  static bool loaded = false;
  const std::lock_guard lock(mutex);
  if (!loaded) {
    STIR_ASSIGN(api, Load());
    loaded = true;
  }
  return &api;
}

}  // namespace stir::pg
