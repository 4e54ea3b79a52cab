// Pipelines and runs from the terminal: requests from arguments, lists as tables or JSON.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/kinds.h"
#include "cli/listing.h"
#include "cli/run_command.h"
#include "engine/backfills.h"
#include "engine/pipelines.h"
#include "engine/run_text.h"
#include "engine/runs.h"

namespace stir::cli {
namespace {

// -p name=value, as the YAML of a mapping.
Result<std::string> ParamsOf(const Arguments& arguments) {
  std::string yaml;
  for (const std::string& param : arguments.List("param")) {
    const size_t equals = param.find('=');
    if (equals == param.npos || equals == 0) {
      return Diagnostic(kBadUsage, fmt::format("`{}` is not a parameter", param))
          .Hint("write NAME=VALUE: -p region=us_east");
    }
    yaml += fmt::format("{}: {}\n", param.substr(0, equals), param.substr(equals + 1));
  }
  return yaml;
}

Result<int64_t> RunNumber(const Arguments& arguments) {
  const std::string text = arguments.Positional(0);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number > 0) return number;
  return Diagnostic(kBadUsage, fmt::format("`{}` is not the number of a run", text)).Hint("`runs list` shows them");
}

engine::BackfillMode ModeOf(const Arguments& arguments) {
  return engine::ReadBackfillMode(arguments.Text("rerun")).value_or(engine::BackfillMode::kAll);
}

std::string TimeText(const std::optional<Timestamp>& time) {
  if (!time) return "";
  return ReplaceAll(FormatTimestamp(*time).substr(0, 19), "T", " ");
}

std::string Elapsed(const std::optional<Timestamp>& begin, const std::optional<Timestamp>& end) {
  if (!begin || !end) return "";
  const Duration took = *end - *begin;
  if (took >= std::chrono::minutes(1)) return FormatDuration(std::chrono::round<std::chrono::seconds>(took));
  return fmt::format("{:.2f}s", std::chrono::duration<double>(took).count());
}

std::string IntervalText(const std::optional<scheduler::Interval>& interval) {
  return interval ? TimeText(interval->start) : std::string();
}

int ListPipelinesAs(const std::vector<engine::PipelineInfo>& pipelines, const Arguments& arguments) {
  Listing listing({"pipeline", "schedule", "tasks", "last run", "last state", "notes", "latest interval"});
  for (const engine::PipelineInfo& each : pipelines) {
    listing.Add({each.name, each.schedule, std::to_string(each.tasks), TimeText(each.last_logical_date),
                 each.last_state, each.last_notes, IntervalText(each.latest)});
  }
  return listing.Print(arguments.Text("table-output"));
}

Listing TasksOf(const engine::PipelineDetail& detail) {
  Listing listing({"task", "kind", "subject", "needs", "rule", "retries", "pool", "may fail"});
  for (const engine::TaskInfo& task : detail.tasks) {
    listing.Add({task.name, task.kind, task.subject, Join(task.needs, ", "), task.trigger_rule,
                 std::to_string(task.retries), task.pool, task.allow_failure ? "yes" : ""});
  }
  return listing;
}

Listing RunsOf(const std::vector<store::Run>& runs) {
  Listing listing({"run", "pipeline", "type", "logical date", "state", "notes", "started", "took"});
  for (const store::Run& run : runs) {
    listing.Add({std::to_string(run.id), run.pipeline, run.run_type, TimeText(run.logical_date),
                 std::string(scheduler::ToString(run.state)), run.notes, TimeText(run.started_at),
                 Elapsed(run.started_at, run.ended_at)});
  }
  return listing;
}

Listing TasksOf(const engine::RunDetail& detail) {
  Listing listing({"task", "kind", "state", "attempts", "started", "took", "message"});
  const auto add = [&](const store::Task& task, std::string name) {
    listing.Add({std::move(name), task.kind, std::string(scheduler::ToString(task.state)),
                 std::to_string(task.attempts), TimeText(task.started_at), Elapsed(task.started_at, task.ended_at),
                 task.message});
  };
  for (const store::Task& task : detail.tasks) {
    if (!task.parent.empty()) continue;
    add(task, task.name);
    for (const store::Task& child : detail.tasks) {
      if (child.parent == task.name) add(child, "  " + child.name.substr(task.name.size() + 1));
    }
  }
  return listing;
}

Result<std::vector<scheduler::TaskState>> StatesOf(const Arguments& arguments) {
  const std::string text = arguments.Text("state-is");
  if (text.empty()) return std::vector<scheduler::TaskState>{};
  const std::optional<scheduler::TaskState> state = scheduler::ParseTaskState(text);
  if (state) return std::vector{*state};
  return Diagnostic(kBadUsage, fmt::format("`{}` is not a state of a run", text))
      .Hint("there are: queued, running, success, failed, canceled");
}

}  // namespace

int RunPipelineList(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  auto pipelines = engine::ListPipelines(session.host(), MakeOptions(arguments, session));
  return pipelines.ok() ? ListPipelinesAs(*pipelines, arguments) : ReportFailure(pipelines.error(), session);
}

int RunPipelineShow(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  auto detail = engine::ShowPipeline(session.host(), MakeOptions(arguments, session), arguments.Positional(0));
  if (!detail.ok()) return ReportFailure(detail.error(), session);
  if (arguments.Text("table-output") == "table") {
    const engine::PipelineInfo& info = detail->info;
    fmt::print("{}{}{}\nschedule: {} ({})\nlatest interval: {}\nlast run: {} {}\n\n", info.name,
               info.description.empty() ? "" : ": ", info.description, info.schedule, info.timezone,
               IntervalText(info.latest), info.last_logical_date ? TimeText(info.last_logical_date) : "never",
               info.last_state);
  }
  return TasksOf(*detail).Print(arguments.Text("table-output"));
}

int RunPipelineRun(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session,
                    [&](const engine::Host& host, const engine::Options& options) -> Result<engine::CommandResult> {
                      engine::PipelineRequest request;
                      request.pipeline = arguments.Positional(0);
                      STIR_ASSIGN(request.params, ParamsOf(arguments));
                      request.logical_date = arguments.Text("logical-date");
                      return engine::RunPipeline(host, options, request);
                    });
}

int RunPipelineBackfill(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session,
                    [&](const engine::Host& host, const engine::Options& options) -> Result<engine::CommandResult> {
                      engine::BackfillRequest request;
                      request.pipeline = arguments.Positional(0);
                      STIR_ASSIGN(request.params, ParamsOf(arguments));
                      request.from = arguments.Text("from");
                      request.to = arguments.Text("to");
                      if (request.from.empty() || request.to.empty()) {
                        return Diagnostic(kBadUsage, "a backfill needs its range")
                            .Hint("for example: --from 2026-01-01 --to 2026-01-31");
                      }
                      request.mode = ModeOf(arguments);
                      request.dry_run = arguments.Flag("dry-run");
                      request.at_once =
                          static_cast<int>(std::clamp<int64_t>(arguments.Integer("at-once").value_or(1), 1, 1000));
                      return engine::BackfillPipeline(host, options, request);
                    });
}

int RunRunsList(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  store::RunFilter filter;
  filter.pipeline = arguments.Text("pipeline");
  filter.limit = static_cast<size_t>(std::max<int64_t>(arguments.Integer("last").value_or(20), 1));
  auto states = StatesOf(arguments);
  if (!states.ok()) return ReportFailure(states.error(), session);
  filter.states = std::move(*states);
  auto runs = engine::ListRuns(session.host(), MakeOptions(arguments, session), filter);
  return runs.ok() ? RunsOf(*runs).Print(arguments.Text("table-output")) : ReportFailure(runs.error(), session);
}

int RunRunsShow(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  auto number = RunNumber(arguments);
  if (!number.ok()) return ReportFailure(number.error(), session);
  auto detail = engine::ShowRun(session.host(), MakeOptions(arguments, session), *number);
  if (!detail.ok()) return ReportFailure(detail.error(), session);
  if (arguments.Text("table-output") == "table") {
    RunsOf({detail->run}).Print("table");
    const std::string page = engine::RunText(detail->tasks, detail->alerts);
    fmt::print("\n{}{}", page, page.empty() ? "" : "\n\n");
  }
  return TasksOf(*detail).Print(arguments.Text("table-output"));
}

int RunRunsRetry(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session,
                    [&](const engine::Host& host, const engine::Options& options) -> Result<engine::CommandResult> {
                      STIR_ASSIGN(const int64_t number, RunNumber(arguments));
                      return engine::RetryRun(host, options, number);
                    });
}

int RunRunsLogs(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  auto number = RunNumber(arguments);
  if (!number.ok()) return ReportFailure(number.error(), session);
  engine::LogRequest request{.run = *number, .task = arguments.Text("task"), .attempt = {}};
  if (const auto attempt = arguments.Integer("attempt")) request.attempt = static_cast<int>(*attempt);
  auto logs = engine::ReadLogs(session.host(), MakeOptions(arguments, session), request);
  if (!logs.ok()) return ReportFailure(logs.error(), session);
  for (const engine::LogText& log : *logs) {
    const std::string head = fmt::format("== {} (attempt {})\n", log.task, log.attempt);
    fmt::print("{}{}", logs->size() > 1 ? head : "", session.redactor.Redact(log.text));
  }
  return 0;
}

}  // namespace stir::cli
