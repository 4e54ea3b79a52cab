// `stir ingest` and `stir publish`.
#include <fmt/format.h>

#include "cli/commands.h"
#include "cli/kinds.h"
#include "cli/run_command.h"
#include "engine/movements.h"

namespace stir::cli {
namespace {

using Once = Result<engine::CommandResult> (*)(const engine::Host&, const engine::Options&,
                                               const engine::MovementRequest&);

// "NAME" asks for the first, "<word> NAME" for the second.
int RunMovement(const Arguments& arguments, Session& session, Once plain, std::string_view word, Once special) {
  return RunCommand(
      arguments, session,
      [&](const engine::Host& host, const engine::Options& options) -> Result<engine::CommandResult> {
        const bool is_special = arguments.Positional(0) == word;
        const size_t expected = is_special ? 2 : 1;
        if (arguments.positionals().size() != expected) {
          return Diagnostic(kBadUsage, fmt::format("`{}` needs one name", arguments.command().name))
              .Hint(fmt::format("for example: stir {0} NAME, or stir {0} {1} NAME", arguments.command().name, word));
        }
        const engine::MovementRequest request{.name = arguments.positionals().back(),
                                              .logical_date = arguments.Text("logical-date"),
                                              .full_refresh = arguments.Flag("full-refresh")};
        return (is_special ? special : plain)(host, options, request);
      });
}

}  // namespace

int RunIngest(const Arguments& arguments, Session& session) {
  return RunMovement(arguments, session, engine::IngestOnce, "replay", engine::ReplayOnce);
}

int RunPublish(const Arguments& arguments, Session& session) {
  return RunMovement(arguments, session, engine::PublishOnce, "rollback", engine::RollBackOnce);
}

}  // namespace stir::cli
