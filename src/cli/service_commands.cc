// The service, with or without its API, and the tokens of those who may use that.
#include <fmt/format.h>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/listing.h"
#include "cli/run_command.h"
#include "engine/service.h"
#include "server/server.h"

namespace stir::cli {

int RunUp(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session,
                    [&](const engine::Host& host, const engine::Options& options) -> Result<engine::CommandResult> {
                      if (!arguments.Given("listen")) return engine::RunService(host, options);
                      return server::RunService(host, options, {arguments.Text("listen"), arguments.List("host-name")});
                    });
}

int RunTokensAdd(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  const auto role = server::ParseRole(arguments.Text("role")).value_or(server::Role::kViewer);
  const auto token = server::AddToken(session.host(), MakeOptions(arguments, session), arguments.Positional(0), role);
  if (!token.ok()) return ReportFailure(token.error(), session);
  fmt::print("{}\n", *token);
  return 0;
}

int RunTokensList(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  const auto tokens = server::ListTokens(session.host(), MakeOptions(arguments, session));
  if (!tokens.ok()) return ReportFailure(tokens.error(), session);
  Listing listing({"name", "role", "created"});
  for (const server::Token& token : *tokens)
    listing.Add({token.name, std::string(ToString(token.role)),
                 ReplaceAll(FormatTimestamp(token.created_at).substr(0, 19), "T", " ")});
  return listing.Print(arguments.Text("table-output"));
}

int RunTokensRemove(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  const std::string name = arguments.Positional(0);
  const Status removed = server::RemoveToken(session.host(), MakeOptions(arguments, session), name);
  if (!removed.ok()) return ReportFailure(removed.error(), session);
  fmt::print("token {} is taken back\n", name);
  return 0;
}

}  // namespace stir::cli
