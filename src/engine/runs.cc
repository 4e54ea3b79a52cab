#include "engine/runs.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "base/strings.h"
#include "engine/actions.h"
#include "engine/audit.h"
#include "engine/kinds.h"
#include "engine/run_executor.h"
#include "engine/state_folder.h"
#include "engine/task_log.h"

namespace stir::engine {
namespace {

Result<std::unique_ptr<store::Store>> RequireStore(const Host& host, const Options& options, int64_t run) {
  STIR_ASSIGN(auto store, OpenStoreIfThere(host, StateFolder(options.project_dir)));
  if (!store) return NoSuchRun(run);
  return store;
}

// An expanded task, then its children, each where it stands in the plan.
std::vector<store::Task> Nested(std::vector<store::Task> tasks) {
  std::map<std::string, std::vector<store::Task>> children;
  for (store::Task& task : tasks) children[task.parent].push_back(std::move(task));
  std::vector<store::Task> nested;
  std::vector<store::Task> stack(children[""].rbegin(), children[""].rend());
  while (!stack.empty()) {
    store::Task task = std::move(stack.back());
    stack.pop_back();
    const std::vector<store::Task>& inner = children[task.name];
    stack.insert(stack.end(), inner.rbegin(), inner.rend());
    nested.push_back(std::move(task));
  }
  return nested;
}

// A run that nobody works on is canceled here; who works on it hears the bell.
Status CancelIfIdle(const Host& host, const Options& options, int64_t id) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  auto held = HoldRun(*workspace, id);
  if (!held.ok() || scheduler::IsFinal(held->run.state)) return {};
  PipelineSession session(*workspace);
  STIR_TRY(RunExecutor(session, *held->pipeline, std::move(held->run)).Run());
  return {};
}

bool Names(std::string_view task, std::string_view asked) {
  if (asked.empty() || task == asked) return true;
  return task.size() > asked.size() && task.ends_with(asked) && task[task.size() - asked.size() - 1] == '.';
}

}  // namespace

Result<std::vector<store::Run>> ListRuns(const Host& host, const Options& options, const store::RunFilter& filter) {
  STIR_ASSIGN(const auto store, OpenStoreIfThere(host, StateFolder(options.project_dir)));
  if (!store) return std::vector<store::Run>();
  return store->ListRuns(filter);
}

Result<RunDetail> ShowRun(const Host& host, const Options& options, int64_t run) {
  STIR_ASSIGN(const auto store, RequireStore(host, options, run));
  RunDetail detail;
  STIR_ASSIGN(detail.run, RequireRun(*store, run));
  STIR_ASSIGN(std::vector<store::Task> tasks, store->Tasks(run));
  detail.tasks = Nested(std::move(tasks));
  STIR_ASSIGN(detail.attempts, store->Attempts(run));
  STIR_ASSIGN(detail.alerts, store->Messages(run));
  return detail;
}

Result<CommandResult> RetryRun(const Host& host, const Options& options, int64_t id) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  PipelineSession session(*workspace);
  STIR_ASSIGN(HeldRun held, HoldRun(*workspace, id));
  const bool ended = scheduler::IsFinal(held.run.state);
  RunExecutor executor(session, *held.pipeline, std::move(held.run));
  if (ended) STIR_TRY(executor.Apply({}, /*dry_run=*/false, EntryOf(host, "retry", fmt::format("run {}", id))));
  STIR_ASSIGN(const RunAccount account, executor.Run());
  return CommandResult{account.state == scheduler::TaskState::kSuccess};
}

Result<CommandResult> EditRun(const Host& host, const Options& options, const EditRequest& request) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  PipelineSession session(*workspace);
  STIR_ASSIGN(HeldRun held, HoldRun(*workspace, request.run));
  RunExecutor executor(session, *held.pipeline, std::move(held.run));
  STIR_ASSIGN(const auto changed, Apply(executor, host, request, {}));
  for (const std::string& line : changed) host.events.Emit({"S115", "TaskEdited", Level::kInfo, line});
  if (request.dry_run) return CommandResult{};
  STIR_ASSIGN(const RunAccount account, executor.Run());
  return CommandResult{account.state == scheduler::TaskState::kSuccess};
}

Status AskOfRun(const Host& host, const Options& options, int64_t id, Asked what) {
  STIR_ASSIGN(const auto store, RequireStore(host, options, id));
  STIR_TRY(WriteWish(host, StateFolder(options.project_dir), *store, id, what, {}));
  return what == Asked::kCancel ? CancelIfIdle(host, options, id) : Status();
}

Result<std::vector<store::AuditEntry>> ReadAudit(const Host& host, const Options& options, size_t limit) {
  STIR_ASSIGN(const auto store, OpenStoreIfThere(host, StateFolder(options.project_dir)));
  if (!store) return std::vector<store::AuditEntry>();
  return store->Audit(limit);
}

Result<size_t> ForgetRuns(const Host& host, store::Store& store, const StateFolder& folder, Duration keep) {
  constexpr size_t kAtOnce = 200;
  size_t gone = 0;
  while (true) {
    STIR_ASSIGN(const std::vector<int64_t> runs, store.Forget(host.clock.Now() - keep, kAtOnce));
    for (const int64_t run : runs) STIR_TRY(host.files.Remove(folder.logs() / std::to_string(run)));
    gone += runs.size();
    if (runs.size() < kAtOnce) return gone;
  }
}

Result<size_t> ForgetRuns(const Host& host, const Options& options, Duration keep) {
  const StateFolder folder(options.project_dir);
  STIR_ASSIGN(const auto store, OpenStoreIfThere(host, folder));
  if (!store) return size_t{0};
  STIR_ASSIGN(const size_t gone, ForgetRuns(host, *store, folder, keep));
  store::Changes changes;
  changes.audit.push_back(EntryOf(host, "forget", fmt::format("{} runs", gone), FormatDuration(keep)));
  STIR_TRY(store->Commit(changes));
  return gone;
}

Result<std::vector<LogText>> ReadLogs(const Host& host, const Options& options, const LogRequest& request) {
  const StateFolder folder(options.project_dir);
  STIR_ASSIGN(const auto store, RequireStore(host, options, request.run));
  STIR_TRY(RequireRun(*store, request.run));
  STIR_ASSIGN(std::vector<store::Attempt> attempts, store->Attempts(request.run));
  std::stable_sort(attempts.begin(), attempts.end(),
                   [](const auto& a, const auto& b) { return a.started_at < b.started_at; });
  std::map<std::string, int> last;
  for (const store::Attempt& attempt : attempts) last[attempt.task] = std::max(last[attempt.task], attempt.number);
  std::vector<LogText> logs;
  for (const store::Attempt& attempt : attempts) {
    if (!Names(attempt.task, request.task) || attempt.log_path.empty()) continue;
    if (attempt.number != request.attempt.value_or(last[attempt.task])) continue;
    const auto path = folder.logs() / attempt.log_path;
    LogText log{attempt.task, attempt.number, attempt.log_path, {}};
    if (host.files.Exists(path)) {
      STIR_ASSIGN(log.text, host.files.Read(path));
    }
    logs.push_back(std::move(log));
  }
  if (logs.empty() && !request.task.empty())
    return Diagnostic(kNoLog, fmt::format("run {} has no log of `{}`{}", request.run, request.task,
                                          request.attempt ? fmt::format(", attempt {}", *request.attempt) : ""))
        .Hint(fmt::format("`stir runs show {}` lists its tasks", request.run));
  return logs;
}

}  // namespace stir::engine
