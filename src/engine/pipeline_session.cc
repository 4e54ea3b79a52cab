#include "engine/pipeline_session.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "base/json.h"
#include "base/kinds.h"
#include "base/strings.h"
#include "engine/bell.h"
#include "engine/kinds.h"
#include "engine/run_executor.h"
#include "engine/run_task.h"
#include "engine/triggered_runs.h"
#include "project/invocation.h"
#include "pylib/convert.h"

namespace stir::engine {
namespace {

std::string FileName(const platform::Pipeline& pipeline, Timestamp start) {
  return fmt::format("{}@{}", ReplaceAll(pipeline.name, "/", "_"),
                     ReplaceAll(FormatTimestamp(start).substr(0, 19), ":", ""));
}

// What base says of the holder, with what is held.
Diagnostics Held(Diagnostics errors, std::string what) {
  for (Diagnostic& error : errors) {
    if (error.kind != kLocked) continue;
    error.kind = kRunHeld;
    error.message = what + ": " + error.message;
    error.hint = "wait for it, or end that process: the same command then resumes where it stopped";
  }
  return errors;
}

}  // namespace

PipelineSession::PipelineSession(Workspace& workspace, For whom, std::shared_ptr<SharedSlots> slots,
                                 std::shared_ptr<Supervisors> supervisors)
    : workspace_(workspace),
      narrator_(workspace.host().events, workspace.host().redactor),
      alerts_(workspace, narrator_),
      slots_(slots ? std::move(slots) : std::make_shared<SharedSlots>(workspace.host().clock)),
      supervisors_(supervisors ? std::move(supervisors) : std::make_shared<Supervisors>()),
      launcher_(whom == For::kService ? std::unique_ptr<RunLauncher>(std::make_unique<ServiceBell>(workspace))
                                      : std::make_unique<TriggeredRuns>(*this)) {
  std::map<std::string, uint32_t> limits = workspace.definitions().pools;
  limits[std::string(kThreadsLane)] = static_cast<uint32_t>(std::max(workspace.setting().target.profile.threads, 1));
  limits[std::string(kPublishLane)] = 1;
  slots_->SetLimits(std::move(limits));
  for (const platform::Pipeline& pipeline : workspace.definitions().pipelines)
    for (const platform::Schedule::On& on : pipeline.schedule.on) awaited_.insert(on.asset);
  ear_ = BellEar::Open(workspace.host().files, workspace.folder(), [this] {
    const std::scoped_lock lock(mutex_);
    for (RunExecutor* executor : listening_) executor->Nudge();
  });
}

PipelineSession::Listening::Listening(PipelineSession& session, RunExecutor& executor)
    : session_(session), executor_(executor) {
  const std::scoped_lock lock(session_.mutex_);
  session_.listening_.insert(&executor_);
}

PipelineSession::Listening::~Listening() {
  const std::scoped_lock lock(session_.mutex_);
  session_.listening_.erase(&executor_);
}

PipelineSession::~PipelineSession() {
  launcher_.reset();
  ear_.reset();
  static_cast<void>(RingBell(workspace_.host().files, workspace_.folder()).ok());  // who does not hear it looks anyway
}

Result<std::vector<std::unique_ptr<FileLock>>> HoldInterval(Workspace& workspace, const platform::Pipeline& pipeline,
                                                            const scheduler::Interval& interval) {
  Files& files = workspace.host().files;
  const StateFolder& folder = workspace.folder();
  STIR_TRY(files.MakeDirectories(folder.root / "locks"));
  std::vector<std::unique_ptr<FileLock>> locks;
  auto own = files.Lock(folder.lock(FileName(pipeline, interval.start)));
  if (!own.ok())
    return Held(std::move(own).error(),
                fmt::format("another process runs pipeline `{}` for this interval", pipeline.name));
  locks.push_back(*std::move(own));
  Diagnostics refused;
  for (int slot = 0; slot < pipeline.max_active_runs; ++slot) {
    auto free = files.Lock(folder.lock(fmt::format("{}.slot{}", ReplaceAll(pipeline.name, "/", "_"), slot)));
    if (free.ok()) {
      locks.push_back(*std::move(free));
      return locks;
    }
    refused = std::move(free).error();
  }
  return Held(std::move(refused), fmt::format("pipeline `{}` runs in another process, and `max_active_runs` is {}",
                                              pipeline.name, pipeline.max_active_runs));
}

Result<std::string> ParamsOf(const platform::Pipeline& pipeline, const std::string& given, SourceMap& sources) {
  if (Strip(given).empty()) return LayParams(pipeline, Json::object());
  STIR_ASSIGN(const jinja::Value values, project::ParseVars(given, sources));
  STIR_ASSIGN(const Json json, pylib::ToJson(values));
  if (!json.is_object())
    return Diagnostic(kBadParams, "--params must be a mapping").Hint("--params '{region: us_east}'");
  return LayParams(pipeline, json);
}

Result<std::string> LayParams(const platform::Pipeline& pipeline, const Json& over) {
  STIR_ASSIGN(Json params, pylib::ToJson(pipeline.params));
  std::vector<std::string> known;
  for (const auto& [name, value] : params.items()) known.push_back(name);
  Diagnostics errors;
  for (const auto& [name, value] : over.items()) {
    if (!params.contains(name)) {
      std::string hint = DidYouMean(name, known);
      if (hint.empty()) hint = known.empty() ? "it declares no `params`" : "it declares " + Join(known, ", ");
      errors.push_back(Diagnostic(kBadParams, fmt::format("pipeline `{}` has no parameter `{}`", pipeline.name, name))
                           .Hint(std::move(hint)));
    }
    params[name] = value;
  }
  if (!errors.empty()) return errors;
  return WriteJson(params);
}

}  // namespace stir::engine
