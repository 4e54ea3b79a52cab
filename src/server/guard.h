// Who may ask, and for what: decided from the request alone, before anything is looked up.
//
// A page of another site that a browser shows must not reach a service that listens on 127.0.0.1. It can send requests,
// but says in `Origin` where it is from; and it can point a name of its own at 127.0.0.1, which then stands in `Host`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "server/http.h"

namespace stir::server {

// Each may what the ones before it may.
enum class Role : uint8_t {
  kAnybody,   // asks whether the service is well
  kViewer,    // reads
  kOperator,  // triggers, pauses, cancels, clears
  kAdmin,     // whatever comes to be for administrators alone
};
std::string_view ToString(Role role);  // "viewer"
std::optional<Role> ParseRole(std::string_view text);

struct Caller {
  std::string who;  // as it stands in the record of who did what
  Role role = Role::kAnybody;
};

// Names by which the service is called, in lower case; addresses and localhost are understood.
struct Names {
  std::vector<std::string> hosts;
};

// The answer to a request that is refused for where it comes from or how it is made.
std::optional<Response> Screen(const Request& request, const Names& names);

// The token that a request brings; empty: none. nullopt: something else than a token.
std::optional<std::string_view> BearerToken(const Request& request);

// "10.0.0.5", "[::1]"; no port, no name.
bool IsAddress(std::string_view host);

}  // namespace stir::server
