#include "server/endpoint.h"

#include <fmt/format.h>

#include <charconv>

#include "server/kinds.h"

namespace stir::server {

Result<Endpoint> ParseEndpoint(std::string_view text) {
  Endpoint endpoint;
  const size_t colon = text.rfind(':');
  std::string_view host = colon == std::string_view::npos ? std::string_view() : text.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? text : text.substr(colon + 1);
  const bool in_brackets = host.starts_with('[') && host.ends_with(']');
  if (in_brackets) host = host.substr(1, host.size() - 2);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), endpoint.port);
  const bool is_port = error == std::errc() && end == port.data() + port.size();
  if (!is_port || (!in_brackets && host.find(':') != std::string_view::npos))
    return Diagnostic(kBadListen, fmt::format("`{}` is no address to listen on", text))
        .Hint("write a port (8642), or host and port (0.0.0.0:8642, [::1]:8642)");
  if (!host.empty()) endpoint.host = host;
  return endpoint;
}

}  // namespace stir::server
