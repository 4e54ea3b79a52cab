// Where a server listens.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace stir::server {

struct Endpoint {
  std::string host = "127.0.0.1";  // an address or a name
  uint16_t port = 0;               // 0: one that is free
};

// "HOST:PORT", "[::1]:PORT", "PORT".
Result<Endpoint> ParseEndpoint(std::string_view text);

}  // namespace stir::server
