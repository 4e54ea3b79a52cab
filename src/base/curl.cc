#include "base/curl.h"

#include <dlfcn.h>

namespace stir {
namespace {

template <typename F>
bool FindSymbol(void* library, const char* name, F& function) {
  function = reinterpret_cast<F>(dlsym(library, name));
  return function != nullptr;
}

Curl OpenCurl() {
  Curl curl;
  void* library = dlopen("libcurl.so.4", RTLD_NOW | RTLD_LOCAL);
  const bool found =
      library != nullptr && FindSymbol(library, "curl_global_init", curl.global_init) &&
      FindSymbol(library, "curl_easy_init", curl.init) && FindSymbol(library, "curl_easy_setopt", curl.set) &&
      FindSymbol(library, "curl_easy_perform", curl.perform) &&
      FindSymbol(library, "curl_easy_getinfo", curl.get_info) &&
      FindSymbol(library, "curl_easy_strerror", curl.explain) &&
      FindSymbol(library, "curl_easy_cleanup", curl.cleanup) && FindSymbol(library, "curl_slist_append", curl.append) &&
      FindSymbol(library, "curl_slist_free_all", curl.free_list);
  if (!found) {
    const char* reason = dlerror();
    curl.missing = reason == nullptr ? "unknown reason" : reason;
  } else if (curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
    curl.missing = "it does not start";
  }
  return curl;
}

}  // namespace

const Curl& Curl::Library() {
  static const Curl curl = OpenCurl();
  return curl;
}

}  // namespace stir
