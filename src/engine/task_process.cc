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

std::function<void(Stream, std::string_view)> ProcessOutput::on_line() {
  return [this](Stream stream, std::string_view line) {
    const TaskStory story{.run = job_.run,
                          .task = job_.name,
                          .parent = {},
                          .kind = platform::ToString(bound_.kind),
                          .attempt = job_.facts.attempt};
    job_.log.Write(line);
    job_.narrator.TaskOutput(story, stream == Stream::kErr, line);
    if (line.find_first_not_of(" \t\r") != std::string_view::npos)
      (stream == Stream::kOut ? last_line_ : last_error_) = line;
  };
}

TaskResult ProcessOutput::Result() const {
  TaskResult result;
  const Json outputs = ReadJson(last_line_);
  if (!outputs.is_discarded()) result.outputs = last_line_;
  return result;
}

TaskResult RunProcessTask(TaskJob& job, const platform::Task& bound) {
  ProcessOutput output(job, bound);
  auto ended = RunProcess(SpecOf(job, bound), output.on_line(), job.interruption.token());
  if (!ended.ok()) return FailedTask(std::move(ended).error());
  if (ended->end == ProcessResult::End::kExited && ended->code == 0) return output.Result();
  std::string message =
      fmt::format("`{}` {}", bound.kind == platform::TaskKind::kShell ? "shell" : bound.argv[1], Described(*ended));
  if (!output.last_error().empty()) message += ": " + output.last_error();
  return FailedTask(Diagnostic(kProcessFailed, std::move(message), bound.text.span ? bound.text.span : bound.span));
}

}  // namespace stir::engine
