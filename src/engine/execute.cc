// The loop that drives a plan of nodes.
#include "engine/execute.h"

#include <fmt/format.h>
#include <algorithm>
#include <atomic>
#include <map>

#include "adapter/kinds.h"
#include "engine/crew.h"

namespace stir::engine {
namespace {

using project::Node;
using scheduler::Outcome;
using scheduler::TaskId;
using scheduler::TaskState;

// While stopping, a node may send one more statement after the one that was canceled; it is canceled too.
constexpr Duration kCancelAgain = std::chrono::milliseconds(50);

bool Failed(const project::NodeResult& result) {
  return result.status == "error" || result.status == "fail" || result.status == "runtime error" ||
         result.status == "partial success";
}

bool WasCanceled(const Diagnostics& errors) {
  return std::ranges::any_of(errors, [](const Diagnostic& each) { return each.kind == adapter::kCanceled; });
}

// What is decided without work counts as a worker's, as dbt's threads decide it.
constexpr std::string_view kAnyWorker = "Thread-1 (worker)";
constexpr std::string_view kCanceled = "canceled", kFailFast = "Skipping due to fail_fast";

struct Done {
  TaskId task;
  NodeReport report;
};

class Execution {
 public:
  Execution(const ExecuteRequest& request, std::vector<std::unique_ptr<adapter::Connection>> connections)
      : request_(request), plan_(request.plan.plan), total_(CountNodes(request.plan)), crew_(std::move(connections)) {}

  RunResults Run() {
    const OnCancel<std::function<void()>> on_cancel(request_.cancel, [this] { crew_.Wake(); });
    while (!plan_.done()) {
      if (request_.cancel.stop_requested() && !stopping_) Stop(std::string(kCanceled));
      StartReady();
      if (plan_.running() > 0) Collect();
    }
    results_.interrupted = request_.cancel.stop_requested();
    return std::move(results_);
  }

 private:
  const Node& NodeOf(TaskId task) const { return request_.manifest.node(request_.plan.nodes[task].node); }

  NodeStory Story(TaskId task) {
    NodeStory story{.node = &NodeOf(task), .index = ++index_, .total = total_, .started_at = request_.clock.Now()};
    if (story.node->test != nullptr && story.node->test->attached)
      story.attached = &request_.manifest.node(*story.node->test->attached);
    return story;
  }

  // All at once, as dbt does: a worker that is done finds its next node waiting, whatever this thread is doing.
  void StartReady() {
    while (const std::optional<TaskId> task = plan_.Next()) {
      plan_.Start(*task);
      if (request_.plan.nodes[*task].silent) {
        Submit(*task, {.node = &NodeOf(*task), .started_at = request_.clock.Now()});
      } else if (request_.plan.nodes[*task].pass_through) {
        Ended(*task, Outcome::Success());
      } else if (HasNoWork(NodeOf(*task))) {
        NothingToDo(*task);
      } else {
        Submit(*task, Story(*task));
      }
    }
  }

  void Submit(TaskId task, NodeStory story) {
    crew_.Submit([this, task, story](runtime::Worker& worker) mutable {
      if (closed_ || request_.cancel.stop_requested()) return NotStarted(task, story);
      story.started_at = request_.clock.Now();
      if (request_.narrator != nullptr) request_.narrator->NodeStarted(story);
      runtime::NodeOutcome outcome = request_.action(story.node->id, worker);
      story.finished_at = request_.clock.Now();
      NodeReport report{
          story.node, std::move(outcome.result), std::move(outcome.errors), {}, std::move(outcome.freshness)};
      const bool kept_rows = report.result.status == "fail" || report.result.status == "warn";
      if (kept_rows && story.node->test != nullptr) report.failures_relation = report.result.relation_name;
      if (request_.fail_fast && Failed(report.result)) closed_ = true;
      if (WasCanceled(report.diagnostics)) {
        if (request_.narrator != nullptr) request_.narrator->NodeCanceled(*story.node);
      } else if (request_.narrator != nullptr) {
        request_.narrator->NodeFinished(story, report);
      }
      return Done{task, std::move(report)};
    });
  }

  static Done NotStarted(TaskId task, const NodeStory& story) {
    return {task, {story.node, {}, {Diagnostic(adapter::kCanceled, "canceled before it started")}, {}, {}}};
  }

  static bool HasNoWork(const Node& node) {
    return node.type == project::ResourceType::kExposure || node.type == project::ResourceType::kSavedQuery;
  }

  void NothingToDo(TaskId task) {
    const NodeStory story = Story(task);
    if (request_.narrator != nullptr) request_.narrator->NodeNothingToDo(story);
    NodeReport report{story.node, {}, {}, {}, {}};
    report.result.unique_id = story.node->unique_id;
    report.result.status = "no-op";
    report.result.thread_id = kAnyWorker;
    report.result.message = "NO-OP";
    report.result.failures = 0;
    const Timestamp now = request_.clock.Now();
    report.result.timing = {{"compile", now, now}, {"execute", now, now}};
    results_.reports.push_back(std::move(report));
    Ended(task, Outcome::Success());
  }

  void Collect() {
    std::optional<Done> done = crew_.Wait(stopping_ ? std::optional(kCancelAgain) : std::nullopt);
    if (!done) {
      if (stopping_) crew_.CancelRunning();
      return;
    }
    if (WasCanceled(done->report.diagnostics)) {
      // What failed may be told of only after what it kept from starting.
      if (!request_.plan.nodes[done->task].silent)
        Skip(done->task, std::string(request_.cancel.stop_requested() ? kCanceled : kFailFast));
      plan_.Finish(done->task, Outcome::Canceled());
      return;
    }
    const bool failed = Failed(done->report.result);
    const bool holds_back = failed && !GoesOnAfterErrors(*done->report.node);
    if (holds_back && request_.narrator != nullptr) request_.narrator->ChildrenSkipped(done->report);
    if (request_.plan.nodes[done->task].silent) {
      if (failed) silent_failures_.insert_or_assign(done->task, std::move(done->report));
    } else {
      results_.reports.push_back(std::move(done->report));
    }
    if (failed && request_.fail_fast && !stopping_) Stop(std::string(kFailFast));
    Ended(done->task, holds_back ? Outcome::Failed(false) : Outcome::Success());
  }

  // `on_error: continue`: what follows from the model is run all the same.
  static bool GoesOnAfterErrors(const Node& node) {
    if (node.type != project::ResourceType::kModel) return false;
    const jinja::Value& on_error = node.config->Get("on_error");
    return on_error.IsString() && on_error.AsString() == "continue";
  }

  void Ended(TaskId task, const Outcome& outcome) {
    for (TaskId skipped : plan_.Finish(task, outcome).skipped) {
      if (plan_.state(skipped) == TaskState::kUpstreamFailed && !request_.plan.nodes[skipped].pass_through)
        TellSkipped(skipped);
    }
  }

  // A node that an ephemeral model stands before is told with that as its reason, as dbt does.
  void TellSkipped(TaskId task) {
    const auto needs = plan_.needs(task);
    const auto ephemeral = std::ranges::find_if(needs, [&](TaskId need) {
      return NodeOf(need).IsEphemeral() &&
             (plan_.state(need) == TaskState::kUpstreamFailed || plan_.state(need) == TaskState::kFailed);
    });
    const NodeStory story = Story(task);
    std::string message;
    if (ephemeral == needs.end()) {
      if (request_.narrator != nullptr) request_.narrator->NodeSkipped(story);
    } else {
      const auto cause = silent_failures_.find(*ephemeral);
      if (request_.narrator != nullptr)
        request_.narrator->NodeSkippedByEphemeral(story, cause == silent_failures_.end() ? nullptr : &cause->second);
      message = fmt::format("Compilation Error in {}, caused by compilation error in referenced ephemeral model {}",
                            story.node->unique_id, NodeOf(*ephemeral).unique_id);
    }
    Skip(task, std::move(message), kAnyWorker);
  }

  void Skip(TaskId task, std::string message, std::string_view thread = "MainThread") {
    const Node& node = NodeOf(task);
    NodeReport report{&node, {}, {}, {}, {}};
    report.result.unique_id = node.unique_id;
    report.result.status = "skipped";
    report.result.thread_id = thread;
    report.result.message = std::move(message);
    report.result.compiled = false;
    report.result.relation_name = node.relation_name;
    results_.reports.push_back(std::move(report));
  }

  // Nothing starts any more; what runs is canceled and collected.
  void Stop(std::string reason) {
    stopping_ = closed_ = true;
    stop_reason_ = std::move(reason);
    for (TaskId task : plan_.Cancel().skipped) {
      if (!request_.plan.nodes[task].pass_through) Skip(task, stop_reason_);
    }
    crew_.CancelRunning();
  }

  const ExecuteRequest& request_;
  scheduler::Plan& plan_;
  const int total_;
  int index_ = 0;
  bool stopping_ = false;
  std::atomic<bool> closed_ = false;  // no node starts any more; set by whoever knows first
  std::string stop_reason_;
  std::map<TaskId, NodeReport> silent_failures_;  // of ephemeral models
  RunResults results_;
  Crew<Done> crew_;  // last: its threads are gone before what they use
};

}  // namespace

int CountNodes(const NodePlan& plan) {
  return static_cast<int>(std::ranges::count(plan.nodes, false, &PlannedNode::pass_through));
}

Result<RunResults> Execute(const ExecuteRequest& request, adapter::Adapter& engine) {
  const auto threads = std::clamp<size_t>(static_cast<size_t>(std::max(request.threads, 1)), 1,
                                          std::max<size_t>(static_cast<size_t>(CountNodes(request.plan)), 1));
  std::vector<std::unique_ptr<adapter::Connection>> connections;
  for (size_t i = 0; i < threads; ++i) {
    STIR_ASSIGN(std::unique_ptr<adapter::Connection> connection, engine.Connect());
    connections.push_back(std::move(connection));
  }
  return Execution(request, std::move(connections)).Run();
}

}  // namespace stir::engine
