#include "base/http.h"

#include <fmt/format.h>

#include <memory>
#include <string_view>

#include "base/curl.h"
#include "base/kinds.h"
#include "base/strings.h"

namespace stir {
namespace {

// Scheme and host only: the rest of a webhook's address is often its password.
std::string ShownUrl(std::string_view url) {
  const size_t host = url.find("://");
  if (host == std::string_view::npos) return "the address";
  const size_t end = std::min(url.find_first_of("/?#", host + 3), url.size());
  const size_t user = url.rfind('@', end);
  const size_t begin = user == std::string_view::npos || user < host ? host + 3 : user + 1;
  return fmt::format("`{}{}`", url.substr(0, host + 3), url.substr(begin, end - begin));
}

// One request under way.
struct Exchange {
  const HttpRequest& request;
  HttpResponse response;
  bool too_large = false;
};

size_t OnBody(char* bytes, size_t size, size_t count, void* context) {
  auto& exchange = *static_cast<Exchange*>(context);
  exchange.too_large = exchange.response.body.size() + size * count > exchange.request.largest;
  if (exchange.too_large) return 0;
  exchange.response.body.append(bytes, size * count);
  return size * count;
}

// libcurl asks at least once a second whether to go on.
int OnProgress(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(context)->request.cancel.stop_requested() ? 1 : 0;
}

size_t OnHeader(char* bytes, size_t size, size_t count, void* context) {
  auto& headers = static_cast<Exchange*>(context)->response.headers;
  const std::string_view line = Strip({bytes, size * count});
  if (line.starts_with("HTTP/"))
    headers.clear();  // an interim response (100) came first
  else if (const size_t colon = line.find(':'); colon != std::string_view::npos) {
    headers.emplace_back(line.substr(0, colon), Strip(line.substr(colon + 1)));
  }
  return size * count;
}

std::string HintFor(CURLcode code) {
  switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
      return "check the host's name, and that this machine reaches a name server";
    case CURLE_COULDNT_CONNECT:
      return "check host and port, and that no firewall is between";
    case CURLE_OPERATION_TIMEDOUT:
      return "the other side did not answer in time: try again, or raise the timeout";
    case CURLE_PEER_FAILED_VERIFICATION:
      return "the server's certificate is not trusted by this machine";
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_URL_MALFORMAT:
      return "an address starts with `http://` or `https://`";
    default:
      return {};
  }
}

Diagnostic NoResponse(const HttpRequest& request, std::string_view reason, std::string hint = {}) {
  return Diagnostic(kHttpNoResponse, fmt::format("no response from {}: {}", ShownUrl(request.url), reason))
      .Hint(std::move(hint));
}

class CurlHttp final : public Http {
 public:
  Result<HttpResponse> Send(const HttpRequest& request) override {
    const Curl& curl = Curl::Library();
    if (!curl.missing.empty()) {
      return NoResponse(request, "libcurl cannot be opened: " + curl.missing, "install the package `libcurl4`");
    }
    const std::unique_ptr<CURL, decltype(curl.cleanup)> handle(curl.init(), curl.cleanup);
    curl_slist* list = nullptr;
    for (const auto& [name, value] : request.headers) list = curl.append(list, (name + ": " + value).c_str());
    const std::unique_ptr<curl_slist, decltype(curl.free_list)> headers(list, curl.free_list);
    Exchange exchange{request, {}};
    Prepare(curl, handle.get(), headers.get(), exchange);
    const CURLcode code = curl.perform(handle.get());
    if (request.cancel.stop_requested()) return NoResponse(request, "it was stopped");
    if (exchange.too_large)
      return NoResponse(request, fmt::format("its body is larger than {} MiB", request.largest >> 20));
    if (code != CURLE_OK) return NoResponse(request, ToLower(curl.explain(code)), HintFor(code));
    long status = 0;
    curl.get_info(handle.get(), CURLINFO_RESPONSE_CODE, &status);
    exchange.response.status = static_cast<int>(status);
    return std::move(exchange.response);
  }

 private:
  static void Prepare(const Curl& curl, CURL* handle, curl_slist* headers, Exchange& exchange) {
    const HttpRequest& request = exchange.request;
    const auto timeout = std::chrono::ceil<std::chrono::milliseconds>(request.timeout).count();
    curl.set(handle, CURLOPT_URL, request.url.c_str());
    curl.set(handle, CURLOPT_PROTOCOLS_STR, "http,https");
    curl.set(handle, CURLOPT_NOSIGNAL, 1L);
    curl.set(handle, CURLOPT_TIMEOUT_MS, static_cast<long>(timeout));
    curl.set(handle, CURLOPT_USERAGENT, "stir");
    curl.set(handle, CURLOPT_HTTPHEADER, headers);
    if (!request.body.empty() || request.method == "POST") {
      curl.set(handle, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
      curl.set(handle, CURLOPT_POSTFIELDS, request.body.data());
    }
    if (request.method == "HEAD")
      curl.set(handle, CURLOPT_NOBODY, 1L);
    else
      curl.set(handle, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl.set(handle, CURLOPT_WRITEFUNCTION, &OnBody);
    curl.set(handle, CURLOPT_WRITEDATA, &exchange);
    curl.set(handle, CURLOPT_HEADERFUNCTION, &OnHeader);
    curl.set(handle, CURLOPT_HEADERDATA, &exchange);
    curl.set(handle, CURLOPT_NOPROGRESS, 0L);
    curl.set(handle, CURLOPT_XFERINFOFUNCTION, &OnProgress);
    curl.set(handle, CURLOPT_XFERINFODATA, &exchange);
    if (!request.credentials.empty()) {
      curl.set(handle, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
      curl.set(handle, CURLOPT_USERPWD, request.credentials.c_str());
    }
  }
};

}  // namespace

Http& SystemHttp() {
  static CurlHttp http;
  return http;
}

}  // namespace stir
