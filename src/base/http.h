// One HTTP request, whole body in and out, over libcurl. For webhooks and small API calls; streaming comes with what
// needs it.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

namespace stir {

struct HttpRequest {
  std::string method = "GET";
  std::string url{};
  std::vector<std::pair<std::string, std::string>> headers{};
  std::string body{};
  Duration timeout = std::chrono::seconds(30);
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
