// A request and its answer as values: what comes in from http_server.h and goes back to it. Nothing here knows a
// socket.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace stir::server {

struct Header {
  std::string name, value;
};

struct Request {
  std::string method;           // "GET", as it came
  std::string target;           // "/api/v1/runs?limit=5"
  std::vector<Header> headers;  // names in lower case
  std::string body;

  // The value of the only header of this name; empty: there is none, or there are several.
  std::string_view Find(std::string_view name) const;
  size_t Count(std::string_view name) const;
};

// An answer that does not end. Used by one thread, which may not be kept waiting.
class Feed {
 public:
  virtual ~Feed() = default;
  // What there is to be sent since the last call; empty: nothing now, ask again after HttpServer::Wake.
  virtual std::string Next() = 0;
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  std::vector<Header> headers;
  std::shared_ptr<Feed> feed;  // follows in place of a body
};

}  // namespace stir::server
