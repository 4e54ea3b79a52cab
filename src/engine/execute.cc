// The loop that drives a plan of nodes.
#include "engine/execute.h"

#include <fmt/format.h>
#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>

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

constexpr const char* kFailFast = "Skipping due to fail_fast";

bool WasCanceled(const Diagnostics& errors) {
  return std::ranges::any_of(errors, [](const Diagnostic& each) { return each.kind == adapter::kCanceled; });
}

struct Done {
  TaskId task;
  NodeReport report;
};

class Execution {
 public:
  Execution(const ExecuteRequest& request, std::vector<std::unique_ptr<adapter::Connection>> connections)
      : request_(request),
        plan_(request.plan.plan),
        total_(CountNodes(request.plan)),
        index_(plan_.size()),
        obstacles_(plan_.size()),
        crew_(std::move(connections)) {}

  RunResults Run() {
    const OnCancel<std::function<void()>> on_cancel(request_.cancel, [this] { crew_.Wake(); });
    for (TaskId task = 0; task < plan_.size(); ++task) {
      if (plan_.state(task) == TaskState::kQueued) BecameReady(task);
    }
    while (!plan_.done()) {
      if (request_.cancel.stop_requested() && !stopping_) Stop("canceled");
      StartReady();
      if (plan_.running() > 0) Collect();
    }
    results_.interrupted = request_.cancel.stop_requested();
    return std::move(results_);
  }

 private:
  // Why a node is not run: something that it stands on has failed, or was skipped for that.
  struct Obstacle {
    bool there = false;
    const NodeReport* ephemeral = nullptr;  // what failed is the ephemeral model that this is about
  };

  const PlannedNode& Planned(TaskId task) const { return request_.plan.nodes[task]; }
  const Node& NodeOf(TaskId task) const { return request_.manifest.node(Planned(task).node); }

  // A part of a worker's job: unit tests and their model are one.
  struct Link {
    TaskId task;
    NodeStory story;
    Obstacle obstacle;
  };

  // Nodes are numbered in the order in which they wait; a unit test and its model when they start.
  bool IsNumberedAtStart(TaskId task) const { return plan_.task(task).at_once || Planned(task).then; }

  void BecameReady(TaskId task) {
    if (!Planned(task).ephemeral && !IsNumberedAtStart(task)) index_[task] = ++numbered_;
  }

  NodeStory Story(TaskId task) {
    NodeStory story{.node = &NodeOf(task), .index = index_[task], .total = total_, .started_at = request_.clock.Now()};
    if (story.node->test != nullptr && story.node->test->attached)
      story.attached = &request_.manifest.node(*story.node->test->attached);
    return story;
  }

  // All at once, as dbt does: a worker that is done finds its next node waiting, whatever this thread is doing.
  void StartReady() {
    while (const std::optional<TaskId> task = plan_.Next()) {
      plan_.Start(*task);
      std::vector<Link> chain;
      for (std::optional<TaskId> next = task; next; next = Planned(*next).then)
        chain.push_back({*next, Story(*next), obstacles_[*next]});
      crew_.Submit([this, chain = std::move(chain)](runtime::Worker& worker) { return CarryAll(chain, worker); });
    }
  }

  // On a worker's thread: one after the other; after one that failed the others are told as skipped.
  Done CarryAll(const std::vector<Link>& chain, runtime::Worker& worker) {
    bool blocked = false;
    for (size_t i = 0;; ++i) {
      const Link& link = chain[i];
      Done done = NotStarted(link.task, link.story);
      if (!closed_ && !request_.cancel.stop_requested()) {
        NodeStory story = link.story;
        if (IsNumberedAtStart(link.task)) story.index = ++numbered_;
        story.started_at = request_.clock.Now();
        Obstacle obstacle{.there = link.obstacle.there || blocked, .ephemeral = link.obstacle.ephemeral};
        if (story.node->unit_test != nullptr) obstacle.ephemeral = nullptr;
        done.report = Carry(story, obstacle, worker);
        blocked = blocked || HoldsBack(done.report);
      }
      if (i + 1 == chain.size()) return done;
      crew_.Report(std::move(done));
    }
  }

  static bool HoldsBack(const NodeReport& report) {
    return IsFailure(report.result) || report.result.status == "skipped";
  }

  static Done NotStarted(TaskId task, const NodeStory& story) {
    return {task, {story.node, {}, {Diagnostic(adapter::kCanceled, "canceled before it started")}, {}, {}}};
  }

  // On a worker's thread: the node is run, or it is told that it is not.
  NodeReport Carry(NodeStory story, const Obstacle& obstacle, runtime::Worker& worker) {
    const Node& node = *story.node;
    Tell([&](const Narrator& narrator) { narrator.NodeStarted(story); });
    NodeReport report;
    if (obstacle.there) {
      report = Skipped(node, worker.name);
      if (!node.IsEphemeral()) TellSkipped(story, obstacle.ephemeral, report);
    } else if (IsNothingToDo(node)) {
      report = NothingToDo(node, worker);
      Tell([&](const Narrator& narrator) { narrator.NodeNothingToDo(story); });
    } else {
      report = RunOne(story, worker);
    }
    Tell([&](const Narrator& narrator) {
      if (!WasCanceled(report.diagnostics)) narrator.NodeFinished(story, report);
    });
    return report;
  }

  NodeReport RunOne(NodeStory& story, runtime::Worker& worker) {
    const bool counts = !story.node->IsEphemeral();
    Tell([&](const Narrator& narrator) {
      if (counts) narrator.StartLine(story);
    });
    Note(worker, *story.node);
    runtime::NodeOutcome outcome = request_.action(story.node->id, worker);
    story.finished_at = request_.clock.Now();
    NodeReport report{
        story.node, std::move(outcome.result), std::move(outcome.errors), {}, std::move(outcome.freshness)};
    const bool kept_rows = report.result.status == "fail" || report.result.status == "warn";
    if (kept_rows && story.node->test != nullptr) report.failures_relation = report.result.relation_name;
    if (request_.fail_fast && IsFailure(report.result)) closed_ = true;
    Tell([&](const Narrator& narrator) {
      if (WasCanceled(report.diagnostics)) return;
      narrator.NodeEnded(story, report);
      if (counts) narrator.ResultLine(story, report);
    });
    return report;
  }

  // What each worker's connection was last used for.
  void Note(const runtime::Worker& worker, const Node& node) {
    const std::lock_guard lock(last_mutex_);
    last_[worker.name] = &node;
  }

  void TellCanceled() {
    const std::lock_guard lock(last_mutex_);
    for (const auto& entry : last_) {
      const Node& node = *entry.second;
      if (!node.IsEphemeral()) Tell([&](const Narrator& narrator) { narrator.NodeCanceled(node); });
    }
  }

  // A node that an ephemeral model stands before is told with that as its reason, as dbt does.
  void TellSkipped(const NodeStory& story, const NodeReport* ephemeral, NodeReport& report) const {
    if (ephemeral == nullptr) return Tell([&](const Narrator& narrator) { narrator.NodeSkipped(story); });
    report.result.message =
        fmt::format("Compilation Error in {}, caused by compilation error in referenced ephemeral model {}",
                    story.node->unique_id, ephemeral->node->unique_id);
    Tell([&](const Narrator& narrator) { narrator.NodeSkippedByEphemeral(story, *ephemeral); });
  }

  template <typename Words>
  void Tell(Words words) const {
    if (request_.narrator != nullptr) words(*request_.narrator);
  }

  // A model whose failure holds nothing back.
  static bool GoesOn(const Node& node) {
    const jinja::Value& on_error = node.config->Get("on_error");
    return node.type == project::ResourceType::kModel && on_error.IsString() && on_error.AsString() == "continue";
  }

  static bool IsNothingToDo(const Node& node) {
    return node.type == project::ResourceType::kExposure || node.type == project::ResourceType::kSavedQuery;
  }

  NodeReport NothingToDo(const Node& node, const runtime::Worker& worker) const {
    NodeReport report{&node, {}, {}, {}, {}};
    const Timestamp now = request_.clock.Now();
    report.result.unique_id = node.unique_id;
    report.result.status = "no-op";
    report.result.thread_id = worker.name;
    report.result.message = "NO-OP";
    report.result.failures = 0;
    report.result.timing = {{"compile", now, now}, {"execute", now, now}};
    return report;
  }

  static NodeReport Skipped(const Node& node, std::string_view thread) {
    NodeReport report{&node, {}, {}, {}, {}};
    report.result.unique_id = node.unique_id;
    report.result.status = "skipped";
    report.result.thread_id = thread;
    if (!IsRunAsCode(node)) return report;
    report.result.compiled = false;
    report.result.relation_name = node.relation_name;
    return report;
  }

  void Collect() {
    std::optional<Done> done = crew_.Wait(stopping_ ? std::optional(kCancelAgain) : std::nullopt);
    if (!done) {
      if (stopping_) crew_.CancelRunning();
      return;
    }
    Settle(*std::move(done));
  }

  void Settle(Done done) {
    if (plan_.state(done.task) != TaskState::kRunning) return;  // of a chain that a stop has cut
    if (WasCanceled(done.report.diagnostics)) {
      Skip(done.task);
      Finish(done.task, Outcome::Canceled());
      return;
    }
    const bool failed = IsFailure(done.report.result);
    if (failed) Tell([&](const Narrator& narrator) { narrator.ChildrenSkipped(done.report); });
    Block(done.task, done.report);
    const bool stops = failed && request_.fail_fast && !stopping_;
    const NodeReport last = stops ? done.report : NodeReport{};
    if (!Planned(done.task).ephemeral) results_.reports.push_back(std::move(done.report));
    Finish(done.task, failed ? Outcome::Failed(false) : Outcome::Success());
    if (!stops) return;
    Stop(kFailFast);
    Tell([&](const Narrator& narrator) { narrator.FailedFast(last); });
  }

  // The worker of a chain goes on with its next part.
  void Finish(TaskId task, const Outcome& outcome) {
    const scheduler::Transitions next = plan_.Finish(task, outcome);
    for (const TaskId ready : next.ready) Planned(task).then == ready ? plan_.Start(ready) : BecameReady(ready);
    for (const TaskId skipped : next.skipped) Skip(skipped);
  }

  // What failed or was skipped stands in the way of all that needs it.
  void Block(TaskId task, const NodeReport& report) {
    if (!HoldsBack(report)) return;
    if (IsFailure(report.result) && GoesOn(NodeOf(task))) return;
    Obstacle obstacle{.there = true, .ephemeral = obstacles_[task].ephemeral};
    if (Planned(task).ephemeral) obstacle.ephemeral = &ephemeral_.emplace_back(report);
    for (TaskId dependent : plan_.dependents(task)) obstacles_[dependent] = obstacle;
  }

  void Skip(TaskId task) {
    if (Planned(task).ephemeral) return;
    NodeReport report = Skipped(NodeOf(task), "MainThread");
    report.result.message = stop_reason_.empty() ? std::string(kFailFast) : stop_reason_;
    results_.reports.push_back(std::move(report));
  }

  // Nothing starts any more; what runs is canceled and collected.
  void Stop(std::string reason) {
    stopping_ = closed_ = true;
    stop_reason_ = std::move(reason);
    TellCanceled();
    // What has ended by now has: so the plan learns what the chains have gone on to.
    std::vector<Done> canceled;
    while (std::optional<Done> done = crew_.Wait(Duration{0})) {
      if (WasCanceled(done->report.diagnostics)) {
        canceled.push_back(*std::move(done));
      } else {
        Settle(*std::move(done));
      }
    }
    for (TaskId task : plan_.Cancel().skipped) Skip(task);
    for (Done& done : canceled) Settle(std::move(done));
    crew_.CancelRunning();
  }

  const ExecuteRequest& request_;
  scheduler::Plan& plan_;
  const int total_;
  std::atomic<int> numbered_ = 0;
  std::vector<int> index_;            // by task; 0: none yet
  std::vector<Obstacle> obstacles_;   // by task
  std::deque<NodeReport> ephemeral_;  // that failed or were skipped
  bool stopping_ = false;
  std::atomic<bool> closed_ = false;  // no node starts any more; set by whoever knows first
  std::string stop_reason_;
  RunResults results_;
  std::mutex last_mutex_;
  std::map<std::string, const Node*> last_;  // by worker; guarded by last_mutex_
  Crew<Done> crew_;                          // last: its threads are gone before what they use
};

}  // namespace

int CountNodes(const NodePlan& plan) {
  return plan.left_out + static_cast<int>(std::ranges::count(plan.nodes, false, &PlannedNode::ephemeral));
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
