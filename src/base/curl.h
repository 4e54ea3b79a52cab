// libcurl, opened when it is first needed: it and the two dozen libraries behind it would otherwise cost every command
// its start-up time. For the sources of this room.
#pragma once

#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>

#include <string>

namespace stir {

struct Curl {
  static const Curl& Library();  // thread safe

  decltype(&curl_global_init) global_init = nullptr;
  decltype(&curl_easy_init) init = nullptr;
  decltype(&curl_easy_setopt) set = nullptr;
  decltype(&curl_easy_perform) perform = nullptr;
  decltype(&curl_easy_getinfo) get_info = nullptr;
  decltype(&curl_easy_strerror) explain = nullptr;
  decltype(&curl_easy_cleanup) cleanup = nullptr;
  decltype(&curl_slist_append) append = nullptr;
  decltype(&curl_slist_free_all) free_list = nullptr;
  std::string missing;  // why there is no libcurl; empty when all is well
};

}  // namespace stir
