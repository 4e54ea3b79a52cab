// `stir up --listen`: a service (engine/service.h) with its API beside it.
#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "engine/commands.h"
#include "engine/host.h"
#include "engine/options.h"
#include "server/guard.h"
#include "server/tokens.h"

namespace stir::server {

struct ListenOptions {
  std::string listen;                   // "HOST:PORT" or "PORT"
  std::vector<std::string> host_names;  // other names that it is asked by, behind a proxy
};

// As engine::RunService, which it runs: the API is there from when the project is this service's until after the
// service has ended. Fails when the address cannot be had, and when other machines could ask without a token.
Result<engine::CommandResult> RunService(const engine::Host& host, const engine::Options& options,
                                         const ListenOptions& listen);

// The tokens of a project, by name. A new one is given once and kept by nobody; both changes are recorded.
Result<std::string> AddToken(const engine::Host& host, const engine::Options& options, const std::string& name,
                             Role role);
Status RemoveToken(const engine::Host& host, const engine::Options& options, const std::string& name);
Result<std::vector<Token>> ListTokens(const engine::Host& host, const engine::Options& options);

}  // namespace stir::server
