// One HTTP request, whole body in and out, over libcurl.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/cancel.h"
#include "base/clock.h"
#include "base/result.h"

namespace stir {

struct HttpRequest {
  std::string method = "GET";
  std::string url{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  Duration timeout = std::chrono::seconds(30);
  std::string credentials{};           // "user:password", for Basic; empty: none
  size_t largest = size_t{256} << 20;  // a longer body is no response
  CancelToken cancel{};                // ends it within a second
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
};

class Http {
 public:
  virtual ~Http() = default;
  // Fails only when there is no response (name, connect, TLS, timeout); a 500 is a response. Thread safe.
  virtual Result<HttpResponse> Send(const HttpRequest& request) = 0;
};

Http& SystemHttp();

}  // namespace stir
