// dbt's commands from the terminal.
#include "cli/commands.h"
#include "cli/run_command.h"

namespace stir::cli {

int RunParse(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Parse); }
int RunCompile(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Compile); }
int RunRun(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Run); }
int RunTest(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Test); }
int RunBuild(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Build); }
int RunSeed(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Seed); }
int RunList(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::List); }
int RunShow(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Show); }
int RunClean(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Clean); }
int RunDebug(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Debug); }

}  // namespace stir::cli
