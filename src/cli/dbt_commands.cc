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
int RunSnapshot(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session, engine::Snapshot);
}
int RunRunOperation(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session, engine::RunOperation);
}
int RunRetry(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Retry); }
int RunClone(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Clone); }
int RunFreshness(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session, engine::CheckFreshness);
}
int RunDocsGenerate(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session, engine::GenerateDocs);
}
int RunDeps(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session, engine::InstallPackages);
}
int RunList(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::List); }
int RunShow(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Show); }
int RunClean(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Clean); }
int RunDebug(const Arguments& arguments, Session& session) { return RunCommand(arguments, session, engine::Debug); }

}  // namespace stir::cli
