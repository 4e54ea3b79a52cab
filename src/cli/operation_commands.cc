// What people do to runs: stop them, hold them back, run tasks again or mark them; and the record of it.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "base/strings.h"
#include "cli/commands.h"
#include "cli/kinds.h"
#include "cli/listing.h"
#include "cli/run_command.h"
#include "engine/backfills.h"
#include "engine/doctor.h"
#include "engine/runs.h"

namespace stir::cli {
namespace {

Result<int64_t> Number(const Arguments& arguments, std::string_view what, std::string hint) {
  const std::string text = arguments.Positional(0);
  int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size() && number > 0) return number;
  return Diagnostic(kBadUsage, fmt::format("`{}` is not the number of a {}", text, what)).Hint(std::move(hint));
}

Result<int64_t> RunOf(const Arguments& arguments) { return Number(arguments, "run", "`runs list` shows them"); }

int Ask(const Arguments& arguments, Session& session, engine::Asked what, std::string_view said) {
  OpenQuietly(arguments, session);
  const auto number = RunOf(arguments);
  if (!number.ok()) return ReportFailure(number.error(), session);
  const Status asked = engine::AskOfRun(session.host(), MakeOptions(arguments, session), *number, what);
  if (!asked.ok()) return ReportFailure(asked.error(), session);
  fmt::print("run {} {}\n", *number, said);
  return 0;
}

std::string StampText(Timestamp time) { return ReplaceAll(FormatTimestamp(time).substr(0, 19), "T", " "); }

Result<scheduler::TaskState> MarkOf(const std::string& text) {
  using scheduler::TaskState;
  const auto state = scheduler::ParseTaskState(text);
  if (state && (*state == TaskState::kSuccess || *state == TaskState::kFailed || *state == TaskState::kSkipped))
    return *state;
  return Diagnostic(kBadUsage, fmt::format("a task cannot be marked `{}`", text))
      .Hint("one of success, failed, skipped");
}

Result<Duration> KeepOf(const Arguments& arguments) {
  const std::string text = arguments.Text("older-than");
  if (const auto duration = ParseDuration(text); duration && *duration > Duration{0}) return *duration;
  return Diagnostic(kBadUsage, fmt::format("`{}` is no duration", text)).Hint("write 12h or 90d");
}

}  // namespace

int RunRunsCancel(const Arguments& arguments, Session& session) {
  return Ask(arguments, session, engine::Asked::kCancel, "is being canceled");
}
int RunRunsHold(const Arguments& arguments, Session& session) {
  return Ask(arguments, session, engine::Asked::kHold, "is on hold: what runs goes on, nothing new starts");
}
int RunRunsRelease(const Arguments& arguments, Session& session) {
  return Ask(arguments, session, engine::Asked::kRelease, "goes on");
}

int RunRunsClear(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session,
                    [&](const engine::Host& host, const engine::Options& options) -> Result<engine::CommandResult> {
                      engine::EditRequest request;
                      STIR_ASSIGN(request.run, RunOf(arguments));
                      const auto& words = arguments.Positionals();
                      request.tasks.assign(words.begin() + 1, words.end());
                      request.downstream = !arguments.Flag("only");
                      request.dry_run = arguments.Flag("dry-run");
                      return engine::EditRun(host, options, request);
                    });
}

int RunRunsMark(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session,
                    [&](const engine::Host& host, const engine::Options& options) -> Result<engine::CommandResult> {
                      engine::EditRequest request;
                      STIR_ASSIGN(request.run, RunOf(arguments));
                      STIR_ASSIGN(request.mark, MarkOf(arguments.Positional(1)));
                      const auto& words = arguments.Positionals();
                      request.tasks.assign(words.begin() + 2, words.end());
                      request.dry_run = arguments.Flag("dry-run");
                      return engine::EditRun(host, options, request);
                    });
}

int RunRunsForget(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  const auto keep = KeepOf(arguments);
  if (!keep.ok()) return ReportFailure(keep.error(), session);
  const auto gone = engine::ForgetRuns(session.host(), MakeOptions(arguments, session), *keep);
  if (!gone.ok()) return ReportFailure(gone.error(), session);
  fmt::print("{} run{} forgotten\n", *gone, *gone == 1 ? "" : "s");
  return 0;
}

int RunBackfillsList(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  const auto all = engine::ListBackfills(session.host(), MakeOptions(arguments, session));
  if (!all.ok()) return ReportFailure(all.error(), session);
  Listing listing({"backfill", "pipeline", "from", "until", "rerun", "state", "intervals", "succeeded", "failed"});
  for (const engine::BackfillInfo& each : *all)
    listing.Add({std::to_string(each.backfill.id), each.backfill.pipeline, StampText(each.backfill.first),
                 StampText(each.backfill.until), each.backfill.rerun, each.backfill.state,
                 std::to_string(each.intervals), std::to_string(each.succeeded), std::to_string(each.failed)});
  return listing.Print(arguments.Text("table-output"));
}

int RunBackfillsCancel(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  const auto number = Number(arguments, "backfill", "`backfills list` shows them");
  if (!number.ok()) return ReportFailure(number.error(), session);
  const Status canceled = engine::CancelBackfill(session.host(), MakeOptions(arguments, session), *number);
  if (!canceled.ok()) return ReportFailure(canceled.error(), session);
  fmt::print("backfill {} begins no more runs\n", *number);
  return 0;
}

int RunBackfillsResume(const Arguments& arguments, Session& session) {
  return RunCommand(arguments, session,
                    [&](const engine::Host& host, const engine::Options& options) -> Result<engine::CommandResult> {
                      STIR_ASSIGN(const int64_t number, Number(arguments, "backfill", "`backfills list` shows them"));
                      return engine::ResumeBackfill(host, options, number);
                    });
}

int RunAudit(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  const auto limit = static_cast<size_t>(std::max<int64_t>(arguments.Integer("last").value_or(20), 1));
  const auto entries = engine::ReadAudit(session.host(), MakeOptions(arguments, session), limit);
  if (!entries.ok()) return ReportFailure(entries.error(), session);
  Listing listing({"at", "who", "action", "subject", "detail"});
  for (const store::AuditEntry& each : *entries)
    listing.Add({StampText(each.at), each.who, each.action, each.subject, each.detail});
  return listing.Print(arguments.Text("table-output"));
}

int RunDoctor(const Arguments& arguments, Session& session) {
  OpenQuietly(arguments, session);
  const auto findings = engine::Examine(session.host(), MakeOptions(arguments, session));
  if (!findings.ok()) return ReportFailure(findings.error(), session);
  Listing listing({"what", "state", "why"});
  for (const engine::Finding& each : *findings) listing.Add({each.what, each.state, each.why});
  listing.Print(arguments.Text("table-output"));
  return std::ranges::any_of(*findings, [](const engine::Finding& each) { return each.is_bad; }) ? 1 : 0;
}

}  // namespace stir::cli
