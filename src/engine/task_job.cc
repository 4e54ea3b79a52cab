#include "engine/task_job.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <nlohmann/json.hpp>

#include "base/diagnostic_text.h"
#include "base/json.h"
#include "engine/kinds.h"
#include "platform/bind.h"
#include "transfer/kinds.h"

namespace stir::engine {
namespace {

// Judgements about data and definitions: looking again does not change them.
constexpr std::array<Kind, 11> kVerdicts = {kTestsNotPassed,
                                            kBadCondition,
                                            kBadLoop,
                                            kHttpRefused,
                                            kSshRefused,
                                            transfer::kColumnMissing,
                                            transfer::kColumnAdded,
                                            transfer::kColumnRetyped,
                                            transfer::kRowsRejected,
                                            transfer::kDuplicateKey,
                                            transfer::kRequirementFailed};

// What is wrong in a file stays wrong; what happened in the world may pass.
bool MayPass(const Diagnostic& error) {
  if (std::ranges::find(kVerdicts, error.kind) != kVerdicts.end()) return false;
  switch (error.kind.category) {
    case Category::kDatabase:
    case Category::kRuntime:
    case Category::kIo:
      return true;
    default:
      return false;
  }
}

using Body = TaskResult (*)(TaskJob&, const platform::Task&);

Body BodyOf(platform::TaskKind kind) {
  switch (kind) {
    case platform::TaskKind::kSql:
      return RunSqlTask;
    case platform::TaskKind::kShell:
    case platform::TaskKind::kPython:
      return RunProcessTask;
    case platform::TaskKind::kHttp:
      return RunHttpTask;
    case platform::TaskKind::kSsh:
      return RunSshTask;
    case platform::TaskKind::kWait:
      return RunWaitTask;
    case platform::TaskKind::kTrigger:
      return RunTriggerTask;
    case platform::TaskKind::kBranch:
      return RunBranchTask;
    case platform::TaskKind::kGate:
      return RunGateTask;
    case platform::TaskKind::kNotify:
      return RunNotifyTask;
    case platform::TaskKind::kIngest:
      return RunIngestTask;
    case platform::TaskKind::kPublish:
      return RunPublishTask;
    default:
      return nullptr;
  }
}

}  // namespace

Movement MovementOf(const TaskJob& job) {
  Movement movement;
  movement.facts = job.facts;
  movement.run_id = fmt::format("{}/{}", job.facts.pipeline, job.facts.run_id);
  movement.run = job.run;
  movement.scratch = fmt::format("{}-{}", job.run, job.name);
  movement.interval = transfer::Interval{job.facts.interval.start, job.facts.interval.end};
  movement.backfill = job.backfill;
  movement.cancel = job.interruption.token();
  return movement;
}

void Interruption::Stop() {
  source_.request_stop();
  const std::scoped_lock lock(mutex_);
  for (adapter::Connection* connection : connections_) connection->Cancel();
}

Interruption::Watch::Watch(Interruption& interruption, adapter::Connection* connection)
    : interruption_(interruption), connection_(connection) {
  const std::scoped_lock lock(interruption_.mutex_);
  interruption_.connections_.push_back(connection_);
}

Interruption::Watch::~Watch() {
  const std::scoped_lock lock(interruption_.mutex_);
  std::erase(interruption_.connections_, connection_);
}

TaskResult FailedTask(Diagnostics errors) {
  TaskResult result;
  result.outcome = scheduler::Outcome::Failed(std::ranges::all_of(errors, MayPass));
  result.errors = std::move(errors);
  return result;
}

TaskResult FailedTask(Diagnostic error) { return FailedTask(Diagnostics{std::move(error)}); }

Diagnostic OutOfTime(const platform::Task& definition, std::string_view name) {
  return {kTimedOut,
          fmt::format("task `{}` ran longer than its timeout of {}", name, FormatDuration(definition.timeout)),
          definition.span};
}

std::string OneLine(const Diagnostics& errors, const SourceMap& sources) {
  if (errors.empty()) return {};
  const Diagnostic& first = errors.front();
  std::string line = first.message;
  if (first.span) {
    const LineColumn at = sources.Locate(first.span.source, first.span.begin);
    line = fmt::format("{}:{}:{}: {}", sources.Name(first.span.source), at.line, at.column, line);
  }
  if (errors.size() > 1) line += fmt::format(" (and {} more)", errors.size() - 1);
  return line;
}

std::string ErrorsToJson(const Diagnostics& errors, const SourceMap& sources) {
  Json list = Json::array();
  for (const Diagnostic& error : errors) {
    Json item = {{"kind", std::string(error.kind.name)}, {"message", error.message}};
    if (!error.hint.empty()) item["hint"] = error.hint;
    if (!error.subject.empty()) item["subject"] = error.subject;
    if (error.span) {
      const LineColumn at = sources.Locate(error.span.source, error.span.begin);
      item["path"] = std::string(sources.Name(error.span.source));
      item["line"] = at.line;
      item["column"] = at.column;
    }
    list.push_back(std::move(item));
  }
  return WriteJson(list);
}

TaskResult RunTaskJob(TaskJob& job) {
  if (job.is_taken_up)
    return job.definition.kind == platform::TaskKind::kSsh ? TakeUpSshTask(job) : TakeUpProcessTask(job);
  platform::RunScope scope(job.workspace.values(), job.workspace.definitions(), job.workspace.secrets(), job.facts);
  auto bound = platform::BindTask(job.workspace.definitions(), job.definition, scope);
  if (!bound.ok()) return FailedTask(std::move(bound).error());
  const Body body = BodyOf(bound->kind);
  if (!body)
    return FailedTask(
        Diagnostic(kStopped, fmt::format("task `{}` is expanded, never run", job.name), job.definition.span));
  return body(job, *bound);
}

}  // namespace stir::engine
