// `shell` and `python` tasks: a process group of their own; JSON on the last line of standard output is the task's
// outputs.
#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/process.h"
#include "engine/kinds.h"
#include "engine/task_job.h"

namespace stir::engine {
namespace {

ProcessSpec SpecOf(const TaskJob& job, const platform::Task& bound) {
  ProcessSpec spec;
  spec.argv =
      bound.kind == platform::TaskKind::kShell ? std::vector<std::string>{"/bin/sh", "-c", *bound.text} : bound.argv;
  spec.directory = bound.directory.string();
  spec.environment = EnvironmentOf(job, bound);
  return spec;
}

Diagnostic ProcessFailure(const platform::Task& task, const ProcessEnd& end) {
  std::string message =
      fmt::format("`{}` {}", task.kind == platform::TaskKind::kShell ? "shell" : task.argv[1], Described(end.result));
  if (!end.last_error.empty()) message += ": " + end.last_error;
  return {kProcessFailed, std::move(message), task.text.span ? task.text.span : task.span};
}

// Nobody knows how it would have ended; it runs again.
TaskResult LostTask(std::string message, bool counts) {
  TaskResult result;
  result.outcome = scheduler::Outcome::Lost(counts);
  result.message = std::move(message);
  return result;
}

TaskResult ResultOfEnd(const TaskJob& job, const ProcessEnd& end,
                       const std::function<Diagnostic(const ProcessEnd&)>& failed) {
  if (end.not_started) return FailedTask(*end.not_started);
  if (end.result.end == ProcessResult::End::kTimedOut) return FailedTask(OutOfTime(job.definition, job.name));
  // Stopped, by us or for whoever was here before us; or else somebody has ended its supervisor.
  if (end.result.end == ProcessResult::End::kCanceled) return LostTask("it was stopped", !job.is_taken_up);
  if (end.result.end != ProcessResult::End::kExited || end.result.code != 0) return FailedTask(failed(end));
  TaskResult result;
  if (const Json outputs = ReadJson(end.last_line); !outputs.is_discarded()) result.outputs = end.last_line;
  return result;
}

TaskResult ResultOfAttended(const TaskJob& job, const Attended& attended,
                            const std::function<Diagnostic(const ProcessEnd&)>& failed) {
  switch (attended.how) {
    case Attended::How::kEnded: {
      TaskResult result = ResultOfEnd(job, attended.end, failed);
      result.spent_record = ProcessRecordPath(job.log_path);
      return result;
    }
    case Attended::How::kUnbegun:
      return LostTask("it had not begun", !job.is_taken_up);
    case Attended::How::kLost:
      return LostTask("its supervisor died with it", /*counts=*/true);
    case Attended::How::kLeft:
      break;
  }
  return LostTask("it is left", /*counts=*/false);  // nobody looks at it: the run is left too
}

}  // namespace

std::map<std::string, std::string> EnvironmentOf(const TaskJob& job, const platform::Task& bound) {
  std::map<std::string, std::string> environment = {
      {"STIR_RUN_ID", job.facts.run_id},
      {"STIR_PIPELINE", job.facts.pipeline},
      {"STIR_TASK", job.name},
      {"STIR_ATTEMPT", std::to_string(job.facts.attempt)},
      {"STIR_DATA_INTERVAL_START", FormatTimestamp(job.facts.interval.start)},
      {"STIR_DATA_INTERVAL_END", FormatTimestamp(job.facts.interval.end)},
  };
  for (const auto& [name, value] : bound.environment) environment[name] = value;
  return environment;
}

std::string Described(const ProcessResult& ended) {
  switch (ended.end) {
    case ProcessResult::End::kExited:
      return fmt::format("exited with status {}", ended.code);
    case ProcessResult::End::kSignaled:
      return fmt::format("was ended by signal {}", ended.code);
    case ProcessResult::End::kTimedOut:
      return "ran out of time";
    case ProcessResult::End::kCanceled:
      return "was stopped";
  }
  return {};
}

TaskResult Supervised(TaskJob& job, ProcessSpec spec, const std::function<Diagnostic(const ProcessEnd&)>& failed) {
  const fs::path record = ProcessRecordPath(job.log_path);
  if (job.is_taken_up) return ResultOfAttended(job, TakeUpProcess(record, job.interruption.attention()), failed);
  spec.timeout = job.definition.timeout;
  const TaskStory story{.run = job.run,
                        .task = job.name,
                        .parent = {},
                        .kind = platform::ToString(job.definition.kind),
                        .attempt = job.facts.attempt};
  auto attended = job.supervisors.Run(
      {job.log_path.string(), record.string(), std::move(spec), job.workspace.host().redactor.Values()},
      job.interruption.attention(),
      [&](Stream stream, std::string_view line) { job.narrator.TaskOutput(story, stream == Stream::kErr, line); });
  return attended.ok() ? ResultOfAttended(job, *std::move(attended), failed) : FailedTask(std::move(attended).error());
}

TaskResult RunProcessTask(TaskJob& job, const platform::Task& bound) {
  return Supervised(job, SpecOf(job, bound), [&](const ProcessEnd& end) { return ProcessFailure(bound, end); });
}

TaskResult TakeUpProcessTask(TaskJob& job) {
  return Supervised(job, {}, [&](const ProcessEnd& end) { return ProcessFailure(job.definition, end); });
}

}  // namespace stir::engine
