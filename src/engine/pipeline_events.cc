#include "engine/pipeline_events.h"

#include <fmt/format.h>

#include "base/json.h"
#include "base/strings.h"

namespace stir::engine {
namespace {

using scheduler::TaskState;

std::string DateOf(Timestamp time, const scheduler::Zone& zone) {
  return FormatTimestamp(zone.ToLocal(time)).substr(0, 10);
}

// "2026-11-20", or with its time where the interval is no whole day.
std::string Name(const scheduler::Interval& interval, const scheduler::Zone& zone) {
  const std::string start = FormatTimestamp(zone.ToLocal(interval.start));
  return start.substr(11, 8) == "00:00:00" && interval.end - interval.start >= std::chrono::hours(23)
             ? start.substr(0, 10)
             : start.substr(0, 10) + " " + start.substr(11, 5);
}

std::string Plural(size_t count, std::string_view what) {
  return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

void WriteStory(JsonWriter& json, const TaskStory& story) {
  json.Key("run").Int(story.run).Key("task").String(story.task).Key("parent").String(story.parent);
  json.Key("kind").String(story.kind).Key("attempt").Int(story.attempt);
  json.Key("total").Int(static_cast<int64_t>(story.total)).Key("ended").Int(static_cast<int64_t>(story.ended));
}

void WriteInterval(JsonWriter& json, const scheduler::Interval& interval, const scheduler::Zone& zone) {
  json.Key("logical_date").String(DateOf(interval.start, zone));
  json.Key("interval_start")
      .String(FormatTimestamp(interval.start))
      .Key("interval_end")
      .String(FormatTimestamp(interval.end));
}

std::string Progress(const TaskStory& story) { return fmt::format("[{}/{}]", story.ended, story.total); }

std::string WithMessage(std::string line, std::string_view message) {
  const std::string_view first = Split(message, '\n').front();
  if (!first.empty()) line += fmt::format(": {}", first);
  return line;
}

std::string FirstAttempt(const TaskStory& story) {
  return story.attempt > 1 ? fmt::format(" (attempt {})", story.attempt) : std::string();
}

}  // namespace

void PipelineNarrator::Emit(std::string_view code, std::string_view name, Level level, std::string message,
                            std::string data) const {
  sink_.Emit(Event{code, name, level, redactor_.Redact(message), redactor_.Redact(data)});
}

void PipelineNarrator::RunStarted(int64_t run, std::string_view pipeline, const scheduler::Interval& interval,
                                  const scheduler::Zone& zone, size_t tasks, bool resumed) const {
  JsonWriter json;
  json.BeginObject().Key("run").Int(run).Key("pipeline").String(pipeline);
  WriteInterval(json, interval, zone);
  json.Key("tasks").Int(static_cast<int64_t>(tasks)).Key("resumed").Bool(resumed).EndObject();
  Emit("S101", "PipelineRunStarted", Level::kInfo,
       fmt::format("{} pipeline {} for {}: run {}, {}", resumed ? "resuming" : "running", pipeline,
                   Name(interval, zone), run, Plural(tasks, "task")),
       std::move(json).Take());
}

void PipelineNarrator::TaskStarted(const TaskStory& story, bool goes_on) const {
  JsonWriter json;
  json.BeginObject();
  WriteStory(json, story);
  json.EndObject();
  Emit("S102", "TaskStarted", story.parent.empty() ? Level::kInfo : Level::kDebug,
       fmt::format("{} {} {}{}", Progress(story), story.task, goes_on ? "goes on" : "started", FirstAttempt(story)),
       std::move(json).Take());
}

void PipelineNarrator::TaskFinished(const TaskStory& story, TaskState state, double seconds, std::string_view message,
                                    bool allowed) const {
  JsonWriter json;
  json.BeginObject();
  WriteStory(json, story);
  json.Key("state").String(scheduler::ToString(state)).Key("seconds").Double(seconds);
  json.Key("message").String(message).Key("allowed").Bool(allowed).EndObject();
  const bool failed = state == TaskState::kFailed;
  const Level level = !failed ? Level::kInfo : allowed ? Level::kWarn : Level::kError;
  Emit("S103", "TaskFinished", level,
       WithMessage(fmt::format("{} {} {}{} in {:.2f}s", Progress(story), story.task, scheduler::ToString(state),
                               failed && allowed ? " (allowed)" : "", seconds),
                   message),
       std::move(json).Take());
}

void PipelineNarrator::TaskWaits(const TaskStory& story, std::string_view message) const {
  JsonWriter json;
  json.BeginObject();
  WriteStory(json, story);
  json.Key("message").String(message).EndObject();
  Emit("S113", "TaskWaits", Level::kInfo, fmt::format("{} {} {}", Progress(story), story.task, message),
       std::move(json).Take());
}

void PipelineNarrator::TaskWillRetry(const TaskStory& story, double seconds, std::string_view message,
                                     Duration retry_in) const {
  JsonWriter json;
  json.BeginObject();
  WriteStory(json, story);
  json.Key("seconds").Double(seconds).Key("message").String(message);
  json.Key("retry_in").Double(std::chrono::duration<double>(retry_in).count()).EndObject();
  Emit("S104", "TaskWillRetry", Level::kWarn,
       WithMessage(fmt::format("{} {} failed in {:.2f}s, trying again in {}", Progress(story), story.task, seconds,
                               FormatDuration(retry_in)),
                   message),
       std::move(json).Take());
}

void PipelineNarrator::TaskLost(const TaskStory& story, double seconds, std::string_view message) const {
  JsonWriter json;
  json.BeginObject();
  WriteStory(json, story);
  json.Key("seconds").Double(seconds).Key("message").String(message).EndObject();
  Emit("S114", "TaskLost", Level::kWarn,
       fmt::format("{} {} {} after {:.2f}s, runs again", Progress(story), story.task, message, seconds),
       std::move(json).Take());
}

void PipelineNarrator::TaskSkipped(const TaskStory& story, TaskState state) const {
  JsonWriter json;
  json.BeginObject();
  WriteStory(json, story);
  json.Key("state").String(scheduler::ToString(state)).EndObject();
  Emit("S105", "TaskSkipped", Level::kInfo,
       fmt::format("{} {} {}", Progress(story), story.task, scheduler::ToString(state)), std::move(json).Take());
}

void PipelineNarrator::TaskExpanded(const TaskStory& story, size_t children) const {
  JsonWriter json;
  json.BeginObject();
  WriteStory(json, story);
  json.Key("children").Int(static_cast<int64_t>(children)).EndObject();
  Emit("S106", "TaskExpanded", Level::kInfo,
       fmt::format("{} {}: {}", Progress(story), story.task, Plural(children, "task")), std::move(json).Take());
}

void PipelineNarrator::TaskOutput(const TaskStory& story, bool is_error, std::string_view line) const {
  JsonWriter json;
  json.BeginObject();
  WriteStory(json, story);
  json.Key("stream").String(is_error ? "stderr" : "stdout").Key("line").String(line).EndObject();
  Emit("S107", "TaskOutput", Level::kDebug, fmt::format("{} | {}", story.task, line), std::move(json).Take());
}

void PipelineNarrator::AlertSent(int64_t run, std::string_view channel, std::string_view task) const {
  JsonWriter json;
  json.BeginObject().Key("run").Int(run).Key("channel").String(channel).Key("task").String(task).EndObject();
  Emit("S108", "AlertSent", Level::kInfo, fmt::format("alert to {}{}{}", channel, task.empty() ? "" : " about ", task),
       std::move(json).Take());
}

void PipelineNarrator::AlertFailed(int64_t run, std::string_view channel, std::string_view error, bool given_up) const {
  JsonWriter json;
  json.BeginObject().Key("run").Int(run).Key("channel").String(channel).Key("error").String(error).EndObject();
  Emit("S109", "AlertFailed", Level::kWarn,
       WithMessage(fmt::format("the alert to {} could not be delivered, {}", channel,
                               given_up ? "and is given up" : "and will be tried again"),
                   error),
       std::move(json).Take());
}

void PipelineNarrator::RunAccountGiven(int64_t run, std::string_view page) const {
  JsonWriter json;
  json.BeginObject().Key("run").Int(run).EndObject();
  Emit("S112", "PipelineRunAccount", Level::kInfo, fmt::format("account of run {}\n{}", run, page),
       std::move(json).Take());
}

void PipelineNarrator::RunFinished(int64_t run, std::string_view pipeline, const scheduler::Interval& interval,
                                   const scheduler::Zone& zone, TaskState state, const scheduler::Summary& summary,
                                   std::string_view notes, double seconds) const {
  JsonWriter json;
  json.BeginObject().Key("run").Int(run).Key("pipeline").String(pipeline);
  WriteInterval(json, interval, zone);
  json.Key("state").String(scheduler::ToString(state)).Key("notes").String(notes).Key("seconds").Double(seconds);
  json.Key("counts").BeginObject();
  json.Key("success")
      .Int(summary.success)
      .Key("failed")
      .Int(summary.failed)
      .Key("failed_allowed")
      .Int(summary.failed_allowed);
  json.Key("skipped").Int(summary.skipped).Key("canceled").Int(summary.canceled);
  json.Key("upstream_failed").Int(summary.upstream_failed + summary.upstream_failed_allowed).EndObject().EndObject();
  const std::string_view word = state == TaskState::kSuccess ? "succeeded" : scheduler::ToString(state);
  Emit("S110", "PipelineRunFinished", state == TaskState::kSuccess ? Level::kInfo : Level::kError,
       fmt::format("pipeline {} for {} {}{} in {:.2f}s (run {})", pipeline, Name(interval, zone), word,
                   notes.empty() ? "" : fmt::format(" ({})", notes), seconds, run),
       std::move(json).Take());
}

}  // namespace stir::engine
