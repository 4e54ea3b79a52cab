#include "engine/doctor.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include "base/strings.h"
#include "engine/bell.h"
#include "engine/freshness.h"
#include "engine/pipeline_session.h"
#include "engine/run_task.h"
#include "engine/workspace.h"
#include "scheduler/clockwork.h"

namespace stir::engine {
namespace {

using scheduler::TaskState;

constexpr uint64_t kLittleRoom = uint64_t{1} << 30;

class Doctor {
 public:
  explicit Doctor(Workspace& workspace) : workspace_(workspace), store_(workspace.store()) {}

  Result<std::vector<Finding>> Examine() {
    STIR_ASSIGN(runs_, store_.UnfinishedRuns());
    for (const store::Run& run : runs_) {
      STIR_ASSIGN(tasks_[run.id], store_.Tasks(run.id));
    }
    Room();
    Programs();
    STIR_TRY(Alerts());
    STIR_TRY(Schedules());
    for (const store::Run& run : runs_) RunOf(run);
    return std::move(findings_);
  }

 private:
  void Add(std::string what, std::string state, std::string why, bool is_bad = false) {
    findings_.push_back({std::move(what), std::move(state), std::move(why), is_bad});
  }

  void Room() {
    std::error_code error;
    const auto room = std::filesystem::space(workspace_.folder().root, error);
    if (error) return Add("store", "unreachable", error.message(), true);
    const std::string free =
        fmt::format("{} MiB are free at {}", room.available >> 20, workspace_.folder().root.string());
    Add("store", room.available < kLittleRoom ? "little room" : "ok", free, room.available < kLittleRoom);
    const bool is_up = IsServiceUp(workspace_.host().files, workspace_.folder());
    Add("service", is_up ? "on" : "off", is_up ? "" : "schedules are followed by `stir up`");
  }

  // What tasks start has to be there.
  void Programs() {
    std::map<std::string, std::string> needed;  // by program: a task that needs it
    for (const platform::Pipeline& pipeline : workspace_.definitions().pipelines)
      for (const platform::Task& task : pipeline.tasks) {
        const std::string who = fmt::format("task {} of pipeline {}", task.name, pipeline.name);
        if (task.kind == platform::TaskKind::kSsh) needed.emplace("ssh", who);
        if (task.kind == platform::TaskKind::kPython && !task.argv.empty()) needed.emplace(task.argv[0], who);
      }
    for (const auto& [program, who] : needed)
      if (program.find_first_of("/{") == std::string::npos && !IsOnPath(program))
        Add("program " + program, "missing", who + " needs it", true);
  }

  bool IsOnPath(const std::string& program) const {
    const auto path = workspace_.host().environment.find("PATH");
    if (path == workspace_.host().environment.end()) return true;
    return std::ranges::any_of(Split(path->second, ':'), [&](std::string_view folder) {
      return access(fmt::format("{}/{}", folder, program).c_str(), X_OK) == 0;
    });
  }

  Status Alerts() {
    STIR_ASSIGN(const auto messages, store_.Messages(std::nullopt));
    for (const store::Message& message : messages) {
      const bool is_dead = message.state == "dead";
      if (is_dead || (message.state == "pending" && !message.last_error.empty()))
        Add(fmt::format("alert {} to {}", message.id, message.channel), is_dead ? "given up" : "tried again",
            message.last_error, true);
    }
    return {};
  }

  Status Schedules() {
    STIR_ASSIGN(const auto memories, store_.Schedules());
    STIR_ASSIGN(const auto assets, store_.Assets());
    for (const platform::Pipeline& pipeline : workspace_.definitions().pipelines) {
      const std::string what = "pipeline " + pipeline.name;
      const auto schedule = ScheduleOf(workspace_, pipeline);
      if (!schedule.ok()) {
        Add(what, "not followed", schedule.error().front().message, true);
        continue;
      }
      const auto known = std::ranges::find(memories, pipeline.name, &store::ScheduleMemory::pipeline);
      if (!schedule->calendar || known == memories.end()) continue;
      STIR_TRY(ScheduleOfOne(what, pipeline.name, *schedule, known->memory, assets));
    }
    return {};
  }

  Status ScheduleOfOne(const std::string& what, const std::string& pipeline, const scheduler::Schedule& schedule,
                       const scheduler::Memory& memory, const std::vector<store::AssetVersion>& assets) {
    if (memory.paused) {
      Add(what, "paused", fmt::format("`stir pipeline resume {}`", pipeline));
      return {};
    }
    if (memory.schedule != schedule.text) return {};  // nobody has looked at it yet
    const Timestamp now = workspace_.host().clock.Now();
    scheduler::Standing standing{0, now, {}, {}};
    for (const store::Run& run : runs_) standing.active_runs += run.pipeline == pipeline;
    for (const store::AssetVersion& each : assets) standing.versions[each.asset] = each.version;
    const Timestamp next = schedule.on ? memory.decided_until : NextInterval(schedule, memory).start;
    STIR_ASSIGN(const auto before, store_.RunBefore(pipeline, next));
    if (before) standing.last_run = before->state;
    const scheduler::Verdict verdict = Decide(schedule, memory, standing, now);
    if (!verdict.waits_for.empty()) Add(what, "waits", verdict.waits_for);
    return {};
  }

  void RunOf(const store::Run& run) {
    const std::string what = fmt::format("run {} of {}", run.id, run.pipeline);
    const auto pipeline = workspace_.definitions().FindPipeline(run.pipeline);
    if (!pipeline.ok()) return Add(what, "waits", "its pipeline is not defined any more", true);
    if (run.wish == "hold") Add(what, "on hold", fmt::format("`stir runs release {}`", run.id));
    if (HoldInterval(workspace_, **pipeline, {run.data_interval_start, run.data_interval_end}).ok())
      Add(what, "waits", "nobody works on it: `stir up` does, or `stir pipeline run` for its date", true);
    const TaskList list = TasksOf(**pipeline, {});
    for (scheduler::TaskId id = 0; id < list.specs.size(); ++id)
      if (const auto row = Find(run, list.specs[id].name); row && !IsFinal(row->state)) TaskOf(run, list, id, *row);
  }

  const store::Task* Find(const store::Run& run, const std::string& name) const {
    const auto& tasks = tasks_.at(run.id);
    const auto found = std::ranges::find(tasks, name, &store::Task::name);
    return found == tasks.end() ? nullptr : &*found;
  }

  void TaskOf(const store::Run& run, const TaskList& list, scheduler::TaskId id, const store::Task& row) {
    const std::string what = fmt::format("run {}: {}", run.id, row.name);
    if (row.state == TaskState::kRunning) {
      if (!row.message.empty()) Add(what, "waits", row.message);
      return;
    }
    if (row.state == TaskState::kUpForRetry)
      return Add(
          what, "waits",
          fmt::format("tries again at {}: {}", row.retry_at ? FormatTimestamp(*row.retry_at) : "once", row.message));
    std::vector<std::string> missing;
    for (const scheduler::TaskId need : AllNeeds(list, id)) {
      const store::Task* other = Find(run, list.specs[need].name);
      if (other && !IsFinal(other->state))
        missing.push_back(fmt::format("{} ({})", other->name, scheduler::ToString(other->state)));
    }
    if (!missing.empty()) return Add(what, "waits", "for " + Join(missing, ", "));
    if (run.wish == "hold") return Add(what, "waits", "its run is on hold");
    Add(what, "waits", PoolOf(list.specs[id]));
  }

  // Branches too, which their targets need without saying so.
  static std::set<scheduler::TaskId> AllNeeds(const TaskList& list, scheduler::TaskId id) {
    std::set<scheduler::TaskId> needs(list.specs[id].needs.begin(), list.specs[id].needs.end());
    for (scheduler::TaskId branch = 0; branch < list.specs.size(); ++branch)
      if (std::ranges::find(list.specs[branch].targets, id) != list.specs[branch].targets.end()) needs.insert(branch);
    return needs;
  }

  // It may start: its pool is full, or it is about to.
  std::string PoolOf(const scheduler::TaskSpec& spec) const {
    const auto& pools = workspace_.definitions().pools;
    const auto limit = pools.find(spec.pool);
    if (limit == pools.end()) return "for a worker";
    std::vector<std::string> holders;
    for (const store::Run& run : runs_)
      if (const auto pipeline = workspace_.definitions().FindPipeline(run.pipeline); pipeline.ok())
        for (const platform::Task& task : (*pipeline)->tasks)
          if (const store::Task* row = Find(run, task.name);
              task.pool == spec.pool && row && row->state == TaskState::kRunning)
            holders.push_back(fmt::format("run {} {}", run.id, task.name));
    return fmt::format("for {} of {} slots of pool {}{}{}", spec.slots, limit->second, spec.pool,
                       holders.empty() ? "" : ": taken by ", Join(holders, ", "));
  }

  Workspace& workspace_;
  store::Store& store_;
  std::vector<store::Run> runs_;
  std::map<int64_t, std::vector<store::Task>> tasks_;  // by run
  std::vector<Finding> findings_;
};

}  // namespace

Result<std::vector<Finding>> Examine(const Host& host, const Options& options) {
  STIR_ASSIGN(const std::unique_ptr<Workspace> workspace, Workspace::Open(host, options));
  return Doctor(*workspace).Examine();
}

}  // namespace stir::engine
