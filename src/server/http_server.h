// HTTP/1.1 on a socket, event driven: one thread serves all connections, a few work on requests that read the store.
// Bounds come before work: a header or body that is too large is refused before it is read, a client that is slow to
// ask, or to take its answer, is let go.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "server/endpoint.h"
#include "server/http.h"

namespace stir::server {

struct HttpLimits {
  size_t header_bytes = size_t{16} << 10;
  size_t body_bytes = size_t{1} << 20;
  size_t connections = 2000;                     // fewer where the system allows fewer files
  size_t waiting = 256;                          // requests that wait to be worked on
  std::chrono::milliseconds idle_time{60000};    // between requests
  std::chrono::milliseconds header_time{10000};  // for all of a header
  std::chrono::milliseconds body_time{30000};
  std::chrono::milliseconds write_time{30000};  // for an answer, or a part of a feed
  std::chrono::milliseconds linger_time{2000};  // for a client to read why it was refused
  std::chrono::milliseconds heartbeat{15000};   // of a feed that has nothing to say
};

class HttpHandler {
 public:
  virtual ~HttpHandler() = default;
  // From several threads; may read files and wait for the store.
  virtual Response Answer(const Request& request) = 0;
  // From the thread of all connections, which may not be kept waiting; nullopt: Answer is asked.
  virtual std::optional<Response> AnswerAtOnce(const Request& request) = 0;
  // To what is no request: too large, or not HTTP.
  virtual Response Refuse(int status, std::string_view detail) = 0;
};

class HttpServer {
 public:
  // Answers from now on. `handler` outlives it. Fails when the address cannot be had, and says why.
  static Result<std::unique_ptr<HttpServer>> Listen(const Endpoint& endpoint, const HttpLimits& limits,
                                                    HttpHandler& handler);
  HttpServer() = default;
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;
  virtual ~HttpServer() = default;  // closes all connections

  virtual uint16_t port() const = 0;
  virtual bool is_loopback() const = 0;  // cannot be reached from other machines
  // From any thread: feeds have news.
  virtual void Wake() = 0;
};

}  // namespace stir::server
