// Finds and opens libduckdb.so.
#include "adapter/duckdb/api.h"

#include <dlfcn.h>
#include <fmt/format.h>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <vector>

#include "adapter/kinds.h"

namespace stir::adapter::duckdb {
namespace {

constexpr const char* kLibrary = "libduckdb.so";

std::vector<std::string> Candidates() {
  std::vector<std::string> paths;
  if (const char* dir = std::getenv("STIR_LIB_DIR"); dir != nullptr && *dir != '\0') {
    paths.push_back(fmt::format("{}/{}", dir, kLibrary));
  }
  std::error_code ignored;
  if (const auto program = std::filesystem::read_symlink("/proc/self/exe", ignored); !program.empty()) {
    const auto dir = program.parent_path();
    paths.push_back((dir / kLibrary).string());
    paths.push_back((dir.parent_path() / "lib" / kLibrary).string());
  }
  paths.push_back(fmt::format("{}/{}", STIR_BUILD_LIB_DIR, kLibrary));
  return paths;
}

// The first candidate that is there decides: one that is there but broken is an error, not a reason to look further.
Result<void*> OpenLibrary() {
  std::vector<std::string> paths = Candidates();
  std::error_code ignored;
  std::string path = kLibrary;
  for (const std::string& candidate : paths) {
    if (!std::filesystem::exists(candidate, ignored)) continue;
    path = candidate;
    break;
  }
  if (void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) return library;
  return Diagnostic(kEngineLibraryMissing, fmt::format("the DuckDB engine could not be opened: {}", dlerror()))
      .Hint(fmt::format("put {} beside `stir` or in ../lib, or name its folder in STIR_LIB_DIR", kLibrary));
}

Result<Api> Load() {
  STIR_ASSIGN(void* library, OpenLibrary());
  Api api;
  const char* missing = nullptr;
#define STIR_DUCKDB_FIND(name)                                                      \
  api.name = reinterpret_cast<decltype(api.name)>(dlsym(library, "duckdb_" #name)); \
  if (api.name == nullptr) missing = "duckdb_" #name;
  STIR_DUCKDB_FUNCTIONS(STIR_DUCKDB_FIND)
#undef STIR_DUCKDB_FIND
  if (missing == nullptr) return api;
  return Diagnostic(kEngineLibraryMissing, fmt::format("the DuckDB library found has no function `{}`", missing))
      .Hint("it is of another version than stir was built for; `tools/setup` installs the right one");
}

}  // namespace

Result<const Api*> LoadApi() {
  // What is found stays for the life of the process; a failure is tried again, the library may be put there meanwhile.
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

std::string LibraryFolder(const Api& api) {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(api.library_version), &info) == 0) return "";
  return std::filesystem::path(info.dli_fname).parent_path().string();
}

std::string TakeString(const Api& api, char* text) {
  if (text == nullptr) return "";
  std::string out = text;
  api.free(text);
  return out;
}

}  // namespace stir::adapter::duckdb
