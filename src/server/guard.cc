#include "server/guard.h"

#include <arpa/inet.h>

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/strings.h"
#include "server/kinds.h"
#include "server/problem.h"

namespace stir::server {
namespace {

constexpr std::array<std::string_view, 4> kRoles = {"anybody", "viewer", "operator", "admin"};

// "localhost:8642" without its port.
std::string_view HostOnly(std::string_view host) {
  const size_t after = host.starts_with('[') ? host.find(']') : 0;
  if (after == std::string_view::npos) return {};
  const size_t colon = host.find(':', after);
  return host.substr(0, colon);
}

bool IsOurs(std::string_view host, const Names& names) {
  if (host.empty()) return false;
  const std::string name = ToLower(host);
  return name == "localhost" || IsAddress(name) || std::ranges::find(names.hosts, name) != names.hosts.end();
}

// A page of this very service, or no page at all.
bool IsSameOrigin(const Request& request, std::string_view host) {
  if (const std::string_view site = request.Find("sec-fetch-site"); !site.empty())
    if (site != "same-origin" && site != "none") return false;
  if (request.Count("origin") == 0) return true;
  const std::string origin = ToLower(request.Find("origin")), own = ToLower(host);
  return origin == "http://" + own || origin == "https://" + own;
}

}  // namespace

std::string_view ToString(Role role) { return kRoles[static_cast<size_t>(role)]; }

std::optional<Role> ParseRole(std::string_view text) {
  const auto* const found = std::ranges::find(kRoles, text);
  if (found == kRoles.end()) return std::nullopt;
  return static_cast<Role>(found - kRoles.begin());
}

bool IsAddress(std::string_view host) {
  std::array<unsigned char, sizeof(in6_addr)> bytes{};
  const bool in_brackets = host.starts_with('[') && host.ends_with(']');
  const std::string text(in_brackets ? host.substr(1, host.size() - 2) : host);
  return inet_pton(in_brackets ? AF_INET6 : AF_INET, text.c_str(), bytes.data()) == 1;
}

std::optional<Response> Screen(const Request& request, const Names& names) {
  if (request.Count("host") != 1) return Problem(400, kBadRequest, "a request has one `Host`");
  const std::string_view host = request.Find("host");
  if (!IsOurs(HostOnly(host), names))
    return Problem(421, kBadRequest, fmt::format("this service is not called `{}`", host.substr(0, 200)),
                   "ask for it by its address, or begin it with --host-name and this name");
  if (request.method == "GET" || request.method == "HEAD") return std::nullopt;
  if (!IsSameOrigin(request, host))
    return Problem(403, kBadRequest, "a page of another origin may not change anything here");
  const std::string_view type = request.Find("content-type");
  const std::string_view bare = Strip(type.substr(0, type.find(';')));
  if (!request.body.empty() && ToLower(bare) != "application/json")
    return Problem(415, kBadRequest, "a body is JSON", "send `Content-Type: application/json`");
  return std::nullopt;
}

std::optional<std::string_view> BearerToken(const Request& request) {
  if (request.Count("authorization") == 0) return std::string_view();
  const std::string_view given = request.Find("authorization");
  constexpr std::string_view kScheme = "bearer ";
  if (ToLower(given.substr(0, kScheme.size())) != kScheme) return std::nullopt;
  const std::string_view token = Strip(given.substr(kScheme.size()));
  if (token.empty()) return std::nullopt;
  return token;
}

}  // namespace stir::server
