#include "engine/service.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <functional>
#include <map>
#include <set>
#include <thread>

#include "base/diagnostic_text.h"
#include "base/strings.h"
#include "engine/bell.h"
#include "engine/kinds.h"
#include "engine/runs.h"
#include "engine/schedules.h"
#include "engine/service_backfills.h"
#include "engine/service_generation.h"
#include "engine/service_runs.h"
#include "engine/service_waiter.h"
#include "scheduler/clockwork.h"
#include "store/kinds.h"

namespace stir::engine {
namespace {

using scheduler::Decision;
using scheduler::Memory;

// How soon what another process holds, or what the store refused, is looked at again.
constexpr auto kLookAgain = std::chrono::seconds(5);
// How often runs that are older than they are kept are looked for.
constexpr Duration kForgetEvery = std::chrono::hours(24);
// Editors and version control write several files: they are read together.
constexpr auto kQuiet = std::chrono::milliseconds(200);

// What stir writes into a project, beside what is hidden.
bool IsWritten(std::string_view folder) {
  static constexpr std::array<std::string_view, 3> kWritten = {"target", "logs", "node_modules"};
  return folder.starts_with('.') || std::ranges::find(kWritten, folder) != kWritten.end();
}

// Whether a change of it may be one of the project.
bool IsProjectFile(const fs::path& path) {
  if (!path.has_filename()) return !IsWritten(path.parent_path().filename().string());
  static constexpr std::array<std::string_view, 6> kEndings = {".yml", ".yaml", ".sql", ".csv", ".md", ".py"};
  return std::ranges::find(kEndings, path.extension().string()) != kEndings.end();
}

class Service {
 public:
  Service(const Host& host, const Options& options, std::unique_ptr<ServiceWaiter> waiter, ServiceGuest* guest)
      : host_(host),
        options_(options),
        guest_(guest),
        folder_(options.project_dir),
        good_(host.files, folder_.root / "definitions"),
        slots_(std::make_shared<SharedSlots>(host.clock)),
        supervisors_(std::make_shared<Supervisors>()),
        backfills_(host, folder_),
        waiter_(std::move(waiter)),
        runs_(host, [this] { waiter_->Wake(); }) {}

  Status Begin() {
    STIR_ASSIGN(store_, OpenStore(host_, folder_));
    STIR_TRY(good_.Load());
    STIR_TRY(host_.files.MakeDirectories(BellOf(folder_).parent_path()));
    waiter_->WatchFolder(BellOf(folder_).parent_path());
    begun_at_ = host_.clock.Now();
    WatchProject();
    STIR_TRY(Reload());
    Say("S120", "ServiceStarted", Level::kInfo,
        fmt::format("service started: {} pipelines, {} with a schedule", Pipelines().size(), Scheduled()));
    return {};
  }

  void Loop() {
    const OnCancel<std::function<void()>> on_cancel(host_.cancel, [this] { waiter_->Wake(); });
    while (!host_.cancel.stop_requested()) {
      wake_at_.reset();
      if (dirty_since_) ReloadWhenQuiet();
      TakeEnded();
      Forget();
      if (Refresh().ok()) {
        ResumeRuns();
        for (auto& [name, schedule] : generation_->schedules()) DecideAll(name, schedule);
        AdvanceBackfills();  // behind what is due now
        if (guest_ != nullptr) guest_->Looked(host_.clock.Now());
      }
      if (host_.cancel.stop_requested()) break;
      Notice(waiter_->Wait(wake_at_));
    }
    Say("S126", "ServiceStopping", Level::kInfo,
        runs_.empty() ? "service stopped" : "service stops: what runs is set aside for the next one");
  }

 private:
  // What a decision about a pipeline stands on, beside its schedule.
  struct Known {
    Memory memory;
    int active_runs = 0;
    Timestamp watched_since{};
    std::string said_to_wait;  // the last obstacle that was told
  };

  const std::vector<platform::Pipeline>& Pipelines() { return generation_->workspace().definitions().pipelines; }
  size_t Scheduled() {
    return static_cast<size_t>(std::ranges::count_if(
        generation_->schedules(), [](const auto& each) { return each.second.calendar.has_value(); }));
  }

  void Say(std::string_view code, std::string_view name, Level level, std::string message) {
    host_.events.Emit({code, name, level, host_.redactor.Redact(message)});
  }
  void Trouble(const Diagnostics& errors) {
    Say("S124", "ServiceTrouble", Level::kError, RenderDiagnostics(errors, host_.sources));
    LookAgain(kLookAgain);
  }
  void WakeAt(Timestamp time) { wake_at_ = wake_at_ ? std::min(*wake_at_, time) : time; }
  void LookAgain(Duration in) { WakeAt(host_.clock.Now() + in); }

  // Folders of the project that may hold what it reads; those that stir writes are not among them.
  void WatchProject() {
    const auto enter = [](std::string_view folder) { return !IsWritten(folder.substr(folder.rfind('/') + 1)); };
    waiter_->WatchFolder(options_.project_dir);
    const auto entries = host_.files.Walk(options_.project_dir, enter);
    if (!entries.ok()) return;
    std::set<fs::path> folders;
    for (const WalkEntry& entry : *entries)
      for (fs::path at = fs::path(entry.path).parent_path(); !at.empty() && folders.insert(at).second;)
        at = at.parent_path();
    for (const fs::path& each : folders) waiter_->WatchFolder(options_.project_dir / each);
  }

  void Notice(const std::vector<fs::path>& changes) {
    for (const fs::path& path : changes) {
      if (path == BellOf(folder_)) stale_ = true;
      if (IsProjectFile(path)) dirty_since_ = host_.clock.Now();
    }
    // A minute without news, or a clock that was set: what was known is read again.
    if (changes.empty() && host_.clock.Now() - refreshed_at_ >= std::chrono::seconds(30)) stale_ = true;
  }

  void ReloadWhenQuiet() {
    const Timestamp quiet = *dirty_since_ + kQuiet;
    if (host_.clock.Now() < quiet) return WakeAt(quiet);
    dirty_since_.reset();
    WatchProject();
    if (const Status reloaded = Reload(); !reloaded.ok())
      Say("S122", "DefinitionsRefused", Level::kError,
          "the project cannot be read, the service goes on with what it has\n" +
              RenderDiagnostics(reloaded.error(), host_.sources));
  }

  Status Reload() {
    STIR_ASSIGN(LoadedGeneration loaded, LoadGeneration(host_, options_, good_, {store_, slots_, supervisors_}));
    if (guest_ != nullptr) guest_->Show(loaded.generation);  // before the last one goes, so that it goes below
    // Its end may have to wait for a channel that takes alerts.
    retiring_ =
        std::jthread([old = std::exchange(generation_, std::move(loaded.generation))]() mutable { old.reset(); });
    if (loaded.errors != quarantine_ && !loaded.errors.empty())
      Say("S122", "DefinitionsRefused", Level::kError,
          fmt::format("wrong, and left at its last good version: {}\n{}", Join(loaded.quarantined, ", "),
                      loaded.errors));
    quarantine_ = std::move(loaded.errors);
    if (!generation_->not_followed().empty())
      Say("S122", "DefinitionsRefused", Level::kError, generation_->not_followed());
    STIR_ASSIGN(const std::vector<store::Pipeline> seen, store_->Pipelines());
    for (const platform::Pipeline& pipeline : Pipelines()) {
      const auto row = std::ranges::find(seen, pipeline.name, &store::Pipeline::name);
      if (row != seen.end() && row->definition_hash == pipeline.hash) continue;
      STIR_TRY(RememberPipeline(*store_, pipeline, host_.clock.Now()));
      Say("S121", "DefinitionLoaded", Level::kInfo,
          fmt::format("pipeline {} {}", pipeline.name, row == seen.end() ? "is new" : "was changed"));
    }
    stale_ = true;
    return {};
  }

  // What the store holds, when somebody else may have changed it.
  Status Refresh() {
    if (!stale_) return {};
    auto memories = store_->Schedules();
    auto unfinished = store_->UnfinishedRuns();
    auto assets = store_->Assets();
    for (const Diagnostics* errors :
         {memories.ok() ? nullptr : &memories.error(), unfinished.ok() ? nullptr : &unfinished.error(),
          assets.ok() ? nullptr : &assets.error()})
      if (errors) {
        Trouble(*errors);
        return *errors;
      }
    versions_.clear();
    for (const store::AssetVersion& each : *assets) versions_[each.asset] = each.version;
    const Timestamp now = host_.clock.Now();
    for (store::ScheduleMemory& each : *memories) {
      auto [at, is_new] = known_.try_emplace(each.pipeline);
      const bool resumed = !is_new && at->second.memory.paused && !each.memory.paused;
      if (is_new) at->second.watched_since = begun_at_;
      if (resumed) at->second.watched_since = now;
      if (resumed || (!is_new && !at->second.memory.paused && each.memory.paused))
        Say("S123", "PipelinePaused", Level::kInfo,
            fmt::format("pipeline {} is {}", each.pipeline, resumed ? "resumed" : "paused"));
      at->second.memory = std::move(each.memory);
      at->second.active_runs = 0;
    }
    unfinished_ = *std::move(unfinished);
    for (const store::Run& run : unfinished_) ++known_[run.pipeline].active_runs;
    refreshed_at_ = now;
    stale_ = false;
    backfills_stale_ = true;
    return {};
  }

  // Once a day what is older than anybody asks for goes, so that the store does not grow for ever.
  void Forget() {
    const Timestamp now = host_.clock.Now();
    const Duration keep = generation_->workspace().definitions().keep_runs;
    if (forgot_at_ && kept_ == keep && now - *forgot_at_ < kForgetEvery) return;
    forgot_at_ = now;
    kept_ = keep;
    const auto gone = ForgetRuns(host_, *store_, folder_, keep);
    if (!gone.ok()) return Trouble(gone.error());
    if (*gone > 0)
      Say("S127", "RunsForgotten", Level::kInfo,
          fmt::format("{} runs that ended more than {} ago are forgotten", *gone, FormatDuration(keep)));
  }

  void TakeEnded() {
    for (const ServiceRuns::Ended& ended : runs_.TakeEnded()) {
      stale_ = true;
      if (ended.failed) not_before_[ended.run] = host_.clock.Now() + kLookAgain;
    }
    if (runs_.empty()) generation_->workspace().CloseDatabases();
  }

  // Every unfinished run that nobody works on: a service that died left it, or it was just created.
  void ResumeRuns() {
    const Timestamp now = host_.clock.Now();
    for (const store::Run& run : unfinished_) {
      if (runs_.Has(run.id)) continue;
      const auto pipeline = std::ranges::find(Pipelines(), run.pipeline, &platform::Pipeline::name);
      if (pipeline == Pipelines().end()) continue;  // its definition is gone: it waits for it
      const auto later = not_before_.find(run.id);
      const bool early = later != not_before_.end() && now < later->second && later->second - now <= kLookAgain;
      if (!early && runs_.Begin(generation_, *pipeline, run)) continue;
      stale_ = true;  // somebody else has it, or had
      LookAgain(kLookAgain);
    }
  }

  void AdvanceBackfills() {
    if (!std::exchange(backfills_stale_, false)) return;
    auto made = backfills_.Advance(*store_, generation_->workspace().definitions(), unfinished_);
    if (!made.ok()) return Trouble(made.error());
    if (made->look_again) backfills_stale_ = true, LookAgain(kLookAgain);
    if (made->runs.empty()) return;
    for (store::Run& run : made->runs) {
      ++known_[run.pipeline].active_runs;
      unfinished_.push_back(std::move(run));
    }
    ResumeRuns();
  }

  void DecideAll(const std::string& name, const scheduler::Schedule& schedule) {
    Known& known = known_[name];
    while (!host_.cancel.stop_requested()) {
      auto standing = StandingOf(name, schedule, known);
      if (!standing.ok()) return Trouble(standing.error());
      const Timestamp now = host_.clock.Now();
      const scheduler::Verdict verdict = Decide(schedule, known.memory, *standing, now);
      if (verdict.decision) {
        if (!CarryOut(name, schedule, known, *verdict.decision, now)) return;
        continue;
      }
      if (verdict.wake_at) WakeAt(*verdict.wake_at);
      if (verdict.waits_for != known.said_to_wait && !verdict.waits_for.empty() && !known.memory.paused)
        Say("S125", "RunWaits", Level::kInfo, fmt::format("pipeline {} waits: {}", name, verdict.waits_for));
      known.said_to_wait = verdict.waits_for;
      return;
    }
  }

  Result<scheduler::Standing> StandingOf(const std::string& name, const scheduler::Schedule& schedule,
                                         const Known& known) {
    scheduler::Standing standing{known.active_runs, known.watched_since, {}, {}};
    if (schedule.on)
      for (const std::string& asset : schedule.on->assets)
        if (const auto found = versions_.find(asset); found != versions_.end()) standing.versions.insert(*found);
    if (!schedule.depends_on_past || !schedule.calendar || known.memory.schedule != schedule.text) return standing;
    const Timestamp next = schedule.on ? known.memory.decided_until : NextInterval(schedule, known.memory).start;
    STIR_ASSIGN(const auto before, store_->RunBefore(name, next));
    if (before) standing.last_run = before->state;
    return standing;
  }

  // One commit holds the decision and what it makes. False: not now.
  bool CarryOut(const std::string& name, const scheduler::Schedule& schedule, Known& known, const Decision& decision,
                Timestamp now) {
    const platform::Pipeline& pipeline = *std::ranges::find(Pipelines(), name, &platform::Pipeline::name);
    store::ScheduleStep step;
    step.pipeline = name;
    step.from = known.memory;
    step.to = Remember(known.memory, schedule, decision, now);
    const bool starts = decision.kind == Decision::Kind::kStart;
    if (starts) {
      step.run = NewRunOf(pipeline, decision.interval, now);
      if (!step.run) return false;
    } else if (decision.kind != Decision::Kind::kAdopt) {
      step.left_out =
          store::LeftOut{decision.interval.start, decision.interval.end, decision.count, decision.reason, now};
    }
    auto done = store_->AdvanceSchedule(step);
    if (!done.ok()) {
      stale_ = true;
      if (done.error().front().kind != store::kStoreConflict) Trouble(done.error());
      LookAgain(std::chrono::milliseconds(100));
      return false;
    }
    known.memory = step.to;
    Tell(name, *schedule.calendar, decision, *done);
    if (!*done || !(*done)->created) return true;
    ++known.active_runs;
    unfinished_.push_back((*done)->run);
    if (!runs_.Begin(generation_, pipeline, (*done)->run)) stale_ = true, LookAgain(kLookAgain);
    return true;
  }

  std::optional<store::NewRun> NewRunOf(const platform::Pipeline& pipeline, const scheduler::Interval& interval,
                                        Timestamp now) {
    auto params = ParamsOf(pipeline, {}, host_.sources);
    if (!params.ok()) {
      Trouble(params.error());
      return std::nullopt;
    }
    store::NewRun run;
    run.pipeline = pipeline.name;
    run.run_type = "scheduled";
    run.logical_date = run.data_interval_start = interval.start;
    run.data_interval_end = interval.end;
    run.params = *std::move(params);
    run.definition_hash = pipeline.hash;
    run.created_at = now;
    return run;
  }

  void Tell(const std::string& name, const scheduler::Calendar& calendar, const Decision& decision,
            const std::optional<store::CreatedRun>& run) {
    const auto text = [&](Timestamp time) { return FormatTimestamp(calendar.zone().ToLocal(time)).substr(0, 19); };
    const std::string interval = fmt::format("{} to {}", text(decision.interval.start), text(decision.interval.end));
    if (decision.kind == Decision::Kind::kSkip)
      Say("S123", "IntervalLeftOut", Level::kInfo,
          fmt::format("pipeline {}: {} is skipped: {}", name, interval, decision.reason));
    if (decision.kind == Decision::Kind::kDrop)
      Say("S123", "IntervalLeftOut", Level::kWarn,
          fmt::format("pipeline {}: {} ({} interval{}) dropped: {}", name, interval, decision.count,
                      decision.count == 1 ? "" : "s", decision.reason));
    if (run && !run->created)
      Say("S123", "IntervalLeftOut", Level::kInfo,
          fmt::format("pipeline {}: {} has run {} already", name, interval, run->run.id));
  }

  const Host& host_;
  const Options& options_;
  ServiceGuest* const guest_;  // may be null
  const StateFolder folder_;
  GoodDefinitions good_;
  std::shared_ptr<store::Store> store_;
  const std::shared_ptr<SharedSlots> slots_;
  const std::shared_ptr<Supervisors> supervisors_;
  std::shared_ptr<Generation> generation_;
  std::jthread retiring_;   // ends the generation before
  std::string quarantine_;  // what was told of wrong files last

  std::map<std::string, Known> known_;
  std::vector<store::Run> unfinished_;
  scheduler::Versions versions_;             // of all assets
  std::map<int64_t, Timestamp> not_before_;  // runs that the store refused
  Timestamp begun_at_{}, refreshed_at_{};
  bool stale_ = true;            // the store may hold what is not known here
  bool backfills_stale_ = true;  // what was read of it is news for backfills
  std::optional<Timestamp> dirty_since_, wake_at_, forgot_at_;
  Duration kept_{};  // what `keep_runs` was then
  ServiceBackfills backfills_;
  const std::unique_ptr<ServiceWaiter> waiter_;
  ServiceRuns runs_;  // last: its threads are gone before what they use
};

}  // namespace

Result<CommandResult> RunService(const Host& host, const Options& options, ServiceGuest* guest) {
  if (host.environment.contains("STIR_NOW"))
    return Diagnostic(kBadTime, "a service needs a clock that goes on").Hint("unset STIR_NOW");
  const StateFolder folder(options.project_dir);
  STIR_TRY(MakeStateFolder(host, folder));
  auto only = host.files.Lock(folder.lock("service"));
  // A service that was killed while it started a process leaves the lock to that for a moment.
  for (int i = 0; i < 30 && !only.ok() && !IsServiceUp(host.files, folder); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    only = host.files.Lock(folder.lock("service"));
  }
  if (!only.ok()) {
    Diagnostics errors = std::move(only).error();
    errors.front() = Diagnostic(kServiceRuns, "a service runs in this project: " + errors.front().message)
                         .Hint("one is enough: it reads changed files by itself");
    return errors;
  }
  STIR_ASSIGN(auto waiter, ServiceWaiter::Make());
  if (guest != nullptr) STIR_TRY(guest->Arrive());
  Service service(host, options, std::move(waiter), guest);
  STIR_TRY(service.Begin());
  service.Loop();
  return CommandResult{};
}

}  // namespace stir::engine
