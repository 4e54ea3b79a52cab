// The commands' entry points, as the command table names them. Each turns arguments into the engine's options, calls
// one function of `engine` and returns the exit code: 0 good, 1 something that was run failed, 2 it could not be run.
#pragma once

namespace stir::cli {

class Arguments;
struct Session;

int RunParse(const Arguments& arguments, Session& session);
int RunCompile(const Arguments& arguments, Session& session);
int RunRun(const Arguments& arguments, Session& session);
int RunTest(const Arguments& arguments, Session& session);
int RunBuild(const Arguments& arguments, Session& session);
int RunSeed(const Arguments& arguments, Session& session);
int RunSnapshot(const Arguments& arguments, Session& session);
int RunRunOperation(const Arguments& arguments, Session& session);
int RunRetry(const Arguments& arguments, Session& session);
int RunClone(const Arguments& arguments, Session& session);
int RunFreshness(const Arguments& arguments, Session& session);
int RunDocsGenerate(const Arguments& arguments, Session& session);
int RunDeps(const Arguments& arguments, Session& session);
int RunList(const Arguments& arguments, Session& session);
int RunShow(const Arguments& arguments, Session& session);
int RunClean(const Arguments& arguments, Session& session);
int RunDebug(const Arguments& arguments, Session& session);
int RunInit(const Arguments& arguments, Session& session);
int RunSql(const Arguments& arguments, Session& session);
int RunJinja(const Arguments& arguments, Session& session);
int RunIngest(const Arguments& arguments, Session& session);
int RunPublish(const Arguments& arguments, Session& session);
int RunUp(const Arguments& arguments, Session& session);
int RunPipelineList(const Arguments& arguments, Session& session);
int RunPipelineShow(const Arguments& arguments, Session& session);
int RunPipelineRun(const Arguments& arguments, Session& session);
int RunPipelineNext(const Arguments& arguments, Session& session);
int RunPipelineSimulate(const Arguments& arguments, Session& session);
int RunPipelinePause(const Arguments& arguments, Session& session);
int RunPipelineResume(const Arguments& arguments, Session& session);
int RunPipelineBackfill(const Arguments& arguments, Session& session);
int RunRunsList(const Arguments& arguments, Session& session);
int RunRunsShow(const Arguments& arguments, Session& session);
int RunRunsRetry(const Arguments& arguments, Session& session);
int RunRunsLogs(const Arguments& arguments, Session& session);
int RunRunsCancel(const Arguments& arguments, Session& session);
int RunRunsHold(const Arguments& arguments, Session& session);
int RunRunsRelease(const Arguments& arguments, Session& session);
int RunRunsClear(const Arguments& arguments, Session& session);
int RunRunsMark(const Arguments& arguments, Session& session);
int RunRunsForget(const Arguments& arguments, Session& session);
int RunBackfillsList(const Arguments& arguments, Session& session);
int RunBackfillsCancel(const Arguments& arguments, Session& session);
int RunBackfillsResume(const Arguments& arguments, Session& session);
int RunAudit(const Arguments& arguments, Session& session);
int RunDoctor(const Arguments& arguments, Session& session);
int RunTokensAdd(const Arguments& arguments, Session& session);
int RunTokensList(const Arguments& arguments, Session& session);
int RunTokensRemove(const Arguments& arguments, Session& session);
int RunCompletion(const Arguments& arguments, Session& session);

}  // namespace stir::cli
